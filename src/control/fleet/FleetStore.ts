import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { AgentRecord } from "./AgentRecord.ts"

export class FleetStoreError extends Schema.TaggedError<FleetStoreError>()("FleetStoreError", {
  operation: Schema.Literals(["load", "save", "remove"]),
  message: Schema.String
}) {}

/** Where the fleet outlives the process. One writer; a save that has ended is durable. */
export class FleetStore extends Context.Service<
  FleetStore,
  {
    readonly load: Effect.Effect<ReadonlyArray<AgentRecord>, FleetStoreError>
    /** Replaces the record of its uid. */
    readonly save: (record: AgentRecord) => Effect.Effect<void, FleetStoreError>
    readonly remove: (instanceUid: string) => Effect.Effect<void, FleetStoreError>
  }
>()("weir/control/fleet/FleetStore") {
  /** Lives as long as the layer; several fleets may be built upon it one after the other. */
  static readonly layerMemory: Layer.Layer<FleetStore> = Layer.sync(FleetStore, () => {
    const records = new Map<string, AgentRecord>()
    return {
      load: Effect.sync(() => [...records.values()]),
      save: (record) => Effect.sync(() => void records.set(record.instanceUid, record)),
      remove: (instanceUid) => Effect.sync(() => void records.delete(instanceUid))
    }
  })
}
