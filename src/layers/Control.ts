import { randomUUID } from "node:crypto"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ComponentStore } from "../control/evidence/ComponentStore.ts"
import { ObservationStore } from "../control/evidence/ObservationStore.ts"
import { Fleet } from "../control/fleet/Fleet.ts"
import type { FleetStoreError } from "../control/fleet/FleetStore.ts"
import { Loop } from "../control/loop/Loop.ts"
import { LoopStore, type LoopStoreError } from "../control/loop/LoopStore.ts"
import type { ControlSettings } from "../domain/config/Control.ts"
import { defaultLimits } from "../domain/loop/State.ts"
import { ApiServer, type ApiServerError } from "./api/ApiServer.ts"
import { OpampServer, type OpampServerError } from "./actuation/opamp/OpampServer.ts"
import type { Beginning } from "./Beginning.ts"
import { Database, type DatabaseError } from "./decision/Database.ts"
import * as Console from "./console/Console.ts"
import * as EvidenceOfBooks from "./decision/EvidenceOfBooks.ts"
import * as SqliteDetectionStore from "./decision/SqliteDetectionStore.ts"
import * as SqliteFleetStore from "./decision/SqliteFleetStore.ts"
import * as SqliteLoopStore from "./decision/SqliteLoopStore.ts"
import * as SqliteObservations from "./decision/SqliteObservations.ts"
import { watchingOf } from "./analysis/detectors/Watching.ts"
import { Watchers } from "./decision/Watchers.ts"
import { Gateway } from "./Gateway.ts"
import { parseEndpoint } from "./graph/Endpoint.ts"
import type { SwapError } from "./graph/SwapError.ts"

export type ControlError = ApiServerError | DatabaseError | FleetStoreError | LoopStoreError | OpampServerError | SwapError

/** What a running control plane is made of. `Gateway` is the graph that its observations come through. */
export type ControlServices = ApiServer | Gateway | Fleet | Loop | LoopStore | OpampServer | Watchers

/**
 * A control plane. Read from top to bottom it is the order in which it comes up, and from bottom to top the one in which it goes down:
 * streams and the API end, nobody is told anything any more, agents are sent Close, observations end, the loop stands still, what is unsaved is saved.
 */
export const layer = (beginning: Beginning): Layer.Layer<ControlServices, ControlError, ObservationStore | ComponentStore> => {
  const { control, weir } = beginning.checked
  const stores = Layer.mergeAll(SqliteFleetStore.layer, SqliteLoopStore.layer, SqliteDetectionStore.layer, SqliteObservations.layer).pipe(
    Layer.provide(Database.layer(control.storage.directory))
  )
  const loop = Loop.layer({ rules: weir.rules, limits: limitsOf(control), salt: randomUUID() })
  const api = ApiServer.layer(
    { endpoint: listenOn(control.api.endpoint), tokens: control.auth.api.map(({ token }) => token) },
    Console.routes
  )
  return api.pipe(
    Layer.provideMerge(Layer.merge(Watchers.layer(watchingOf(beginning.checked)), Layer.effectDiscard(takeObservations(control)))),
    Layer.provideMerge(OpampServer.layer(opampOptions(control))),
    Layer.provideMerge(Gateway.layer(beginning.checked, beginning)),
    Layer.provideMerge(loop),
    Layer.provide(EvidenceOfBooks.layer),
    Layer.provideMerge(Fleet.layer()),
    Layer.provideMerge(stores)
  )
}

const limitsOf = ({ loop }: ControlSettings) => ({
  ...defaultLimits,
  applyMillis: loop.apply_timeout,
  goneMillis: loop.gone_timeout,
  lookMillis: loop.look_interval
})

const opampOptions = ({ opamp, auth }: ControlSettings) => ({
  endpoint: listenOn(opamp.endpoint),
  tokens: auth.agents.map(({ token }) => token),
  maxMessageBytes: opamp.max_message_bytes
})

/** Without a host: on every address. */
const listenOn = (address: string) => {
  const { host = "::", port } = parseEndpoint(address)!
  return { host, port }
}

/** Agents are told to send their observations to the receiver of this control plane, or to where the configuration says. */
const takeObservations = ({ observations }: ControlSettings): Effect.Effect<void, never, Fleet | Gateway> =>
  Effect.gen(function* () {
    const fleet = yield* Fleet
    const gateway = yield* Gateway
    const receiver = gateway.addresses().find(({ protocol }) => protocol === "http")
    const destinationEndpoint = observations.endpoint ?? (receiver === undefined ? undefined : `http://${receiver.address}/v1/metrics`)
    if (destinationEndpoint === undefined) return
    if (observations.endpoint === undefined && isEverywhere(receiver!.address))
      yield* Effect.logWarning(
        `agents are told to send observations to ${destinationEndpoint}, which only those on this machine reach; control.observations.endpoint names another`
      )
    yield* fleet.setOwnMetrics({ destinationEndpoint })
  })

const isEverywhere = (address: string): boolean => /^(0\.0\.0\.0|\[?::\]?):\d+$/.test(address)

/** What runs, for those who print or steer it. */
export const running = (context: Context.Context<ControlServices>) => ({
  api: Context.get(context, ApiServer),
  gateway: Context.get(context, Gateway),
  loop: Context.get(context, Loop),
  opamp: Context.get(context, OpampServer),
  watchers: Context.get(context, Watchers),
  takeObservations: (control: ControlSettings) => Effect.provide(takeObservations(control), context)
})
