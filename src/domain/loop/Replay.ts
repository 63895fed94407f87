import { assign } from "./Assignment.ts"
import { canonicalJson, hashOf } from "./Canonical.ts"
import type { Evaluation, Evaluator, Judgement } from "./Evaluation.ts"
import type { JournalEntry } from "./JournalEntry.ts"
import { tTest } from "./TTest.ts"

/** One look of the record, judged again. */
export interface ReplayedLook {
  readonly look: number
  readonly isFinal: boolean
  /** The input is the one that was hashed. */
  readonly isIntact: boolean
  readonly recorded: Evaluation
  /** `undefined` if this version does not have the evaluator any more. */
  readonly again: Evaluation | undefined
  readonly isSame: boolean
}

export interface Replay {
  readonly looks: ReadonlyArray<ReplayedLook>
  /** The arms, drawn again; `undefined` where none were drawn. */
  readonly isSameAssignment: boolean | undefined
  /** `again` is `undefined` where the verdict stands on no look (no evidence came). */
  readonly verdict: { readonly recorded: Judgement; readonly again: Judgement | undefined } | undefined
  /** Everything that can be repeated came out as recorded. */
  readonly isSame: boolean
}

const evaluators: { readonly [name: string]: Evaluator } = { [tTest.name]: tTest }

/** Re-evaluates what the journal says of one rollout: the draw of the arms, every look, and the verdict that follows. */
export const replay = (entries: ReadonlyArray<JournalEntry>, known = evaluators): Replay => {
  const looks = entries.flatMap((entry) => (entry._tag === "look" ? [lookAgain(entry, known)] : []))
  const isSameAssignment = assignAgain(entries)
  const recorded = entries.findLast((entry) => entry._tag === "verdict")
  const decisive = looks.findLast(({ look }) => look === recorded?.look)
  const again =
    decisive === undefined || (!decisive.isFinal && decisive.again?.judgement !== "fail") ? undefined : decisive.again?.judgement
  const verdict = recorded === undefined ? undefined : { recorded: recorded.judgement, again }
  const isSameVerdict = verdict === undefined || decisive === undefined || again === undefined || again === verdict.recorded
  return { looks, isSameAssignment, verdict, isSame: looks.every(({ isSame }) => isSame) && isSameAssignment !== false && isSameVerdict }
}

const lookAgain = (
  { evaluation: recorded, input, inputHash }: Extract<JournalEntry, { _tag: "look" }>,
  known: { readonly [name: string]: Evaluator }
): ReplayedLook => {
  const isIntact = hashOf(input) === inputHash
  const again = Object.hasOwn(known, recorded.evaluator) ? known[recorded.evaluator]!.evaluate(input) : undefined
  const isSame = isIntact && again !== undefined && canonicalJson(again) === canonicalJson(recorded)
  return { look: input.look, isFinal: input.isFinal, isIntact, recorded, again, isSame }
}

const assignAgain = (entries: ReadonlyArray<JournalEntry>): boolean | undefined => {
  const proposal = entries.find((entry) => entry._tag === "proposal")
  const drawn = entries.findLast((entry) => entry._tag === "assignment")
  if (proposal === undefined || drawn === undefined) return undefined
  const { canary, control } = assign(drawn.salt, drawn.rollout, drawn.keys, proposal.plan.canary)
  return canonicalJson([canary, control]) === canonicalJson([drawn.canary, drawn.control])
}
