import type { Evaluation, Window } from "./Evaluation.ts"
import type { Subject } from "./Observation.ts"
import type { Plan } from "./Plan.ts"
import type { Revision } from "./Revision.ts"

/**
 * Where a rollout stands. Times are milliseconds since the epoch, so that a state that was read back after a restart waits for the
 * same moments.
 *
 * `proposed -> applying -> observing -> promoting -> promoted -> expired`; from every one of them a rollout can end earlier, and an
 * observation that allows no verdict can be `held` for a person.
 */
export type Stage =
  /** Waits for a person's approval until `until`. */
  | { readonly _tag: "proposed"; readonly until: number; readonly reason: string }
  /** Offered to the canary agents; all must report APPLIED before `deadline`. */
  | { readonly _tag: "applying"; readonly since: number; readonly deadline: number }
  /** Every canary agent runs it; the verdict must be found before `deadline`. */
  | { readonly _tag: "observing"; readonly deadline: number }
  /** No verdict was possible and a person wrote it: the canary agents keep it until `until`, or until the person decides. */
  | { readonly _tag: "held"; readonly until: number; readonly reason: string }
  /** Offered to every agent in scope; those that are online must report APPLIED before `deadline`. */
  | { readonly _tag: "promoting"; readonly deadline: number }
  | { readonly _tag: "promoted"; readonly at: number }
  | { readonly _tag: Ending; readonly at: number; readonly reason: string }

/**
 * - `expired`: its time is over, whether it was promoted or not;
 * - `reverted`: taken back for what it did, or by a person who had it promoted; the rule rests and the patch is not tried again for a time;
 * - `refused`: a proposal that a person declined or that nobody approved in time;
 * - `aborted`: ended by a person, by the end of its finding, or by something else that says nothing about the patch.
 */
export type Ending = "expired" | "reverted" | "refused" | "aborted"

export const endings: ReadonlySet<Stage["_tag"]> = new Set<Stage["_tag"]>(["expired", "reverted", "refused", "aborted"])

/** The comparison of a running rollout. */
export interface Trial {
  readonly pre: Window
  /** As planned: the last look is at its end. */
  readonly post: Window
  /** When evidence is asked for next. */
  readonly nextLook: number
  /** The request that waits for its answer. */
  readonly asked: { readonly look: number; readonly post: Window; readonly isFinal: boolean } | undefined
}

/** One change on its way. Its id is its revision's. */
export interface Rollout {
  readonly id: string
  readonly revision: Revision
  /** SHA-256 of the patch in canonical JSON, in hex: what was tried, whoever wrote it and when. */
  readonly patchHash: string
  readonly plan: Plan
  /** The rule and the finding behind it; `undefined` for a person's. */
  readonly rule: string | undefined
  readonly finding: string | undefined
  readonly subject: Subject | undefined
  readonly stage: Stage
  /** Since when a person has stopped it: nothing goes on but guardrails and the end of the exposure. */
  readonly pausedAt: number | undefined
  /** Instance uids, fixed when the canary begins. */
  readonly canary: ReadonlyArray<string>
  readonly control: ReadonlyArray<string>
  /** Agents that have reported APPLIED. */
  readonly applied: ReadonlyArray<string>
  /** Place among the live patches: a later one lies above an earlier one. */
  readonly order: number
  /** When the exposure ends whatever happens; agents obey it by themselves. `null` for never (promoted, by a person). */
  readonly expiresAt: number | null
  /** From when every canary agent has applied it. */
  readonly trial: Trial | undefined
  /** Requests for evidence so far. */
  readonly looks: number
  readonly evaluation: Evaluation | undefined
}

/** Whether some agent may run it just now. */
export const isLive = ({ stage }: Rollout): boolean => stage._tag !== "proposed" && !endings.has(stage._tag)

export const isOver = ({ stage }: Rollout): boolean => endings.has(stage._tag)
