import * as Schema from "effect/Schema"
import type { AgentSnapshot } from "../../../control/fleet/AgentSnapshot.ts"
import type { StatusReport } from "../../../control/fleet/AgentState.ts"
import { AgentCapability } from "../../../domain/opamp/Capability.ts"
import type { ComponentHealth } from "../../../domain/opamp/ComponentHealth.ts"
import type { State } from "../../../domain/loop/State.ts"
import { UnixMillis } from "./Basics.ts"

const StatusView = Schema.Struct({
  status: Schema.Literals(["UNSET", "APPLYING", "APPLIED", "FAILED"]),
  hash: Schema.String.annotate({ description: "What the status is about, in hexadecimal." }),
  message: Schema.String.annotate({ description: "The agent's, of a failure." })
})

const statusView = ({ status, hash, message }: StatusReport): typeof StatusView.Type => ({
  status: status.toUpperCase() as Uppercase<typeof status>,
  hash,
  message
})

/** An agent in a list. */
export const AgentView = Schema.Struct({
  instance_uid: Schema.String,
  status: Schema.Literals(["online", "stale", "offline"]).annotate({ description: "`stale`: three heartbeats are missing." }),
  connection: Schema.NullOr(Schema.Literals(["websocket", "http"])),
  last_seen_unix_millis: UnixMillis,
  labels: Schema.Record(Schema.String, Schema.String).annotate({
    description: "The attributes of its description: what selectors select by."
  }),
  capabilities: Schema.Array(Schema.String),
  accepts_remote_config: Schema.Boolean,
  healthy: Schema.NullOr(Schema.Boolean).annotate({ description: "`null`: it has not said." }),
  last_error: Schema.String,
  remote_config: StatusView.annotate({ description: "What it has last reported about a remote configuration." }),
  desired_hash: Schema.NullOr(Schema.String).annotate({ description: "Of what it should run; `null`: its own configuration only." }),
  revisions: Schema.Array(Schema.String).annotate({ description: "Revisions that it was offered last." })
})
export type AgentView = typeof AgentView.Type

export interface HealthView {
  readonly healthy: boolean
  readonly status: string
  readonly last_error: string
  readonly components: { readonly [name: string]: HealthView }
}
export const HealthView: Schema.Codec<HealthView> = Schema.Struct({
  healthy: Schema.Boolean,
  status: Schema.String,
  last_error: Schema.String,
  components: Schema.Record(
    Schema.String,
    Schema.suspend((): Schema.Codec<HealthView> => HealthView)
  )
}).annotate({ identifier: "Health" })

const ConfigFile = Schema.Struct({
  name: Schema.String,
  content_type: Schema.String,
  body: Schema.String.annotate({ description: "As text; what is no UTF-8 is replaced." })
})

/** All that is known of one agent. */
export const AgentDetail = Schema.Struct({
  ...AgentView.fields,
  health: Schema.NullOr(HealthView),
  effective_config: Schema.NullOr(Schema.Array(ConfigFile)).annotate({ description: "What it runs, as it says; `null`: it has not said." }),
  document: Schema.NullOr(Schema.String).annotate({ description: "What was pushed to it." }),
  failed_hashes: Schema.Array(Schema.String).annotate({
    description: "Configurations that it has failed with: they are not offered again."
  }),
  omitted: Schema.Array(Schema.String).annotate({ description: "Parts of its report that were too large to keep." })
})
export type AgentDetail = typeof AgentDetail.Type

const capabilityNames = Object.entries(AgentCapability).filter(([, bit]) => typeof bit === "number") as ReadonlyArray<
  readonly [string, number]
>

/** Whether it could not run what it should run now. */
export const hasFailed = ({ remoteConfig: { status, hash }, desiredHash }: AgentSnapshot): boolean =>
  status === "failed" && hash === desiredHash

export const agentView = (agent: AgentSnapshot, { agents }: State): AgentView => ({
  instance_uid: agent.instanceUid,
  status: agent.status,
  connection: agent.connection ?? null,
  last_seen_unix_millis: agent.lastSeenUnixMillis,
  labels: Object.fromEntries(agent.attributes),
  capabilities: capabilityNames.filter(([, bit]) => (agent.capabilities & bit) !== 0).map(([name]) => name),
  accepts_remote_config: (agent.capabilities & AgentCapability.AcceptsRemoteConfig) !== 0,
  healthy: agent.health?.healthy ?? null,
  last_error: agent.health?.lastError ?? "",
  remote_config: statusView(agent.remoteConfig),
  desired_hash: agent.desiredHash ?? null,
  revisions: Object.hasOwn(agents, agent.instanceUid) ? (agents[agent.instanceUid]!.offered?.revisions ?? []) : []
})

export const agentDetail = (agent: AgentSnapshot, state: State): AgentDetail => ({
  ...agentView(agent, state),
  health: agent.health === undefined ? null : healthView(agent.health),
  effective_config:
    agent.effectiveConfig === undefined
      ? null
      : [...agent.effectiveConfig.configMap].map(([name, { body, contentType }]) => ({
          name,
          content_type: contentType,
          body: new TextDecoder().decode(body)
        })),
  document: Object.hasOwn(state.agents, agent.instanceUid) ? (state.agents[agent.instanceUid]!.document ?? null) : null,
  failed_hashes: agent.failedHashes,
  omitted: agent.omitted
})

const healthView = ({ healthy, status, lastError, componentHealthMap }: ComponentHealth): HealthView => ({
  healthy,
  status,
  last_error: lastError,
  components: Object.fromEntries([...componentHealthMap].map(([name, part]) => [name, healthView(part)]))
})
