import { configFor, type LiveRevision } from "./AgentConfig.ts"
import { hashOf } from "./Canonical.ts"
import { isExposed } from "./Progress.ts"
import { isLive } from "./Rollout.ts"
import type { Agent } from "./State.ts"
import type { Turn } from "./Turn.ts"

/**
 * Offers every touched agent what it should run, where that is something else than what it was offered last. Whatever has happened to
 * rollouts, this is the only way to the agents: a change that is taken back is simply not in the next offer.
 */
export const offer = (turn: Turn): void => {
  const live = turn.rollouts.filter(isLive)
  const agents = turn.touched === undefined ? Object.values(turn.state.agents) : [...turn.touched].flatMap((uid) => turn.agent(uid) ?? [])
  const changed: { [uid: string]: Agent } = {}
  for (const agent of agents) {
    const { acceptsRemoteConfig, document, offered, uid } = agent
    if (!acceptsRemoteConfig) continue
    const revisions = live
      .filter((rollout) => isExposed(turn, rollout, uid))
      .map(({ expiresAt, order, revision }): LiveRevision => ({ revision, order, expiresAt }))
      .toSorted((a, b) => a.order - b.order)
    if (offered === undefined && document === undefined && revisions.length === 0) continue
    const hash = hashOf(configFor(document, revisions))
    if (hash === offered?.hash) continue
    const ids = revisions.map(({ revision }) => revision.id)
    changed[uid] = { ...agent, offered: { hash, revisions: ids } }
    turn.effects.push({ _tag: "Offer", uid, document, revisions })
    turn.record({ _tag: "offer", uid, document: document === undefined ? undefined : hashOf(document), revisions: ids })
  }
  if (Object.keys(changed).length > 0) turn.state = { ...turn.state, agents: { ...turn.state.agents, ...changed } }
}
