import * as Schema from "effect/Schema"
import { Duration, field, optional, section } from "../../../domain/config/Fields.ts"
import { parseUid } from "../../../domain/opamp/InstanceUid.ts"
import { TlsClient } from "../../delivery/TlsClient.ts"

/** `extensions.opamp`: the collector's keys, and what remote configuration needs besides. */

const url = (schemes: RegExp, expected: string) =>
  Schema.String.check(Schema.makeFilter((text) => (schemes.test(text) && URL.canParse(text)) || expected))

const Headers = field(
  Schema.Record(Schema.String, Schema.String),
  {},
  "Headers of every request, such as `Authorization: Bearer ${env:WEIR_TOKEN}`."
)
const Tls = optional(TlsClient, "TLS settings for `wss://` and `https://`.")

const Server = Schema.Struct({
  ws: optional(
    Schema.Struct({
      endpoint: url(/^wss?:\/\//i, 'a URL such as "ws://127.0.0.1:4320/v1/opamp"').annotate({ description: "Where the server is." }),
      headers: Headers,
      tls: Tls
    }),
    "Over a WebSocket: changes arrive at once."
  ),
  http: optional(
    Schema.Struct({
      endpoint: url(/^https?:\/\//i, 'a URL such as "http://127.0.0.1:4320/v1/opamp"').annotate({ description: "Where the server is." }),
      headers: Headers,
      tls: Tls,
      polling_interval: field(
        Duration.check(Schema.makeFilter((millis) => millis >= 100 || "at least 100ms")),
        "30s",
        "Time between requests; the server may ask for another."
      )
    }),
    "By polling over HTTP."
  )
}).check(Schema.makeFilter(({ ws, http }) => (ws === undefined) !== (http === undefined) || "exactly one of ws and http"))

const withoutEffect = (why: string) => optional(Schema.Boolean, `Accepted, without effect: ${why}.`)

const Capabilities = Schema.Struct({
  accepts_remote_config: field(Schema.Boolean, false, "Weir's own: run what the server sends, over the own files."),
  reports_effective_config: field(Schema.Boolean, true, "Tell the server what runs, secrets replaced."),
  reports_remote_config: field(Schema.Boolean, true, "Weir's own: tell the server what became of what it sent."),
  reports_health: field(Schema.Boolean, true, "Tell the server how pipelines and components are."),
  reports_heartbeat: field(Schema.Boolean, true, "Weir's own: let the server say how often to report."),
  reports_available_components: field(Schema.Boolean, true, "Tell the server which types of components there are."),
  reports_own_metrics: field(Schema.Boolean, true, "Weir's own: send observations to where the server says."),
  reports_status: withoutEffect("every agent reports its status"),
  reports_own_traces: withoutEffect("there are none"),
  reports_own_logs: withoutEffect("there are none"),
  reports_package_statuses: withoutEffect("there are no packages"),
  reports_connection_settings_status: withoutEffect("settings are taken as they come"),
  accepts_packages: withoutEffect("there are no packages"),
  accepts_restart_command: withoutEffect("a restart is for whoever runs the process"),
  accepts_opamp_connection_settings: withoutEffect("the server is that of this file"),
  accepts_other_connection_settings: withoutEffect("there are none")
})

const Description = Schema.Struct({
  non_identifying_attributes: field(
    Schema.Record(Schema.String, Schema.String),
    {},
    "Labels of this agent, by which the server may choose it (`ring: canary`)."
  ),
  include_resource_attributes: optional(Schema.Boolean, "Accepted, without effect.")
})

const Storage = Schema.Struct({
  directory: optional(
    Schema.String,
    "Where the agent keeps its identity and the last remote configuration that worked; without it, nowhere."
  )
})

const RemoteExpansion = Schema.Struct({
  env: field(Schema.Array(Schema.String), [], "Environment variables that `${env:NAME}` in remote configuration may read."),
  files: field(Schema.Array(Schema.String), [], "Files that `${file:path}` in remote configuration may read.")
})

export const OpampConfig = Schema.Struct({
  server: Server.annotate({ description: "The control plane." }),
  instance_uid: optional(
    Schema.String.check(Schema.makeFilter((text) => parseUid(text) !== undefined || "a UUID")),
    "Identity of this agent, a UUID; without it one is made, and kept in `storage`."
  ),
  capabilities: section(Capabilities, "What the agent tells and takes."),
  agent_description: section(Description, "What the agent tells about itself."),
  storage: section(Storage, "Weir's own: what survives a restart."),
  remote_expansion: section(RemoteExpansion, "Weir's own: what remote configuration may look up on this machine. Nothing, by default."),
  ppid: optional(Schema.Unknown, "Accepted, without effect."),
  ppid_poll_interval: optional(Schema.Unknown, "Accepted, without effect.")
})

export type OpampConfig = typeof OpampConfig.Type
