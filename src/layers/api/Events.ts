import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { ComponentStore } from "../../control/evidence/ComponentStore.ts"
import { ObservationStore } from "../../control/evidence/ObservationStore.ts"
import { Fleet } from "../../control/fleet/Fleet.ts"
import { Loop } from "../../control/loop/Loop.ts"
import { LoopStore, type LoopStoreError } from "../../control/loop/LoopStore.ts"
import { Unavailable } from "./Errors.ts"
import { frame, recordFrame, type Topic } from "./EventFrames.ts"
import { overviewOf } from "./Overview.ts"
import { findingView } from "./view/FindingView.ts"
import { journalRecordView } from "./view/JournalView.ts"
import { rolloutView } from "./view/RolloutView.ts"
import { type Latest, type Sights, Viewer } from "./Viewer.ts"

const maxViewers = 100
/** Of the journal, kept as they are sent; older ones are read from the store. */
const keptRecords = 1000
/** So many records go out at a time. */
const maxRecords = 100

/**
 * What is streamed to viewers. Everything is serialised once for all of them, and only while there is one: the overview once a second,
 * findings and rollouts when they have changed (looked at as often), journal records as they come. **Full**: see `maxViewers`; a viewer
 * that reads slowly skips states, and reads records later. **Fails**: a store that fails delays old records. **Closes**: every stream ends
 * at once (`closeAll`), which has to happen before a server waits for its connections.
 */
export class Events extends Context.Service<
  Events,
  {
    /** A stream, until the scope closes. `after` is the last record that the viewer has; the latest unless told. */
    readonly open: (topics: ReadonlySet<Topic>, after: number | undefined) => Effect.Effect<Viewer, Unavailable, Scope.Scope>
    readonly closeAll: Effect.Effect<void>
    readonly viewers: () => number
  }
>()("weir/layers/api/Events") {
  static readonly layer: Layer.Layer<Events, LoopStoreError, ComponentStore | Fleet | Loop | LoopStore | ObservationStore> = Layer.effect(
    Events,
    Effect.suspend(() => make())
  )
}

const make = Effect.fnUntraced(function* () {
  const [fleet, loop, journal, store] = [yield* Fleet, yield* Loop, yield* LoopStore, yield* ObservationStore]
  const components = yield* ComponentStore
  const viewers = new Set<Viewer>()
  const latest = new Map<Topic, Latest>()
  const shown = new Map<Topic, unknown>()
  let isClosed = false

  const publish = (topic: Topic, data: unknown) =>
    latest.set(topic, { version: (latest.get(topic)?.version ?? 0) + 1, frame: frame(topic, JSON.stringify(data)) })
  /** The loop's state is immutable: what is the same has not changed. */
  const publishChanged = <A>(topic: Topic, state: A, view: (state: A) => unknown) => {
    if (shown.get(topic) === state) return
    shown.set(topic, state)
    publish(topic, view(state))
  }
  const look = Effect.map(Clock.currentTimeMillis, (now) => {
    const state = loop.state()
    publish("overview", overviewOf({ now, state, agents: fleet.agents(), store, components }))
    publishChanged("findings", state.findings, (findings) => Object.values(findings).map(findingView))
    publishChanged("rollouts", state.rollouts, (rollouts) => Object.values(rollouts).map(rolloutView))
  })
  const wakeAll = () => {
    for (const viewer of viewers) viewer.wake()
  }

  const changes = yield* loop.subscribe
  const [last] = yield* journal.read({ limit: 1 })
  const recent = new RecentRecords(last?.id ?? 0)
  yield* PubSub.take(changes).pipe(
    Effect.map((record) => {
      recent.add(record.id, recordFrame(journalRecordView(record)))
      wakeAll()
    }),
    Effect.forever,
    Effect.forkScoped
  )
  yield* Effect.suspend(() => (viewers.size === 0 ? Effect.void : Effect.map(look, wakeAll))).pipe(
    Effect.repeat(Schedule.spaced("1 second")),
    Effect.forkScoped
  )

  const sights: Sights = {
    latest: (topic) => latest.get(topic),
    recordsAfter: (id) => {
      const kept = recent.after(id, maxRecords)
      if (kept !== undefined) return Effect.succeed(kept)
      return journal.read({ after: id, limit: maxRecords }).pipe(
        Effect.map((records) => ({
          frames: records.map((record) => recordFrame(journalRecordView(record))),
          last: records.at(-1)?.id ?? id
        })),
        Effect.mapError(({ message }) => new Unavailable({ message: `the journal cannot be read: ${message}` }))
      )
    }
  }

  return Events.of({
    open: (topics, after) =>
      Effect.gen(function* () {
        if (isClosed) return yield* new Unavailable({ message: "the control plane is going down" })
        if (viewers.size >= maxViewers)
          return yield* new Unavailable({ message: `${maxViewers} streams are open already; close one, or come back later` })
        // Whoever comes first sees what is true now, not what was when the last one left.
        if (viewers.size === 0) yield* look
        return yield* Effect.acquireRelease(
          Effect.tap(Viewer.make(topics, Math.min(after ?? recent.last, recent.last), sights), (viewer) =>
            Effect.sync(() => viewers.add(viewer))
          ),
          (viewer) => Effect.sync(() => viewers.delete(viewer))
        )
      }),
    closeAll: Effect.sync(() => {
      isClosed = true
      for (const viewer of viewers) viewer.close()
    }),
    viewers: () => viewers.size
  })
})

/** The latest records as they are sent. Numbers rise, perhaps with gaps where a subscriber lagged: then the store has them. */
class RecentRecords {
  last: number
  private readonly records: Array<{ readonly id: number; readonly frame: Buffer }> = []
  /** Everything after it is here. */
  private floor: number

  constructor(last: number) {
    this.last = last
    this.floor = last
  }

  add(id: number, bytes: Buffer): void {
    if (id !== this.last + 1) {
      this.records.length = 0
      this.floor = id - 1
    }
    this.records.push({ id, frame: bytes })
    this.last = id
    if (this.records.length > keptRecords) this.floor = this.records.shift()!.id
  }

  /** `undefined`: not all of them are here. */
  after(id: number, limit: number): { readonly frames: ReadonlyArray<Buffer>; readonly last: number } | undefined {
    if (id < this.floor) return undefined
    const found = this.records.slice(Math.max(0, id - this.floor)).slice(0, limit)
    return { frames: found.map((record) => record.frame), last: found.at(-1)?.id ?? id }
  }
}
