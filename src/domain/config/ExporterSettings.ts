import * as Schema from "effect/Schema"
import { Count, Duration, field, optional, Positive, section } from "./Fields.ts"
import { unsupported } from "./Unsupported.ts"

/** `timeout`, `retry_on_failure` and `sending_queue`: what the collector's exporterhelper gives every exporter, with its defaults. */
export const RetryOnFailure = Schema.Struct({
  enabled: field(Schema.Boolean, true, "Try again after a failure that may pass."),
  initial_interval: field(Duration, "5s", "Wait before the first retry."),
  multiplier: field(Schema.Finite.check(Schema.isGreaterThanOrEqualTo(1)), 1.5, "Growth of the wait from retry to retry."),
  randomization_factor: field(
    Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })),
    0.5,
    "Jitter: each wait is drawn from interval ± this share."
  ),
  max_interval: field(Duration, "30s", "Longest wait between retries."),
  max_elapsed_time: field(Duration, "300s", "Give up and drop (`retry_exhausted`) after this long; 0s never gives up.")
})

export const SendingQueueBatch = Schema.Struct({
  flush_timeout: field(Duration, "200ms", "Send after this long even if `min_size` is not reached."),
  min_size: field(Count, 8192, "Wait for at least this much (in units of `sizer`)."),
  max_size: field(Count, 0, "Never send more than this at once (in units of `sizer`); 0 is no limit."),
  sizer: field(Schema.Literals(["items", "bytes"]), "items", "Unit of `min_size` and `max_size`.")
})

export const SendingQueue = Schema.Struct({
  enabled: field(Schema.Boolean, true, "Off: the sender is answered when the backend has answered."),
  num_consumers: field(Positive, 10, "Requests under way at once, at most."),
  queue_size: field(Positive, 1000, "Capacity, in units of `sizer`."),
  sizer: field(Schema.Literals(["requests", "items", "bytes"]), "requests", "Unit of `queue_size`."),
  max_bytes: field(Positive, 50_331_648, "Capacity in bytes as well, whatever the sizer: memory is what runs out."),
  block_on_overflow: field(Schema.Boolean, false, "When full, let the sender wait instead of refusing."),
  wait_for_result: field(Schema.Boolean, false, "Answer the sender only when the backend has answered."),
  storage: unsupported(
    "there are no storage extensions (`file_storage` is not available), queues are in memory and lost if the process is killed; remove it, or set `wait_for_result: true` to let the sender keep what is not delivered"
  ),
  batch: optional(SendingQueueBatch, "Wait for more before sending. Without it, a free sender takes what is waiting.")
})

export const ExporterSettings = Schema.Struct({
  timeout: field(Duration, "5s", "Time limit of one attempt."),
  retry_on_failure: section(RetryOnFailure, "Repeating of failed attempts."),
  sending_queue: section(SendingQueue, "The queue between the pipelines and the backend.")
})

export type ExporterSettings = typeof ExporterSettings.Type
