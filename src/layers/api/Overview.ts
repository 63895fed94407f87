import type { ComponentStore } from "../../control/evidence/ComponentStore.ts"
import type { ObservationStore } from "../../control/evidence/ObservationStore.ts"
import type { AgentSnapshot } from "../../control/fleet/AgentSnapshot.ts"
import type { Rollout, Stage } from "../../domain/loop/Rollout.ts"
import type { State } from "../../domain/loop/State.ts"
import { duration, number } from "../../domain/loop/Numbers.ts"
import { lostPerSecond, ratesOf, rateWindow } from "./Rates.ts"
import { hasFailed } from "./view/AgentView.ts"
import type { Condition, OverviewView } from "./view/OverviewView.ts"
import { queueView } from "./view/QueueView.ts"

/** For so long an agent that went away is news. */
const awayMillis = 600_000

const shownQueues = 10

export interface Scene {
  readonly now: number
  readonly state: State
  readonly agents: ReadonlyArray<AgentSnapshot>
  readonly store: ObservationStore["Service"]
  readonly components: ComponentStore["Service"]
}

const running: ReadonlySet<Stage["_tag"]> = new Set<Stage["_tag"]>(["applying", "observing", "promoting"])

/** How things stand at a moment. */
export const overviewOf = ({ now, state, agents, store, components }: Scene): OverviewView => {
  const window = rateWindow(now)
  const { rates, agents: reporting } = ratesOf(store, window)
  const rollouts = Object.values(state.rollouts)
  const inStage = (is: (stage: Stage["_tag"]) => boolean) => rollouts.filter(({ stage }) => is(stage._tag))
  const count = (status: AgentSnapshot["status"]) => agents.filter((agent) => agent.status === status).length
  const open = Object.values(state.findings)
  const [word, reason] = conditionOf({ now, state, agents, rollouts, lost: lostPerSecond(rates) })
  return {
    at_unix_millis: now,
    state: word,
    reason,
    paused: state.pausedAt !== undefined,
    agents: {
      total: agents.length,
      online: count("online"),
      stale: count("stale"),
      offline: count("offline"),
      failed: agents.filter(hasFailed).length,
      reporting
    },
    findings: { open: open.length },
    rollouts: {
      proposed: inStage((stage) => stage === "proposed").length,
      running: inStage((stage) => running.has(stage)).length,
      held: inStage((stage) => stage === "held").length,
      promoted: inStage((stage) => stage === "promoted").length
    },
    window: { from_unix_millis: window.from, to_unix_millis: window.to },
    rates,
    queues: components.fullest(shownQueues, window.from, window.to).map(({ agent, seconds, queue }) => ({
      instance_uid: agent,
      exporter: queue.exporter,
      signal: queue.signal,
      ...queueView(queue, seconds)
    }))
  }
}

interface Standing extends Omit<Scene, "store" | "components"> {
  readonly rollouts: ReadonlyArray<Rollout>
  readonly lost: number
}

/** The word and why; the rule is told at `Condition`. */
const conditionOf = (standing: Standing): readonly [Condition, string] => {
  const { state, rollouts } = standing
  const degraded = troubleOf(standing)
  if (degraded !== undefined) return ["degraded", degraded]
  const waits = wishOf(state, rollouts)
  if (waits !== undefined) return ["needs_you", waits]
  const acting = rollouts.find(({ stage }) => running.has(stage._tag))
  if (acting !== undefined) return ["acting", `rollout ${acting.id} is ${acting.stage._tag}`]
  const findings = Object.values(state.findings)
  if (findings.length > 0) {
    const { kind, subject } = findings.reduce((worst, finding) => (finding.score > worst.score ? finding : worst))
    const more = findings.length === 1 ? "" : `, and ${findings.length - 1} more`
    return ["watching", `${kind} of ${subject.tenant}/${subject.service} (${subject.signal})${more}`]
  }
  const promoted = rollouts.find(({ stage }) => stage._tag === "promoted")
  if (promoted !== undefined) {
    const { expiresAt } = promoted
    const until = expiresAt === null ? "until somebody takes it back" : `for ${duration(Math.max(0, expiresAt - standing.now))} more`
    return ["watching", `rollout ${promoted.id} is in force ${until}`]
  }
  return ["calm", "nothing lost, nothing found, nothing under way"]
}

const troubleOf = ({ now, agents, lost }: Standing): string | undefined => {
  if (lost > 0) return `${number(lost)} items a second are lost`
  const failed = agents.find(hasFailed)
  if (failed !== undefined) return `${failed.instanceUid} failed with its configuration: ${failed.remoteConfig.message.split("\n", 1)[0]}`
  const stale = agents.find(({ status }) => status === "stale")
  if (stale !== undefined) return `${stale.instanceUid} is silent since ${duration(now - stale.lastSeenUnixMillis)}`
  const gone = agents.find(({ status, lastSeenUnixMillis }) => status === "offline" && now - lastSeenUnixMillis < awayMillis)
  return gone === undefined ? undefined : `${gone.instanceUid} went away ${duration(now - gone.lastSeenUnixMillis)} ago`
}

const wishOf = (state: State, rollouts: ReadonlyArray<Rollout>): string | undefined => {
  if (state.pausedAt !== undefined) return "the loop is paused"
  const waiting = rollouts.find(({ stage }) => stage._tag === "proposed" || stage._tag === "held")
  if (waiting !== undefined)
    return `rollout ${waiting.id} is ${waiting.stage._tag}: ${"reason" in waiting.stage ? waiting.stage.reason : ""}`
  const paused = rollouts.find(({ pausedAt }) => pausedAt !== undefined)
  return paused === undefined ? undefined : `rollout ${paused.id} is paused`
}
