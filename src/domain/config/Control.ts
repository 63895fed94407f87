import * as Schema from "effect/Schema"
import { Duration, field, ListenAddress, optional, section } from "./Fields.ts"

const Token = Schema.Struct({
  token: Schema.String.check(
    Schema.makeFilter((text) => /^[\x21-\x7e]{1,512}$/.test(text) || "1 to 512 visible ASCII characters")
  ).annotate({ description: "What is sent as `Authorization: Bearer <token>`; make it long and random where others can reach the port." })
})

/** The section `control:`, which only `weir control` reads. */
export const Control = Schema.Struct({
  opamp: section(
    Schema.Struct({
      endpoint: field(ListenAddress, "127.0.0.1:4320", "Where agents connect, over WebSocket or HTTP, at the path /v1/opamp."),
      max_message_bytes: field(
        Schema.Int.check(Schema.isGreaterThanOrEqualTo(1024)),
        67_108_864,
        "Largest message, in bytes, also after inflation."
      )
    }),
    "The OpAMP server."
  ),
  api: section(
    Schema.Struct({ endpoint: field(ListenAddress, "127.0.0.1:4319", "Where the API and the console are served.") }),
    "The API and the console."
  ),
  otlp: section(
    Schema.Struct({
      endpoint: field(
        ListenAddress,
        "127.0.0.1:4321",
        "Where agents, and collectors with `span_metrics`, send observations: OTLP over HTTP."
      )
    }),
    "The receiver of observations."
  ),
  metrics: section(
    Schema.Struct({ endpoint: field(ListenAddress, "127.0.0.1:8889", "Where the control plane's own metrics are served, at /metrics.") }),
    "The control plane's own metrics."
  ),
  health: section(
    Schema.Struct({ endpoint: field(ListenAddress, "127.0.0.1:13134", "Where probes are answered.") }),
    "The control plane's health."
  ),
  storage: section(
    Schema.Struct({
      directory: field(Schema.String, "./weir-data/control", "Where the fleet, the loop's state and the journal are kept.")
    }),
    "What survives a restart."
  ),
  auth: section(
    Schema.Struct({
      agents: field(Schema.Array(Token), [], "Tokens of agents; without any, agents may connect on a loopback address only."),
      api: field(Schema.Array(Token), [], "Tokens of API clients; without any, the API is served on a loopback address only.")
    }),
    "Who may connect."
  ),
  observations: section(
    Schema.Struct({
      endpoint: optional(
        Schema.String,
        "OTLP/HTTP URL of metrics that agents are told to send observations to; by default that of this control plane's own OTLP receiver."
      )
    }),
    "Where agents send what they see."
  ),
  loop: section(
    Schema.Struct({
      apply_timeout: field(Duration, "2m", "Time for agents to report APPLIED after an offer."),
      gone_timeout: field(Duration, "30s", "How long a canary agent may be away before its change is taken back."),
      look_interval: field(Duration, "10s", "How often guardrails are looked at while a change is observed.")
    }),
    "Times of the loop that are no rule's business."
  )
})

export type ControlSettings = typeof Control.Type

export const noControl: ControlSettings = Schema.decodeSync(Control)({})
