import type { Command } from "./Event.ts"
import type { JournalEntry } from "./JournalEntry.ts"
import { duration, number, percent } from "./Numbers.ts"

/** One line of the story, in plain words and without the time. Names from the network are shown as JSON strings where they could mislead. */
export const tell = (entry: JournalEntry): string => {
  switch (entry._tag) {
    case "finding": {
      const { detector, expected, kind, score, subject, value } = entry.finding
      const who = `${kind} of ${shown(subject.tenant)}/${shown(subject.service)} (${subject.signal})`
      if (entry.change === "FindingClosed") return `${detector}: ${who} is over`
      const instead = expected === undefined ? "" : ` instead of ${number(expected)}`
      return `${detector} finds ${who}: ${number(value)}${instead}, score ${number(score)}`
    }
    case "proposal": {
      const { author, plan, reason, rollout, waits } = entry
      const goal =
        plan.goal === undefined
          ? "no goal but its guardrails"
          : `goal: ${plan.goal.metric} ${plan.goal.direction} by at least ${percent(plan.goal.atLeast)}`
      const next = waits === undefined ? "it acts" : `it waits: ${waits}`
      return `${author.kind} ${shown(author.name)} proposes ${rollout} for ${shown(reason)} (${goal}); ${next}`
    }
    case "revision": {
      const { append, merge } = entry.revision.patch
      const places = [...Object.keys(merge), ...append.map(({ path }) => path.join("."))]
      return `revision ${entry.rollout} changes ${places.map(shown).join(", ")}`
    }
    case "assignment":
      return `${entry.rollout}: ${entry.canary.length} canary (${some(entry.canary)}), ${entry.control.length} control (${some(entry.control)})`
    case "offer": {
      const what = [...(entry.document === undefined ? [] : ["its document"]), ...entry.revisions]
      return `${entry.uid} is offered ${what.length === 0 ? "its own configuration" : what.join(" + ")}`
    }
    case "status":
      return `${entry.uid} says ${entry.status} of ${entry.revisions.join(" + ")}${entry.message === "" ? "" : `: ${shown(entry.message)}`}`
    case "look":
      return `${entry.rollout}: look ${entry.input.look}${entry.input.isFinal ? " (the planned one)" : ""}: ${entry.evaluation.reason}`
    case "verdict":
      return `${entry.rollout}: ${entry.judgement.toUpperCase()}: ${entry.reason}`
    case "action":
      return `${entry.rollout} is ${entry.stage}: ${shown(entry.reason)}`
    case "command":
      return `${shown(entry.command.by)} ${wish(entry.command)}`
    case "refusal":
      return `${shown(entry.about)} is refused${entry.rollout === undefined ? "" : ` (${shown(entry.rollout)})`}: ${shown(entry.reason)}`
  }
}

const wish = (command: Command): string => {
  switch (command._tag) {
    case "Propose":
      return `wants to propose a change: ${shown(command.reason)}; it is looked at after ${duration(command.plan.lookAfterMillis)}`
    case "Push": {
      const { agents } = command
      const whom =
        "uid" in agents
          ? agents.uid
          : Object.entries(agents.labels)
              .map(([label, value]) => `${label}=${value}`)
              .join(",") || "all agents"
      return `pushes a document of ${command.document.length} characters to ${shown(whom)}, at once`
    }
    case "Pause":
    case "Resume":
      return `${command._tag === "Pause" ? "pauses" : "resumes"} ${command.rollout === undefined ? "the loop" : shown(command.rollout)}`
    case "Approve":
      return `approves ${shown(command.rollout)}`
    case "Abort":
      return `aborts ${shown(command.rollout)}: ${shown(command.reason)}`
    case "Rollback":
      return `rolls ${shown(command.rollout)} back: ${shown(command.reason)}`
  }
}

const maxShown = 400

/** A text on one line: what a terminal would obey is escaped, what is long is cut. */
const shown = (text: string): string => {
  const cut = text.length > maxShown ? `${text.slice(0, maxShown)}...` : text
  return /\p{C}/u.test(cut) ? JSON.stringify(cut).replace(/[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, escape) : cut
}

const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`

const some = (uids: ReadonlyArray<string>): string => (uids.length <= 4 ? uids.join(", ") : `${uids.slice(0, 3).join(", ")}, ...`)
