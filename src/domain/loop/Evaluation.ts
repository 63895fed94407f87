import type { Totals } from "./Metric.ts"
import type { Plan } from "./Plan.ts"

export type Arm = "canary" | "control"

/** A stretch of time, in milliseconds since the epoch, the end excluded. */
export interface Window {
  readonly from: number
  readonly to: number
}

/** What one unit's books say over a window. */
export interface Period {
  /** Seconds of the window that observations cover; 0 if there are none. */
  readonly seconds: number
  /** Of the plan's narrowing. */
  readonly subject: Totals
  /** Of everything that the unit carries. */
  readonly whole: Totals
}

/** The evidence of one randomised unit (an agent). */
export interface UnitEvidence {
  /** Instance uid of the agent. */
  readonly unit: string
  readonly pre: Period
  readonly post: Period
}

/** Everything that an evaluator may look at. It is recorded whole, so that the same input gives the same evaluation later. */
export interface EvaluationInput {
  readonly plan: Plan
  readonly canary: ReadonlyArray<string>
  readonly control: ReadonlyArray<string>
  readonly pre: Window
  readonly post: Window
  readonly units: ReadonlyArray<UnitEvidence>
  /** Number of this look, from 1; a look that is not final may only find harm. */
  readonly look: number
  readonly isFinal: boolean
}

/**
 * - `pass`, `fail`: as the words say;
 * - `inconclusive`: the data do not allow to say; never a pass.
 */
export type Judgement = "pass" | "fail" | "inconclusive"

/** A goal or a guardrail with what was found. Effects are relative: -0.4 is 40 % less than the control. */
export interface Judged {
  readonly what: string
  readonly judgement: Judgement
  /** The relative effect, or the value over the canary arm for a guardrail on it. */
  readonly estimate: number | undefined
  /** The two-sided interval of the estimate, where the evaluator has one. */
  readonly interval: readonly [low: number, high: number] | undefined
  /** One sentence with the numbers. */
  readonly reason: string
}

export interface Evaluation {
  /** Name of the evaluator that judged. */
  readonly evaluator: string
  readonly judgement: Judgement
  readonly reason: string
  readonly goal: Judged | undefined
  readonly guardrails: ReadonlyArray<Judged>
  /** Share of each arm's units with data over enough of both windows. */
  readonly coverage: { readonly [A in Arm]: number }
}

/** Judges the evidence and does nothing else: an evaluator cannot act. Pure; a sequential test fits behind the same interface. */
export interface Evaluator {
  readonly name: string
  readonly evaluate: (input: EvaluationInput) => Evaluation
}
