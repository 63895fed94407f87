import type { Window } from "./Evaluation.ts"
import type { JournalEntry } from "./JournalEntry.ts"
import type { LiveRevision } from "./AgentConfig.ts"
import type { Subject } from "./Observation.ts"

/** What the decider wants done. Whoever carries it out may repeat one that is lost: all of them are idempotent. */
export type Effect =
  /** What an agent should run from now on, whole: `configFor` makes the offered map of it. For an agent that is away it waits. */
  | {
      readonly _tag: "Offer"
      readonly uid: string
      readonly document: string | undefined
      readonly revisions: ReadonlyArray<LiveRevision>
    }
  /** Sums of the books of `units` over both windows, narrowed and whole; answered by `Evidence` with the same `look`. */
  | {
      readonly _tag: "RequestEvidence"
      readonly rollout: string
      readonly look: number
      readonly pre: Window
      readonly post: Window
      readonly units: ReadonlyArray<string>
      readonly narrowing: Partial<Subject>
    }
  | { readonly _tag: "Record"; readonly entry: JournalEntry }
  /** What became of a command: the rollout or the agents that it was about, or why not. */
  | { readonly _tag: "Answer"; readonly command: string; readonly outcome: Outcome }

export type Outcome =
  | { readonly _tag: "Accepted"; readonly rollout: string | undefined; readonly agents: ReadonlyArray<string> }
  | { readonly _tag: "Refused"; readonly reason: string }
