import { totalmem } from "node:os"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Count, Duration, field } from "../../../domain/config/Fields.ts"
import { GrpcCode } from "../../../domain/GrpcCode.ts"
import { Refusal } from "../../../domain/Refusal.ts"
import { signals } from "../../../domain/Signal.ts"
import { slabs } from "../../../domain/SlabPool.ts"
import { processor } from "../../graph/Component.ts"
import { ComponentError } from "../../graph/ComponentError.ts"

const Percentage = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 100 }))

const Config = Schema.Struct({
  check_interval: field(Duration, "1s", "Accepted, without effect: bytes are counted as they come and go, not measured now and then."),
  limit_mib: field(Count, 0, "Memory for requests in flight, in MiB; 0 takes `limit_percentage`."),
  spike_limit_mib: field(Count, 0, "Refusing begins this much below the limit; 0 is a fifth of it."),
  limit_percentage: field(Percentage, 0, "The same as a share of the memory that the process may use."),
  spike_limit_percentage: field(Percentage, 0, "The same as a share of the memory that the process may use; 0 is a fifth of the limit."),
  min_gc_interval_when_soft_limited: field(Duration, "10s", "Accepted, without effect: body memory is freed when a request is settled."),
  min_gc_interval_when_hard_limited: field(Duration, "0s", "Accepted, without effect: body memory is freed when a request is settled.")
})

type Config = typeof Config.Type

const mebibyte = 1024 * 1024

/** Bytes above which requests are refused, or the setting that is wrong and what was expected. */
export const softLimit = (
  config: Config,
  availableBytes: number
): number | { readonly setting: keyof Config; readonly message: string } => {
  const isAbsolute = config.limit_mib > 0
  const unit = isAbsolute ? mebibyte : availableBytes / 100
  const limit = isAbsolute ? config.limit_mib : config.limit_percentage
  const spike = isAbsolute ? config.spike_limit_mib : config.spike_limit_percentage
  if (limit === 0) return { setting: "limit_mib", message: "no limit is set; expected limit_mib or limit_percentage above 0" }
  if (spike >= limit) {
    const setting = isAbsolute ? "spike_limit_mib" : "spike_limit_percentage"
    return { setting, message: `${spike} is not below the limit (${limit})` }
  }
  return (spike === 0 ? limit * 0.8 : limit - spike) * unit
}

/** There will never be room for it, however long its sender waits. */
const tooLarge = new Refusal(
  "memory_limiter",
  GrpcCode.RESOURCE_EXHAUSTED,
  "the request alone exceeds the memory limit: send smaller ones",
  undefined
)

/** What the process may use: its control group's limit, else the machine's memory. */
const availableBytes = (): number => Math.min(process.constrainedMemory() || Infinity, totalmem())

/**
 * Refuses while the requests in flight occupy more memory than the soft limit (the limit less the spike limit).
 *
 * Reads batches, emits them unchanged. **Full**: where it stands first in its pipeline, the sender is refused before the body is read,
 * with a hint when to come again, or for good if it announces more than there will ever be room for; the collector measures the heap,
 * this counts the bytes that requests hold. **Fails**: never.
 * **Closes**: nothing to do. Behind a processor that holds batches it makes that one wait; it belongs first.
 */
export const memoryLimiter = processor<Config>({
  type: "memory_limiter",
  description: "Refuses data while requests in flight occupy too much memory.",
  signals,
  config: Config,
  make: (config, context) =>
    Effect.suspend(() => {
      const limit = softLimit(config, availableBytes())
      if (typeof limit !== "number") {
        return Effect.fail(new ComponentError({ component: context.id, path: [limit.setting], message: limit.message }))
      }
      const admission = (announced: number): Refusal | undefined => {
        if (announced > limit) return tooLarge
        return slabs.occupiedBytes + announced > limit ? Refusal.memoryLimit : undefined
      }
      return Effect.succeed({ _tag: "Pure", process: (batch) => admission(0) ?? batch, admission } as const)
    })
})
