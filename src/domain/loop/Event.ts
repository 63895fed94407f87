import type { UnitEvidence } from "./Evaluation.ts"
import type { FindingEvent } from "./Finding.ts"
import type { Json, Patch } from "./Patch.ts"
import type { Plan } from "./Plan.ts"
import type { Rules } from "./Rule.ts"
import type { Selector } from "./Selector.ts"

/** What the decider is told. `at` is when, in milliseconds since the epoch; time never goes back, an earlier `at` counts as the latest one. */
export type Event = { readonly at: number } & (FindingEvent | Happening | Command)

export type Happening =
  /** The configuration: at start, and whenever it changes. Running rollouts keep their plans. */
  | { readonly _tag: "RulesLoaded"; readonly rules: Rules }
  /** Once a second or so: deadlines are seen at ticks. */
  | { readonly _tag: "Tick" }
  /** An agent is new, or something about it has changed. */
  | {
      readonly _tag: "AgentChanged"
      readonly uid: string
      /** What the agent is known by across reinstallations: an enrolment id, else the hash of its identifying attributes, else the uid. */
      readonly key: string
      readonly labels: Selector
      readonly online: boolean
      readonly acceptsRemoteConfig: boolean
    }
  /** The agent will not come back (uid reassigned, removed by a person, offline for longer than the fleet remembers). */
  | { readonly _tag: "AgentRemoved"; readonly uid: string }
  /** What the agent reports about an offer. */
  | {
      readonly _tag: "AgentStatus"
      readonly uid: string
      /** The revisions of the offer whose hash the agent reports. */
      readonly revisions: ReadonlyArray<string>
      readonly status: "APPLYING" | "APPLIED" | "FAILED"
      readonly message: string
    }
  /** The answer to `RequestEvidence`; units without observations may be left out. */
  | { readonly _tag: "Evidence"; readonly rollout: string; readonly look: number; readonly units: ReadonlyArray<UnitEvidence> }

/** What a person wants. `id` comes back in `Answer`. */
export type Command = { readonly id: string; readonly by: string } & (
  | { readonly _tag: "Propose"; readonly patch: Patch; readonly plan: Plan; readonly reason: string }
  /** Starts a proposed rollout; promotes a held one. */
  | { readonly _tag: "Approve"; readonly rollout: string }
  /** Without a rollout: the whole loop; nothing starts any more. */
  | { readonly _tag: "Pause"; readonly rollout: string | undefined }
  | { readonly _tag: "Resume"; readonly rollout: string | undefined }
  /** Ends a rollout that is not promoted yet. */
  | { readonly _tag: "Abort"; readonly rollout: string; readonly reason: string }
  /** Takes a promoted one back. */
  | { readonly _tag: "Rollback"; readonly rollout: string; readonly reason: string }
  /**
   * A document for agents, desired at once, without a rollout (`weir fleet push --now`); it lies below the patches. `content` is the
   * parsed `document`; an empty document takes a pushed one back. `agents` is one uid or labels.
   */
  | {
      readonly _tag: "Push"
      readonly agents: { readonly uid: string } | { readonly labels: Selector }
      readonly document: string
      readonly content: { readonly [section: string]: Json }
    }
)
