import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import type { AgentToServer } from "../../domain/opamp/AgentToServer.ts"
import type { TelemetryConnectionSettings } from "../../domain/opamp/ConnectionSettings.ts"
import { decode } from "../../domain/opamp/Decode.ts"
import { encode } from "../../domain/opamp/Encode.ts"
import { MalformedMessage } from "../../domain/opamp/MalformedMessage.ts"
import type { Init } from "../../domain/opamp/MessageType.ts"
import { AgentConfigMap } from "../../domain/opamp/RemoteConfig.ts"
import type { ServerToAgent } from "../../domain/opamp/ServerToAgent.ts"
import type { AgentConnection } from "./AgentConnection.ts"
import { desiredConfig, fromRecord, toRecord } from "./AgentRecord.ts"
import type { AgentSnapshot } from "./AgentSnapshot.ts"
import type { AgentState, DesiredConfig } from "./AgentState.ts"
import type { FleetEvent } from "./FleetEvent.ts"
import { FleetStore, type FleetStoreError } from "./FleetStore.ts"
import { Roster } from "./Roster.ts"

export class FleetError extends Schema.TaggedError<FleetError>()("FleetError", {
  reason: Schema.Literals(["unknown_agent", "config_too_large", "config_invalid"]),
  instanceUid: Schema.String,
  message: Schema.String
}) {}

export interface FleetOptions {
  /** How many agents are known at most, offline ones included; default 10000. */
  readonly maxAgents: number
  /** How large a description, a health tree or an effective configuration may be to be kept; default 256 KiB each. */
  readonly maxKeptBytes: number
  /** How large a desired configuration may be; default 16 MiB. */
  readonly maxConfigBytes: number
  /** The interval that agents are told to report at, in seconds; left to them (30 s) by default. */
  readonly heartbeatSeconds: number | undefined
}

export const fleetDefaults: FleetOptions = {
  maxAgents: 10_000,
  maxKeptBytes: 256 << 10,
  maxConfigBytes: 16 << 20,
  heartbeatSeconds: undefined
}

/** How many events wait for a subscriber. */
const maxEvents = 4096
/** How often silence is looked for, and what agents have reported is saved. */
const tickInterval = "1 second"

/**
 * All agents of a control plane: what they are, what they should run, how that goes.
 *
 * Transports hand in messages (`receive`) and ends of connections (`lost`); both are synchronous. **Full**: see `Roster`; a subscriber that
 * lags by more than 4096 events loses the oldest, so whoever must not miss one looks at `agents` too. **Fails**: a store that fails makes
 * `setDesired` and `retry` fail with nothing changed; what agents report is saved every second, until it succeeds (a crash loses the last
 * second of it, and the agents are asked for it again). **Closes**: what is unsaved is saved.
 */
export class Fleet extends Context.Service<
  Fleet,
  {
    readonly agents: () => ReadonlyArray<AgentSnapshot>
    /** By canonical uid. */
    readonly agent: (instanceUid: string) => AgentSnapshot | undefined
    /** What happens from now on. */
    readonly changes: Stream.Stream<FleetEvent>
    /** The same with the subscription in hand: what happens afterwards is in it. */
    readonly subscribe: Effect.Effect<PubSub.Subscription<FleetEvent>, never, Scope.Scope>
    /**
     * What the agent should run on top of its own file, saved before it is offered; `undefined` leaves the agent alone (it keeps what it
     * runs). Gives the hash that the agent will report, in hexadecimal.
     */
    readonly setDesired: (
      instanceUid: string,
      config: Init<AgentConfigMap> | undefined
    ) => Effect.Effect<string | undefined, FleetError | FleetStoreError>
    /** Forgets that the agent has failed with its desired configuration, so that it is offered again. */
    readonly retry: (instanceUid: string) => Effect.Effect<void, FleetError | FleetStoreError>
    /** Where agents that can should send their own metrics. Agents are told once, and when it changes. */
    readonly setOwnMetrics: (settings: Init<TelemetryConnectionSettings> | undefined) => Effect.Effect<void>
    /** A message of an agent and the reply to it; `connection` is `undefined` for a poll over HTTP. */
    readonly receive: (connection: AgentConnection | undefined, message: AgentToServer) => Init<ServerToAgent>
    readonly lost: (connection: AgentConnection) => void
  }
>()("weir/control/fleet/Fleet") {
  static readonly layer = (options?: Partial<FleetOptions>): Layer.Layer<Fleet, FleetStoreError, FleetStore> =>
    Layer.effect(Fleet, make({ ...fleetDefaults, ...options }))
}

