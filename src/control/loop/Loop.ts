import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { configFor } from "../../domain/loop/AgentConfig.ts"
import { decide } from "../../domain/loop/Decider.ts"
import type { Effect as LoopEffect, Outcome } from "../../domain/loop/Effect.ts"
import type { Command, Event, Happening } from "../../domain/loop/Event.ts"
import type { FindingEvent } from "../../domain/loop/Finding.ts"
import type { Rules } from "../../domain/loop/Rule.ts"
import { initialState, type Limits, type State } from "../../domain/loop/State.ts"
import type { AgentSnapshot } from "../fleet/AgentSnapshot.ts"
import { Fleet } from "../fleet/Fleet.ts"
import type { FleetEvent } from "../fleet/FleetEvent.ts"
import { agentChanged, statusOf } from "./AgentEvents.ts"
import { Evidence } from "./Evidence.ts"
import { type JournalRecord, LoopStore, type LoopStoreError } from "./LoopStore.ts"

export interface LoopOptions {
  readonly rules: Rules
  readonly limits?: Limits
  /** Mixed into assignments of a state that is made anew. */
  readonly salt: string
}

type Told = Happening | FindingEvent | Command
type Offer = Extract<LoopEffect, { readonly _tag: "Offer" }>

/** How many happenings wait at most; whoever brings more waits. */
const maxWaiting = 10_000
/** How many journal records wait for a subscriber; a slow one loses the oldest. */
const maxRecords = 4096
const tickInterval = "1 second"
/** After a store that failed. */
const retryMillis = 1000

/**
 * The loop at work: brings what happens before the decider, one event after the other, and carries out what it wants.
 *
 * What is decided is committed, state and journal together, before anything is done about it; so a restart at any moment goes on from
 * where it stood, and does again what it may not have done (offers and requests for evidence can be repeated). **Full**: see `maxWaiting`.
 * **Fails**: a store that fails stops the loop until it works again, so nothing is done that nobody will remember; agents keep what they
 * have, and take expired patches out by themselves. **Closes**: nothing to do.
 */
export class Loop extends Context.Service<
  Loop,
  {
    readonly state: () => State
    readonly tell: (event: Happening | FindingEvent) => Effect.Effect<void>
    /** What became of it. */
    readonly command: (command: Command) => Effect.Effect<Outcome>
    /** Journal records from now on. */
    readonly subscribe: Effect.Effect<PubSub.Subscription<JournalRecord>, never, Scope.Scope>
  }
>()("weir/control/loop/Loop") {
  static readonly layer = (options: LoopOptions): Layer.Layer<Loop, LoopStoreError, Fleet | LoopStore | Evidence> =>
    Layer.effect(Loop, make(options))
}

