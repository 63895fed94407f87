import type { EvaluationInput, UnitEvidence } from "../../../src/domain/loop/Evaluation.ts"
import { noTotals, noVolume, type Totals } from "../../../src/domain/loop/Metric.ts"
import type { Plan } from "../../../src/domain/loop/Plan.ts"

export const planOf = (changes: Partial<Plan> = {}): Plan => ({
  scope: {},
  goal: { metric: "delivered.bytes", direction: "down", atLeast: 0.4, narrow: true },
  narrowing: { tenant: "shop" },
  lookAfterMillis: 60_000,
  guardrails: [],
  canary: { kind: "default" },
  timeToLiveMillis: 600_000,
  cooldownMillis: 300_000,
  priority: 0,
  ...changes
})

/** Totals of a healthy minute with so many bytes delivered. */
export const bytes = (delivered: number): Totals => ({
  ...noTotals,
  received: { items: 1000, bytes: 100_000, errors: 50, slow: 10 },
  delivered: { items: 1000, bytes: delivered, errors: 50, slow: 10 }
})

export const unitOf = (unit: string, pre: Totals, post: Totals, seconds = 60): UnitEvidence => ({
  unit,
  pre: { seconds, subject: pre, whole: pre },
  post: { seconds, subject: post, whole: post }
})

/** A final look over units that are named `canary-0`, `control-0` and so on. */
export const inputOf = (
  canary: ReadonlyArray<readonly [pre: Totals, post: Totals]>,
  control: ReadonlyArray<readonly [pre: Totals, post: Totals]>,
  changes: Partial<EvaluationInput> = {}
): EvaluationInput => {
  const name = (arm: string) => (_: unknown, i: number) => `${arm}-${i}`
  return {
    plan: planOf(),
    canary: canary.map(name("canary")),
    control: control.map(name("control")),
    pre: { from: 0, to: 60_000 },
    post: { from: 60_000, to: 120_000 },
    units: [
      ...canary.map(([pre, post], i) => unitOf(`canary-${i}`, pre, post)),
      ...control.map(([pre, post], i) => unitOf(`control-${i}`, pre, post))
    ],
    look: 1,
    isFinal: true,
    ...changes
  }
}

export const nothing: Totals = { received: noVolume, delivered: noVolume, lost: 0 }
