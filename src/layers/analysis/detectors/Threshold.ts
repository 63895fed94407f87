import * as Schema from "effect/Schema"
import { DetectorSettings } from "../../../domain/config/DetectorSettings.ts"
import { optional } from "../../../domain/config/Fields.ts"
import type { Judgement } from "../../../domain/loop/Detector.ts"
import { detector } from "../../graph/Component.ts"

const Config = Schema.Struct({
  ...DetectorSettings.fields,
  above: optional(Schema.Finite, "The greatest value that is right, in the unit of the metric."),
  below: optional(Schema.Finite, "The least value that is right.")
}).check(Schema.makeFilter(({ above, below }) => above !== undefined || below !== undefined || '"above" or "below", or both'))

/**
 * The score of a value beyond its limit by a share `e = |value - limit| / |limit|` of it: `0.5 + e / (2 + 2e)`, so 0.5 at the limit, 0.75 at
 * twice the limit, below 1. Beyond a limit of 0 it is 1.
 */
const beyond = (value: number, limit: number): Judgement => {
  const excess = Math.abs(value - limit) / Math.abs(limit)
  return { isAlarming: true, score: Number.isFinite(excess) ? 0.5 + excess / (2 + 2 * excess) : 1, expected: limit }
}

const calm: Judgement = { isAlarming: false, score: 0, expected: undefined }

/** Whether a value is beyond a limit, now. */
export const threshold = detector({
  type: "threshold",
  description: "Finds a series that is above or below a limit.",
  config: Config,
  make: ({ above, below }) => ({
    initial: null,
    step: (state, [, value]) => {
      if (above !== undefined && value > above) return [state, beyond(value, above)]
      if (below !== undefined && value < below) return [state, beyond(value, below)]
      return [state, calm]
    }
  })
})
