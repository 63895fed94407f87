import * as Schema from "effect/Schema"
import { Rates, Signal, UnixMillis } from "./Basics.ts"
import { QueueView } from "./QueueView.ts"

/**
 * How things stand, in one word:
 *
 * - `degraded`: data was lost in the last ten seconds, an agent failed with its configuration, is silent, or went away within ten minutes;
 * - `needs_you`: something waits for a person: a proposal, a rollout without a verdict, a pause;
 * - `acting`: a change is being tried or promoted;
 * - `watching`: a finding is open, or a promoted change is in force until it expires;
 * - `calm`: none of these.
 *
 * The first that holds, in this order.
 */
export const Condition = Schema.Literals(["degraded", "needs_you", "acting", "watching", "calm"])
export type Condition = typeof Condition.Type

export const OverviewView = Schema.Struct({
  at_unix_millis: UnixMillis,
  state: Condition.annotate({ description: "How things stand, in one word; the first of these that holds." }),
  reason: Schema.String.annotate({ description: "Why it is that word." }),
  paused: Schema.Boolean.annotate({ description: "Whether a person has stopped the loop." }),
  agents: Schema.Struct({
    total: Schema.Int,
    online: Schema.Int,
    stale: Schema.Int,
    offline: Schema.Int,
    failed: Schema.Int.annotate({ description: "Agents that could not run what they were offered." }),
    reporting: Schema.Int.annotate({ description: "Agents whose observations are in the rates." })
  }),
  findings: Schema.Struct({ open: Schema.Int }),
  rollouts: Schema.Struct({
    proposed: Schema.Int.annotate({ description: "Waiting for approval." }),
    running: Schema.Int.annotate({ description: "Being applied, observed or promoted." }),
    held: Schema.Int.annotate({ description: "Without a verdict, waiting for a decision." }),
    promoted: Schema.Int.annotate({ description: "In force." })
  }),
  window: Schema.Struct({ from_unix_millis: UnixMillis, to_unix_millis: UnixMillis }).annotate({
    description: "What the rates are of: the last ten seconds that agents have had time to report."
  }),
  rates: Schema.Array(Rates),
  queues: Schema.Array(
    Schema.Struct({ instance_uid: Schema.String, exporter: Schema.String, signal: Signal, ...QueueView.fields })
  ).annotate({ description: "The ten fullest queues of all agents, of those that hold something." })
})
export type OverviewView = typeof OverviewView.Type
