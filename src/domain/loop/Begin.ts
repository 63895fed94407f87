import { assign } from "./Assignment.ts"
import { duration } from "./Numbers.ts"
import type { Patch } from "./Patch.ts"
import type { Plan } from "./Plan.ts"
import { isLive, type Rollout } from "./Rollout.ts"
import { areDisjoint, matches } from "./Selector.ts"
import type { Agent } from "./State.ts"
import { own, type Turn } from "./Turn.ts"
import { commonPath } from "./Writers.ts"

/** Agents that a change with this plan may reach. */
export const isEligible = ({ acceptsRemoteConfig, labels }: Agent, { scope }: Plan): boolean =>
  acceptsRemoteConfig && matches(scope, labels)

/** Those of them that can take part in a comparison now. */
export const eligible = (turn: Turn, plan: Plan): ReadonlyArray<Agent> =>
  Object.values(turn.state.agents).filter((agent) => agent.online && isEligible(agent, plan))

/** Why a patch must not go to its scope now, if something forbids it. */
export const obstacle = (turn: Turn, patch: Patch, patchHash: string, plan: Plan): string | undefined => {
  const until = own(turn.state.failed, patchHash)
  if (until !== undefined && until > turn.now)
    return `the same patch was taken back; it is not tried again for ${duration(until - turn.now)}`
  for (const other of turn.rollouts) {
    if (!isLive(other) || areDisjoint(other.plan.scope, plan.scope)) continue
    const path = commonPath(patch, other.revision.patch)
    if (path !== undefined) return `rollout ${other.id} writes ${path} already; one value has one writer`
  }
  return undefined
}

/** Draws the arms; both are empty where there are too few agents to compare. */
export const draw = (turn: Turn, rollout: Rollout) => assign(turn.state.salt, rollout.id, eligible(turn, rollout.plan), rollout.plan.canary)

/** Starts a rollout that nothing stands against: canary agents first, or, where a person wants it without a comparison, everybody. */
export const begin = (turn: Turn, rollout: Rollout): void => {
  const { applyMillis, evidenceMillis, lagMillis, lookMillis } = turn.state.limits
  const { canary, control, order } = draw(turn, rollout)
  const started: Rollout = { ...rollout, canary, control, order: turn.state.nextOrder }
  turn.state = { ...turn.state, nextOrder: turn.state.nextOrder + 1 }
  if (canary.length === 0) {
    promote(turn, started, `approved without a comparison: ${order.length} agents are too few for one`)
    return
  }
  turn.record({ _tag: "assignment", rollout: rollout.id, salt: turn.state.salt, keys: order, canary, control })
  const deadline = turn.now + applyMillis
  const expiresAt = deadline + rollout.plan.lookAfterMillis + lagMillis + evidenceMillis + lookMillis
  const reason = `goes to ${canary.length} canary agents; ${control.length} are the control`
  turn.enter({ ...started, expiresAt }, { _tag: "applying", since: turn.now, deadline }, reason)
}

/** Offers a change to all of its scope; its time to live begins. */
export const promote = (turn: Turn, rollout: Rollout, reason: string): void => {
  const { timeToLiveMillis } = rollout.plan
  const expiresAt = timeToLiveMillis === null ? null : turn.now + timeToLiveMillis
  const promoting: Rollout = { ...rollout, applied: [], trial: undefined, expiresAt }
  turn.enter(promoting, { _tag: "promoting", deadline: turn.now + turn.state.limits.applyMillis }, reason)
}
