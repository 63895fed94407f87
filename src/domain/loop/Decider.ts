import { isEligible } from "./Begin.ts"
import { canonicalJson } from "./Canonical.ts"
import { obey } from "./Commands.ts"
import type { Effect } from "./Effect.ts"
import type { Evaluator } from "./Evaluation.ts"
import type { Event, Happening } from "./Event.ts"
import type { Finding, FindingEvent } from "./Finding.ts"
import { offer } from "./Offers.ts"
import { hear, judge, pass, settle } from "./Progress.ts"
import { applyRules } from "./Proposals.ts"
import { isLive, isOver } from "./Rollout.ts"
import type { State } from "./State.ts"
import { tTest } from "./TTest.ts"
import { Turn, without } from "./Turn.ts"

/**
 * The loop's decisions: what happens in, what shall be done out. It is total and deterministic, knows the time only from events, and
 * keeps everything in a state that is plain JSON. Agents are reached through offers alone, which follow from the state after each event.
 *
 * An action never closes its own finding: findings come and go by what detectors say, and those look at what arrives.
 */
export const decide = (state: State, event: Event, evaluator: Evaluator = tTest): readonly [State, ReadonlyArray<Effect>] => {
  const turn = new Turn(state, event.at)
  happen(turn, event, evaluator)
  offer(turn)
  forget(turn)
  return [turn.state, turn.effects]
}

const happen = (turn: Turn, event: Event, evaluator: Evaluator): void => {
  switch (event._tag) {
    case "FindingOpened":
    case "FindingChanged":
    case "FindingClosed":
      return find(turn, event)
    case "RulesLoaded":
      turn.state = { ...turn.state, rules: event.rules }
      return
    case "Tick":
      closeSilent(turn)
      for (const rollout of turn.rollouts) pass(turn, rollout)
      return applyRules(turn, Object.values(turn.state.findings))
    case "AgentChanged":
      return meet(turn, event)
    case "AgentRemoved":
      turn.state = { ...turn.state, agents: without(turn.state.agents, event.uid) }
      for (const { id } of turn.rollouts) settle(turn, id)
      return
    case "AgentStatus":
      return hear(turn, event)
    case "Evidence":
      return judge(turn, event, evaluator)
    default:
      return obey(turn, event)
  }
}

const find = (turn: Turn, { _tag: change, finding }: FindingEvent): void => {
  if (change === "FindingClosed") return close(turn, finding)
  const { findings, limits, toldAt } = turn.state
  if (!Object.hasOwn(findings, finding.id) && Object.keys(findings).length >= limits.findings) return
  if (change === "FindingOpened") turn.record({ _tag: "finding", change, finding })
  turn.state = { ...turn.state, findings: { ...findings, [finding.id]: finding }, toldAt: { ...toldAt, [finding.id]: turn.now } }
  applyRules(turn, [finding])
}

/** Findings that nobody speaks of any more, since their detectors were taken away or forgot them, are over. */
const closeSilent = (turn: Turn): void => {
  const { findings, limits, now, toldAt } = turn.state
  for (const finding of Object.values(findings)) {
    const heard = toldAt[finding.id]!
    if (now - heard >= limits.silentMillis) close(turn, { ...finding, until: heard })
  }
}

const close = (turn: Turn, finding: Finding): void => {
  const { findings, refusals, toldAt } = turn.state
  turn.record({ _tag: "finding", change: "FindingClosed", finding })
  turn.state = {
    ...turn.state,
    findings: without(findings, finding.id),
    toldAt: without(toldAt, finding.id),
    refusals: Object.fromEntries(
      Object.entries(refusals).filter(([about]) => (JSON.parse(about) as ReadonlyArray<string>)[1] !== finding.id)
    )
  }
  // A detector that began anew has found the same again.
  const successor = Object.values(turn.state.findings).find((other) => topicOf(other) === topicOf(finding))
  for (const rollout of turn.rollouts) {
    if (rollout.finding !== finding.id || isOver(rollout) || rollout.stage._tag === "promoted") continue
    if (successor === undefined) turn.abort(rollout, "its finding has ended")
    else turn.put({ ...rollout, finding: successor.id })
  }
}

const topicOf = ({ detector, kind, subject: { tenant, service, signal } }: Finding): string =>
  JSON.stringify([detector, kind, tenant, service, signal])

const meet = (turn: Turn, { acceptsRemoteConfig, key, labels, online, uid }: Extract<Happening, { _tag: "AgentChanged" }>): void => {
  const known = turn.agent(uid)
  const isNews =
    known === undefined ||
    known.key !== key ||
    known.online !== online ||
    known.acceptsRemoteConfig !== acceptsRemoteConfig ||
    canonicalJson(known.labels) !== canonicalJson(labels)
  if (!isNews) return
  turn.putAgent({
    uid,
    key,
    labels,
    online,
    offlineSince: online ? undefined : (known?.offlineSince ?? turn.now),
    acceptsRemoteConfig,
    document: known?.document,
    offered: known?.offered
  })
  turn.touched?.add(uid)
  for (const rollout of turn.rollouts) {
    const isCanary =
      isLive(rollout) && rollout.stage._tag !== "promoting" && rollout.stage._tag !== "promoted" && rollout.canary.includes(uid)
    if (isCanary && !isEligible(turn.agent(uid)!, rollout.plan)) turn.abort(rollout, `canary agent ${uid} has left its scope`)
    else settle(turn, rollout.id)
  }
}

/** Drops what is over: old rollouts, rules that rest no more, patches that may be tried again. */
const forget = (turn: Turn): void => {
  const { failed, findings, limits, now, resting } = turn.state
  const isAhead = ([, until]: readonly [string, number]): boolean => until > now
  if (Object.values(failed).some((until) => until <= now))
    turn.state = { ...turn.state, failed: Object.fromEntries(Object.entries(failed).filter(isAhead)) }
  if (Object.values(resting).some((until) => until <= now))
    turn.state = { ...turn.state, resting: Object.fromEntries(Object.entries(resting).filter(isAhead)) }
  if (turn.rollouts.length <= limits.remembered) return
  // A proposal that was declined is remembered for as long as its finding lasts, or it would be made again.
  const over = turn.rollouts.filter(
    (rollout) =>
      isOver(rollout) &&
      !(
        (rollout.stage._tag === "refused" || rollout.stage._tag === "aborted") &&
        rollout.finding !== undefined &&
        Object.hasOwn(findings, rollout.finding)
      )
  )
  const surplus = new Set(over.slice(0, Math.max(0, over.length - limits.remembered)).map(({ id }) => id))
  if (surplus.size > 0)
    turn.state = { ...turn.state, rollouts: Object.fromEntries(Object.entries(turn.state.rollouts).filter(([id]) => !surplus.has(id))) }
}
