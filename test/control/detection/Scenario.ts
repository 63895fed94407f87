// Seconds as a control plane sees them, made from rates: what tests of detectors replay.
import * as Schema from "effect/Schema"
import type { Second } from "../../../src/control/evidence/Observations.ts"
import type { Watching } from "../../../src/control/detection/Detection.ts"
import type { DetectorSettings } from "../../../src/domain/config/DetectorSettings.ts"
import { noFigures } from "../../../src/domain/loop/Figures.ts"
import { noVolume } from "../../../src/domain/loop/Metric.ts"
import type { Subject } from "../../../src/domain/loop/Observation.ts"
import { baseline } from "../../../src/layers/analysis/detectors/Baseline.ts"
import { threshold } from "../../../src/layers/analysis/detectors/Threshold.ts"
import type { Detector } from "../../../src/layers/graph/Component.ts"

export const startMillis = 1_790_000_000_000
export const checkout: Subject = { tenant: "acme", service: "checkout", signal: "traces" }

/** One second in which each subject has received so many items, of them so many errors. */
export const secondOf = (
  second: number,
  subjects: ReadonlyArray<readonly [Subject, items: number, errors?: number]>,
  agents = 1
): Second => ({
  atUnixMillis: startMillis + second * 1000,
  agents,
  subjects: subjects.map(([subject, items, errors = 0]) => ({
    subject,
    figures: { ...noFigures, received: { ...noVolume, items, errors } }
  }))
})

export const watching = (component: Detector, name: string, settings: object): Watching => {
  const config = Schema.decodeUnknownSync(component.config as Schema.Codec<DetectorSettings, unknown, never, never>)(settings)
  return { name, settings: config, detecting: component.make(config as never) }
}

export const volume = (settings: object = {}): Watching =>
  watching(baseline, "baseline/volume", { metric: "received.items", kind: "volume", ...settings })

export const errorRatio = (settings: object = {}): Watching =>
  watching(threshold, "threshold/errors", { metric: "received.error_ratio", kind: "error_ratio", above: 0.1, ...settings })
