import type { Command } from "./Event.ts"
import type { Evaluation, EvaluationInput, Judgement } from "./Evaluation.ts"
import type { Finding, FindingEvent } from "./Finding.ts"
import type { Revision } from "./Revision.ts"
import type { Stage } from "./Rollout.ts"
import type { Plan } from "./Plan.ts"

/**
 * One line of the loop's story, with everything that the decision stood on. `at` is in milliseconds since the epoch. Entries of one
 * rollout carry its id in `rollout`; together they allow to replay its verdict.
 */
export type JournalEntry = { readonly at: number } & Entry

export type Entry =
  | { readonly _tag: "finding"; readonly change: FindingEvent["_tag"]; readonly finding: Finding }
  /** What a rule or a person wants, before anything is done about it. `waits`: why it needs a person's approval, if it does. */
  | {
      readonly _tag: "proposal"
      readonly rollout: string
      readonly author: Revision["author"]
      readonly finding: string | undefined
      readonly plan: Plan
      readonly reason: string
      readonly waits: string | undefined
    }
  | { readonly _tag: "revision"; readonly rollout: string; readonly revision: Revision; readonly patchHash: string }
  /** Who gets it first and who is compared: units in the order of their salted hashes. */
  | {
      readonly _tag: "assignment"
      readonly rollout: string
      readonly salt: string
      readonly keys: ReadonlyArray<{ readonly key: string; readonly uid: string }>
      readonly canary: ReadonlyArray<string>
      readonly control: ReadonlyArray<string>
    }
  | { readonly _tag: "offer"; readonly uid: string; readonly document: string | undefined; readonly revisions: ReadonlyArray<string> }
  | {
      readonly _tag: "status"
      readonly uid: string
      readonly revisions: ReadonlyArray<string>
      readonly status: "APPLYING" | "APPLIED" | "FAILED"
      readonly message: string
    }
  | {
      readonly _tag: "look"
      readonly rollout: string
      readonly input: EvaluationInput
      /** SHA-256 of the input in canonical JSON, in hex. */
      readonly inputHash: string
      readonly evaluation: Evaluation
    }
  | { readonly _tag: "verdict"; readonly rollout: string; readonly look: number; readonly judgement: Judgement; readonly reason: string }
  /** A rollout has come to another stage. */
  | { readonly _tag: "action"; readonly rollout: string; readonly stage: Stage["_tag"]; readonly reason: string }
  | { readonly _tag: "command"; readonly command: Command }
  /** Something that was wanted and is not done. `about`: the rule, or the id of the command. */
  | { readonly _tag: "refusal"; readonly about: string; readonly rollout: string | undefined; readonly reason: string }
