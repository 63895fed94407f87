import type { RolloutView } from "../feed/Answers.ts"

/** Something that a person can have done, and how it is asked about. */
export interface Wanted {
  readonly title: string
  /** On the button. */
  readonly verb: string
  /** What it does, in one sentence. */
  readonly effect: string
  /** Below the API's root. */
  readonly path: string
  readonly isDestructive: boolean
  /** Retrying takes no words. */
  readonly hasReason: boolean
}

const about = (id: string, verb: string, action: string, effect: string, isDestructive = false): Wanted => ({
  title: `${verb}: rollout ${id}`,
  verb,
  effect,
  path: `/rollouts/${encodeURIComponent(id)}/${action}`,
  isDestructive,
  hasReason: true
})

const over: ReadonlySet<RolloutView["stage"]> = new Set(["expired", "reverted", "refused", "aborted"])

export const isOver = ({ stage }: RolloutView): boolean => over.has(stage)
export const needsPerson = (rollout: RolloutView): boolean =>
  rollout.stage === "proposed" || rollout.stage === "held" || (rollout.paused_since_unix_millis !== null && !isOver(rollout))

/** What the control plane would accept about a rollout where it stands; it decides, and refuses with a reason. */
export const commandsOf = (rollout: RolloutView): ReadonlyArray<Wanted> => {
  const { id, stage } = rollout
  if (isOver(rollout)) return []
  const isPaused = rollout.paused_since_unix_millis !== null
  const rollback = about(id, "Roll back", "rollback", "Every agent that runs the change gets its former configuration back.", true)
  if (stage === "promoted") return [rollback]
  const pause = isPaused
    ? about(id, "Resume", "resume", "The rollout goes on where it stood; its deadlines move by the time it was paused.")
    : about(id, "Pause", "pause", "Nothing starts and nothing is promoted; guardrails are still looked at.")
  if (stage === "proposed")
    return [
      ...(isPaused
        ? []
        : [about(id, "Approve", "approve", "The change goes to its canary agents and is compared with the control agents.")]),
      pause,
      about(id, "Decline", "abort", "The proposal is over; no agent gets the change.", true)
    ]
  const abort = about(id, "Abort", "abort", "The change is taken back from the agents that have it; nothing is said about the patch.", true)
  if (stage !== "held") return [pause, abort, rollback]
  const promote = about(id, "Promote", "approve", "Every agent in scope gets the change, without a verdict.")
  return [...(isPaused ? [] : [promote]), pause, abort, rollback]
}

export const loopCommand = (isPaused: boolean): Wanted =>
  isPaused
    ? {
        title: "Resume the loop",
        verb: "Resume the loop",
        effect: "Rules act again; deadlines move by the time it was paused.",
        path: "/loop/resume",
        isDestructive: false,
        hasReason: true
      }
    : {
        title: "Pause the loop",
        verb: "Pause the loop",
        effect: "No rule acts and nothing is promoted until somebody resumes it. Guardrails are still looked at.",
        path: "/loop/pause",
        isDestructive: false,
        hasReason: true
      }

export const retryCommand = (uid: string): Wanted => ({
  title: "Offer it again",
  verb: "Offer it again",
  effect: "The agent is offered once more what it has failed with.",
  path: `/agents/${encodeURIComponent(uid)}/retry`,
  isDestructive: false,
  hasReason: false
})
