import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Count, field } from "../../../domain/config/Fields.ts"
import { Sampler } from "../../../domain/sampling/Sampler.ts"
import { smallestProbability } from "../../../domain/sampling/Threshold.ts"
import type { Signal } from "../../../domain/Signal.ts"
import { processor } from "../../graph/Component.ts"
import { editChunks } from "./EditChunks.ts"
import { LogSampling } from "./LogSampling.ts"
import { SpanSampling } from "./SpanSampling.ts"

const Percentage = Schema.Finite.check(
  Schema.makeFilter((value: number) => value === 0 || value / 100 >= smallestProbability || "0 or a percentage of at least 1.4e-15")
)

const Config = Schema.Struct({
  sampling_percentage: field(Percentage, 0, "Share of items to keep; 100 and more keeps all, 0 none."),
  mode: field(
    Schema.Literals(["", "hash_seed", "proportional", "equalizing"]),
    "",
    "How to decide; `proportional` and `equalizing` are consistent along a trace. Empty is `hash_seed`."
  ),
  hash_seed: field(Count, 0, "Seed of `hash_seed`; layers that sample one after the other need different ones."),
  fail_closed: field(Schema.Boolean, true, "Drop items without randomness or with unreadable sampling data; else keep them."),
  sampling_precision: field(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 14 })),
    4,
    "Significant hexadecimal digits of a threshold."
  ),
  attribute_source: field(Schema.Literals(["traceID", "record"]), "traceID", "Logs: what `hash_seed` hashes first."),
  from_attribute: field(Schema.String, "", "Logs: attribute that `hash_seed` hashes where there is no trace ID, or with source `record`."),
  sampling_priority: field(Schema.String, "", "Logs: attribute that holds a percentage for its own record.")
})

type Config = typeof Config.Type

const samplingOf = (config: Config, signal: Signal): SpanSampling | LogSampling => {
  const mode = config.mode === "" ? "hash_seed" : config.mode
  const precision = config.sampling_precision
  const sampler = new Sampler({ mode, percentage: config.sampling_percentage, precision, failClosed: config.fail_closed })
  const hashSeed = mode === "hash_seed" ? config.hash_seed : undefined
  if (signal === "traces") return new SpanSampling(sampler, hashSeed)
  return new LogSampling({
    sampler,
    precision,
    hashSeed,
    usesTraceId: config.attribute_source === "traceID",
    fromAttribute: config.from_attribute,
    priorityAttribute: config.sampling_priority
  })
}

/**
 * Keeps a share of spans or log records, and writes into each one with what probability it was kept (`ot=th` in the tracestate of spans,
 * `sampling.threshold` on log records), so that whoever counts them can extrapolate.
 *
 * Reads batches, emits them with fewer items (`sampled`); what stays unchanged is not copied. **Full**: never, it holds nothing.
 * **Fails**: bytes that do not read as OTLP turn the request away; single items that cannot be decided on go by `fail_closed`.
 * **Closes**: nothing to do.
 */
export const probabilisticSampler = processor<Config>({
  type: "probabilistic_sampler",
  description: "Keeps a share of spans or log records, consistently along a trace.",
  signals: ["traces", "logs"],
  config: Config,
  make: (config, context) =>
    Effect.sync(() => {
      const sampling = samplingOf(config, context.signal)
      return {
        _tag: "Pure",
        process: (batch) => editChunks(batch, sampling.view, sampling.edits, sampling.edit),
        drops: "sampled"
      } as const
    })
})
