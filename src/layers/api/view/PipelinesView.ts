import * as Schema from "effect/Schema"
import { Rates, Signal, UnixMillis } from "./Basics.ts"
import { FlowView } from "./FlowView.ts"
import { QueueView } from "./QueueView.ts"

const ComponentView = Schema.Struct({
  kind: Schema.Literals(["receiver", "processor", "exporter"]).annotate({
    description: "Its place in the pipeline; a connector is an exporter of one and a receiver of another."
  }),
  id: Schema.String,
  healthy: Schema.NullOr(Schema.Boolean).annotate({ description: "`null`: the agent does not say." }),
  status: Schema.String,
  last_error: Schema.String,
  flow: Schema.NullOr(FlowView).annotate({ description: "`null`: the agent has reported on none of the window." }),
  queue: Schema.NullOr(QueueView).annotate({ description: "`null`: there is none, or the agent does not report it." })
})

export const PipelineView = Schema.Struct({
  id: Schema.String,
  signal: Schema.NullOr(Signal).annotate({ description: "`null` for one that Weir does not know." }),
  healthy: Schema.NullOr(Schema.Boolean),
  components: Schema.Array(ComponentView)
})
export type PipelineView = typeof PipelineView.Type

export const AgentPipelines = Schema.Struct({
  instance_uid: Schema.String,
  name: Schema.String.annotate({ description: "`service.name` of its description." }),
  status: Schema.Literals(["online", "stale", "offline"]),
  pipelines: Schema.NullOr(Schema.Array(PipelineView)).annotate({ description: "`null`: it has reported no configuration." }),
  books: Schema.NullOr(
    Schema.Struct({
      reported_seconds: Schema.Finite.annotate({ description: "Seconds of the window that it has reported on." }),
      rates: Schema.Array(Rates)
    })
  ).annotate({ description: "`null`: it has reported no observations of the window." }),
  components: Schema.NullOr(
    Schema.Struct({
      at_unix_millis: UnixMillis.annotate({ description: "End of the newest report, which queues and `held` are of." }),
      reported_seconds: Schema.Finite.annotate({ description: "Seconds of the window that flows are of." })
    })
  ).annotate({ description: "What `flow` and `queue` of its components are of; `null`: it has reported nothing of them lately." }),
  unknown: Schema.Array(Schema.String).annotate({ description: "What cannot be said of it, and why." })
})
export type AgentPipelines = typeof AgentPipelines.Type

export const PipelinesView = Schema.Struct({
  window: Schema.Struct({ from_unix_millis: UnixMillis, to_unix_millis: UnixMillis }),
  agents: Schema.Array(AgentPipelines)
})
export type PipelinesView = typeof PipelinesView.Type
