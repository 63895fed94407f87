import * as Schema from "effect/Schema"
import { detectorMetrics, findDetectorMetric } from "../loop/DetectorMetric.ts"
import { signals } from "../Signal.ts"
import { Count, Duration, field } from "./Fields.ts"
import { suggest } from "./Nearest.ts"

const Metric = Schema.String.check(
  Schema.makeFilter(
    (name) =>
      findDetectorMetric(name) !== undefined ||
      `a metric: ${suggest(
        name,
        detectorMetrics.map((metric) => metric.name)
      )}`
  )
)

const Kind = Schema.String.check(
  Schema.makeFilter((text) => /^[a-z][a-z0-9_]{0,39}$/.test(text) || 'a word such as "error_ratio" (lower case letters, digits and _)')
)

/** The settings that every detector has: which series it looks at, and when what it sees becomes a finding. */
export const DetectorSettings = Schema.Struct({
  metric: Schema.annotate<typeof Metric>({ description: "What is looked at; docs/observation.md lists the metrics." })(Metric),
  kind: Schema.annotate<typeof Kind>({ description: "What a finding says is wrong, in one word." })(Kind),
  signal: field(Schema.Literals(signals), "traces", "Of which signal."),
  by: field(
    Schema.Array(Schema.Literals(["tenant", "service"])),
    ["tenant", "service"],
    'A series for each of these; what is not named is put together, and called "*".'
  ),
  window: field(Duration, "5s", "The value of a second is that of so much time up to it."),
  for: field(Duration, "5s", "A finding opens when the alarm has lasted this long."),
  clear: field(Duration, "10s", "A finding closes when there has been no alarm for this long, or no value."),
  min_items: field(Count, 0, "Windows with fewer items than this have no value.")
})

export type DetectorSettings = typeof DetectorSettings.Type
