import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { AgentRecord } from "../../control/fleet/AgentRecord.ts"
import { FleetStore, FleetStoreError } from "../../control/fleet/FleetStore.ts"
import { Database, messageOf, rows } from "./Database.ts"

interface Row {
  readonly uid: string
  readonly last_seen: number
  readonly capabilities: number
  readonly description: Uint8Array | null
  readonly remote_config_status: Uint8Array | null
  readonly desired: Uint8Array | null
  readonly failed_hashes: string
}

/** The fleet's records in the table `agent`. */
export const layer: Layer.Layer<FleetStore, never, Database> = Layer.effect(
  FleetStore,
  Effect.map(Database, ({ sqlite }) => {
    const all = sqlite.prepare("select * from agent order by uid")
    const put = sqlite.prepare("insert or replace into agent values (?, ?, ?, ?, ?, ?, ?)")
    const drop = sqlite.prepare("delete from agent where uid = ?")
    const attempt = <A>(operation: FleetStoreError["operation"], run: () => A) =>
      Effect.try({ try: run, catch: (cause) => new FleetStoreError({ operation, message: messageOf(cause) }) })
    return {
      load: attempt("load", () => rows<Row>(all).map(toRecord)),
      save: (record) =>
        attempt("save", () => {
          put.run(
            record.instanceUid,
            record.lastSeenUnixMillis,
            record.capabilities,
            record.description ?? null,
            record.remoteConfigStatus ?? null,
            record.desired ?? null,
            JSON.stringify(record.failedHashes)
          )
        }),
      remove: (instanceUid) => attempt("remove", () => void drop.run(instanceUid))
    }
  })
)

const toRecord = (row: Row): AgentRecord => ({
  instanceUid: row.uid,
  lastSeenUnixMillis: row.last_seen,
  capabilities: row.capabilities,
  description: row.description ?? undefined,
  remoteConfigStatus: row.remote_config_status ?? undefined,
  desired: row.desired ?? undefined,
  failedHashes: JSON.parse(row.failed_hashes) as ReadonlyArray<string>
})