const make = Effect.fnUntraced(function* (options: FleetOptions) {
  const clock = yield* Effect.clockWith(Effect.succeed)
  const runSync = Effect.runSyncWith(yield* Effect.context<never>())
  const now = () => clock.currentTimeMillisUnsafe()
  const store = yield* FleetStore
  const events = yield* Effect.acquireRelease(PubSub.sliding<FleetEvent>(maxEvents), PubSub.shutdown)
  const unsaved = new Set<string>()
  const roster = new Roster(
    {
      ...options,
      emit: (event) => runSync(PubSub.publish(events, event)),
      changed: (instanceUid) => unsaved.add(instanceUid)
    },
    { ownMetrics: undefined, heartbeatSeconds: options.heartbeatSeconds },
    yield* restore(store)
  )

  // One save at a time, each of what is true then: an older record never overwrites a newer one.
  const oneAtATime = Semaphore.withPermits(yield* Semaphore.make(1), 1)

  const saveOne = (instanceUid: string): Effect.Effect<void, FleetStoreError> =>
    Effect.suspend(() => {
      unsaved.delete(instanceUid)
      const state = roster.state(instanceUid)
      return state === undefined ? store.remove(instanceUid) : store.save(toRecord(state))
    }).pipe(
      Effect.tapError(() => Effect.sync(() => unsaved.add(instanceUid))),
      oneAtATime,
      Effect.uninterruptible
    )
  const saveAll = Effect.suspend(() => Effect.forEach([...unsaved], saveOne, { discard: true })).pipe(
    Effect.catch((error) => Effect.logWarning(`fleet: ${error.operation} failed and will be tried again: ${error.message}`))
  )

  const change = Effect.fnUntraced(
    function* (instanceUid: string, edit: (state: AgentState) => AgentState) {
      const unknown = new FleetError({ reason: "unknown_agent", instanceUid, message: `no agent is known as ${instanceUid}` })
      const state = roster.state(instanceUid)
      if (state === undefined) return yield* unknown
      yield* store.save(toRecord(edit(state)))
      if (!roster.update(instanceUid, edit, now())) return yield* unknown
    },
    oneAtATime,
    Effect.uninterruptible
  )

  yield* Effect.addFinalizer(() => saveAll)
  yield* Effect.suspend(() => {
    roster.tick(now())
    return unsaved.size > 0 ? saveAll : Effect.void
  }).pipe(Effect.repeat(Schedule.spaced(tickInterval)), Effect.forkScoped)

  return Fleet.of({
    agents: () => roster.snapshots(),
    agent: (instanceUid) => roster.snapshot(instanceUid),
    changes: Stream.fromPubSub(events),
    subscribe: PubSub.subscribe(events),
    setDesired: Effect.fnUntraced(function* (instanceUid, config) {
      const desired = config === undefined ? undefined : yield* checked(instanceUid, config, options.maxConfigBytes)
      yield* change(instanceUid, (state) => ({ ...state, desired }))
      return desired?.hash
    }),
    retry: (instanceUid) =>
      change(instanceUid, (state) => ({
        ...state,
        offeredConfig: "",
        failed: state.failed.filter((hash) => hash !== state.desired?.hash)
      })),
    setOwnMetrics: (ownMetrics) => Effect.sync(() => roster.configure({ ownMetrics }, now())),
    receive: (connection, message) => roster.receive(connection, message, now()),
    lost: (connection) => roster.lost(connection)
  })
})

const restore = Effect.fnUntraced(function* (store: FleetStore["Service"]) {
  const states: Array<AgentState> = []
  for (const record of yield* store.load) {
    const state = fromRecord(record)
    if (typeof state === "string") yield* Effect.logWarning(`fleet: the stored agent ${record.instanceUid} is left out: ${state}`)
    else states.push(state)
  }
  return states
})

/** As it will be read back, so that what is desired, stored and offered is one thing. */
const checked = (instanceUid: string, config: Init<AgentConfigMap>, most: number): Effect.Effect<DesiredConfig, FleetError> =>
  Effect.suspend(() => {
    const bytes = encode(AgentConfigMap, config)
    if (bytes.length > most) {
      const message = `the configuration has ${bytes.length} bytes; expected at most ${most}`
      return Effect.fail(new FleetError({ reason: "config_too_large", instanceUid, message }))
    }
    const read = decode(AgentConfigMap, bytes)
    return read instanceof MalformedMessage
      ? Effect.fail(new FleetError({ reason: "config_invalid", instanceUid, message: read.message }))
      : Effect.succeed(desiredConfig(read))
  })
