import * as Schema from "effect/Schema"
import { DetectorSettings } from "../../../domain/config/DetectorSettings.ts"
import { Duration, field } from "../../../domain/config/Fields.ts"
import { baseline as stepper } from "../../../domain/stats/Baseline.ts"
import { detector } from "../../graph/Component.ts"

const Config = Schema.Struct({
  ...DetectorSettings.fields,
  half_life: field(Duration, "5m", "Time after which half of what was learnt has been replaced."),
  warm_up: field(Duration, "1m", "Nothing is an alarm before so much has been seen."),
  deviations: field(Schema.Finite.check(Schema.isGreaterThan(0)), 4, "How many robust standard deviations off is an alarm."),
  factor: field(
    Schema.Finite.check(Schema.isGreaterThan(1)),
    2,
    "How many times what is expected, or its part, the value must be, however calm the series was."
  ),
  direction: field(Schema.Literals(["up", "down", "both"]), "up", "Which way off counts.")
})

/** Whether a series is far from what it has been: see `domain/stats/Baseline.ts` for the formulas. */
export const baseline = detector({
  type: "baseline",
  description:
    "Finds a series that is far from what it has been, with a robust baseline: EWMA and MAD of the logarithm of the value, which do not learn while they alarm.",
  config: Config,
  make: ({ half_life, warm_up, deviations, factor, direction }) =>
    stepper({ halfLifeMillis: half_life, warmUpMillis: warm_up, deviations, factor, direction })
})