const make = (options: LoopOptions) =>
  Effect.gen(function* () {
    const fleet = yield* Fleet
    const store = yield* LoopStore
    const evidence = yield* Evidence
    const scope = yield* Effect.scope
    const events = yield* Queue.bounded<Told>(maxWaiting)
    const records = yield* Effect.acquireRelease(PubSub.sliding<JournalRecord>(maxRecords), PubSub.shutdown)
    const answers = new Map<string, Deferred.Deferred<Outcome>>()
    const hashes = new OfferedRevisions()
    const stored = yield* store.load
    let state =
      stored === undefined
        ? initialState(options.salt, options.limits)
        : { ...stored, limits: options.limits ?? stored.limits, agents: unoffered(stored.agents) }

    /** Of offers that could not be made, the latest of each agent: they are made with the next tick. */
    const unmade = new Map<string, Offer>()
    const offer = (wanted: Offer): Effect.Effect<void> =>
      Effect.gen(function* () {
        unmade.delete(wanted.uid)
        const files = configFor(wanted.document, wanted.revisions)
        const configMap = new Map(
          files.map(({ name, body, contentType }) => [name, { body: new TextEncoder().encode(body), contentType, role: "" }])
        )
        const hash = yield* fleet.setDesired(wanted.uid, { configMap })
        if (hash !== undefined)
          hashes.add(
            wanted.uid,
            hash,
            wanted.revisions.map(({ revision }) => revision.id)
          )
        // An agent may have run it before: then it has nothing new to report.
        const agent = fleet.agent(wanted.uid)
        if (agent !== undefined && agent.remoteConfig.hash === hash) yield* tellStatus(agent)
      }).pipe(
        Effect.catchTag("FleetError", ({ message }) => Effect.logWarning(`an offer cannot be made: ${message}`)),
        Effect.catchTag("FleetStoreError", ({ message }) =>
          Effect.andThen(
            Effect.sync(() => unmade.set(wanted.uid, wanted)),
            Effect.logError(`an offer cannot be saved and will be tried again: ${message}`)
          )
        )
      )

    const tellStatus = ({ instanceUid: uid, remoteConfig: { status, hash, message } }: AgentSnapshot) => {
      const revisions = hashes.of(uid, hash)
      const told = statusOf[status]
      return revisions === undefined || told === undefined
        ? Effect.void
        : Queue.offer(events, { _tag: "AgentStatus", uid, revisions, status: told, message })
    }

    const carryOut = (effect: LoopEffect): Effect.Effect<void> => {
      switch (effect._tag) {
        case "Record":
          return Effect.void
        case "Offer":
          return offer(effect)
        case "Answer":
          return Effect.sync(() => {
            const answer = answers.get(effect.command)
            answers.delete(effect.command)
            if (answer !== undefined) Deferred.doneUnsafe(answer, Effect.succeed(effect.outcome))
          })
        case "RequestEvidence":
          return evidence.of(effect).pipe(
            Effect.flatMap((units) => Queue.offer(events, { _tag: "Evidence", rollout: effect.rollout, look: effect.look, units })),
            Effect.forkIn(scope),
            Effect.asVoid
          )
      }
    }

    const step = (told: Told): Effect.Effect<void> =>
      Effect.gen(function* () {
        const at = yield* Clock.currentTimeMillis
        const [next, effects] = decide(state, { at, ...told } as Event)
        const entries = effects.flatMap((effect) => (effect._tag === "Record" ? [effect.entry] : []))
        // A tick that changes nothing but the time is not worth a write.
        if (effects.length > 0 || told._tag !== "Tick") {
          const committed = yield* store.commit(next, entries).pipe(
            Effect.tapError(({ message }) => Effect.logError(`the loop stands still, its store fails: ${message}`)),
            Effect.retry(Schedule.spaced(retryMillis)),
            Effect.orDie
          )
          yield* PubSub.publishAll(records, committed)
        }
        state = next
        // Who asked is answered when the rest is done: then the fleet knows what was decided.
        const [others, answered] = [effects.filter(({ _tag }) => _tag !== "Answer"), effects.filter(({ _tag }) => _tag === "Answer")]
        yield* Effect.forEach([...others, ...answered], carryOut, { discard: true })
      })

    const heard = (event: FleetEvent): Effect.Effect<void> => {
      if (event._tag === "Removed") return tell({ _tag: "AgentRemoved", uid: event.instanceUid })
      const agent = fleet.agent(event.instanceUid)
      if (agent === undefined) return Effect.void
      switch (event._tag) {
        case "Health":
        case "EffectiveConfig":
          return Effect.void
        case "ConfigStatus":
          return tellStatus(agent)
        case "Reassigned":
          return Effect.andThen(tell({ _tag: "AgentRemoved", uid: event.from }), tell(agentChanged(agent)))
        default:
          return tell(agentChanged(agent))
      }
    }

    const tell = (event: Told): Effect.Effect<void> => Effect.asVoid(Queue.offer(events, event))

    const changes = yield* fleet.subscribe
    yield* step({ _tag: "RulesLoaded", rules: options.rules })
    for (const agent of fleet.agents()) yield* step(agentChanged(agent))
    yield* Effect.forkScoped(Effect.forever(Effect.flatMap(Queue.take(events), step)))
    yield* Effect.forkScoped(Effect.forever(Effect.flatMap(PubSub.take(changes), heard)))
    yield* tell({ _tag: "Tick" }).pipe(
      Effect.andThen(Effect.suspend(() => Effect.forEach([...unmade.values()], offer, { discard: true }))),
      Effect.repeat(Schedule.spaced(tickInterval)),
      Effect.forkScoped
    )

    return Loop.of({
      state: () => state,
      tell,
      command: (command) =>
        Effect.gen(function* () {
          const answer = yield* Deferred.make<Outcome>()
          answers.set(command.id, answer)
          yield* tell(command)
          return yield* Deferred.await(answer)
        }),
      subscribe: PubSub.subscribe(records)
    })
  })

/** Offers that were decided before a restart may not have been made: they are decided again. */
const unoffered = (agents: State["agents"]): State["agents"] =>
  Object.fromEntries(
    Object.entries(agents).map(([uid, agent]) => [
      uid,
      agent.offered === undefined ? agent : { ...agent, offered: { ...agent.offered, hash: "" } }
    ])
  )

/** Which revisions the hash of an offer stands for, of each agent's latest offers. */
class OfferedRevisions {
  private readonly byAgent = new Map<string, Map<string, ReadonlyArray<string>>>()

  add(uid: string, hash: string, revisions: ReadonlyArray<string>): void {
    const offers = this.byAgent.get(uid) ?? new Map<string, ReadonlyArray<string>>()
    offers.delete(hash)
    offers.set(hash, revisions)
    for (const old of offers.keys()) {
      if (offers.size <= 16) break
      offers.delete(old)
    }
    this.byAgent.set(uid, offers)
  }

  of(uid: string, hash: string): ReadonlyArray<string> | undefined {
    return this.byAgent.get(uid)?.get(hash)
  }
}
