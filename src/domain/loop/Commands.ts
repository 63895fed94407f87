import { begin, eligible, obstacle, promote } from "./Begin.ts"
import { hashOf } from "./Canonical.ts"
import type { Outcome } from "./Effect.ts"
import type { Command } from "./Event.ts"
import { settle } from "./Progress.ts"
import { propose } from "./Proposals.ts"
import { isLive, isOver, type Rollout } from "./Rollout.ts"
import { matches } from "./Selector.ts"
import type { Turn } from "./Turn.ts"
import { commonPath } from "./Writers.ts"

type Of<Tag extends Command["_tag"]> = Extract<Command, { readonly _tag: Tag }>

const accepted = (rollout?: string, agents: ReadonlyArray<string> = []): Outcome => ({ _tag: "Accepted", rollout, agents })
const refused = (reason: string): Outcome => ({ _tag: "Refused", reason })

/** Does what a person wants, or says why not. */
export const obey = (turn: Turn, command: Command): void => {
  turn.record({ _tag: "command", command })
  const outcome = carryOut(turn, command)
  if (outcome._tag === "Refused") {
    const rollout = "rollout" in command ? command.rollout : undefined
    turn.record({ _tag: "refusal", about: command.id, rollout, reason: outcome.reason })
  }
  turn.effects.push({ _tag: "Answer", command: command.id, outcome })
}

const carryOut = (turn: Turn, command: Command): Outcome => {
  switch (command._tag) {
    case "Propose":
      return proposeByPerson(turn, command)
    case "Push":
      return push(turn, command)
    case "Pause":
      return command.rollout === undefined ? pauseLoop(turn) : withRollout(turn, command.rollout, (rollout) => pause(turn, rollout))
    case "Resume":
      return command.rollout === undefined ? resumeLoop(turn) : withRollout(turn, command.rollout, (rollout) => resume(turn, rollout))
    case "Approve":
      return withRollout(turn, command.rollout, (rollout) => approve(turn, rollout, command.by))
    case "Abort":
      return withRollout(turn, command.rollout, (rollout) => abort(turn, rollout, command))
    case "Rollback":
      return withRollout(turn, command.rollout, (rollout) => rollback(turn, rollout, command))
  }
}

const withRollout = (turn: Turn, id: string, act: (rollout: Rollout) => Outcome): Outcome => {
  const rollout = turn.rollout(id)
  if (rollout === undefined) return refused(`there is no rollout ${id}`)
  return isOver(rollout) ? refused(`rollout ${id} is over: ${rollout.stage._tag}`) : act(rollout)
}

const proposeByPerson = (turn: Turn, { by, patch, plan, reason }: Of<"Propose">): Outcome => {
  if (Object.keys(patch.merge).length === 0 && patch.append.length === 0) return refused("the patch is empty")
  if (eligible(turn, plan).length === 0) return refused("no agent in its scope is online and takes configurations")
  const against = obstacle(turn, patch, hashOf(patch), plan)
  if (against !== undefined) return refused(against)
  const rollout = propose(turn, { patch, plan, author: { kind: "person", name: by }, reason, finding: undefined, mode: "propose" })
  return rollout === undefined ? refused("the same revision was proposed at this moment") : accepted(rollout.id)
}

const approve = (turn: Turn, rollout: Rollout, by: string): Outcome => {
  if (turn.isPaused(rollout)) return refused("it is paused")
  if (rollout.stage._tag === "held") {
    promote(turn, rollout, `approved by ${by} without a verdict`)
    return accepted(rollout.id)
  }
  if (rollout.stage._tag !== "proposed") return refused(`it does not wait for approval: ${rollout.stage._tag}`)
  const against = obstacle(turn, rollout.revision.patch, rollout.patchHash, rollout.plan)
  if (against !== undefined) return refused(against)
  if (eligible(turn, rollout.plan).length === 0) return refused("no agent in its scope is online and takes configurations")
  begin(turn, rollout)
  return accepted(rollout.id)
}

const pause = (turn: Turn, rollout: Rollout): Outcome => {
  if (rollout.pausedAt !== undefined) return refused("it is paused already")
  if (rollout.stage._tag === "promoted") return refused("it is promoted: there is nothing to pause")
  turn.put({ ...rollout, pausedAt: turn.now })
  return accepted(rollout.id)
}

const resume = (turn: Turn, rollout: Rollout): Outcome => {
  if (rollout.pausedAt === undefined) return refused("it is not paused")
  // What the pause of the whole loop covers is added when that one ends.
  const counted = (turn.state.pausedAt ?? turn.now) - rollout.pausedAt
  turn.put({ ...later(rollout, Math.max(0, counted)), pausedAt: undefined })
  turn.touched = undefined
  settle(turn, rollout.id)
  return accepted(rollout.id)
}

const pauseLoop = (turn: Turn): Outcome => {
  if (turn.state.pausedAt !== undefined) return refused("the loop is paused already")
  turn.state = { ...turn.state, pausedAt: turn.now }
  return accepted()
}

const resumeLoop = (turn: Turn): Outcome => {
  const { pausedAt } = turn.state
  if (pausedAt === undefined) return refused("the loop is not paused")
  turn.state = { ...turn.state, pausedAt: undefined }
  turn.touched = undefined
  for (const rollout of turn.rollouts) {
    turn.put(later(rollout, Math.max(0, (rollout.pausedAt ?? turn.now) - pausedAt)))
    settle(turn, rollout.id)
  }
  return accepted()
}

/** A deadline that was not counted down for a time. The end of the exposure does not move: agents have been told of it. */
const later = (rollout: Rollout, millis: number): Rollout => {
  const { stage } = rollout
  switch (stage._tag) {
    case "applying":
    case "promoting":
    case "observing":
      return { ...rollout, stage: { ...stage, deadline: stage.deadline + millis } }
    default:
      return rollout
  }
}

const abort = (turn: Turn, rollout: Rollout, { by, reason }: Of<"Abort">): Outcome => {
  const why = `by ${by}: ${reason}`
  if (rollout.stage._tag === "promoted") return refused("it is promoted: roll it back instead")
  if (rollout.stage._tag === "proposed") turn.enter(rollout, { _tag: "refused", at: turn.now, reason: why }, why)
  else turn.abort(rollout, why)
  return accepted(rollout.id)
}

const rollback = (turn: Turn, rollout: Rollout, { by, reason }: Of<"Rollback">): Outcome => {
  if (!isLive(rollout)) return refused("it was never offered: abort it instead")
  turn.revert(rollout, `rolled back by ${by}: ${reason}`)
  return accepted(rollout.id)
}

/** A document lies below the patches. It must not disturb a comparison, and what it says must not be hidden by a patch unnoticed. */
const push = (turn: Turn, { agents, content, document }: Of<"Push">): Outcome => {
  const named = Object.values(turn.state.agents).filter(({ uid, labels }) =>
    "uid" in agents ? uid === agents.uid : matches(agents.labels, labels)
  )
  if (named.length === 0) return refused("no agent matches")
  const deaf = named.filter(({ acceptsRemoteConfig }) => !acceptsRemoteConfig)
  if (deaf.length > 0) return refused(`${deaf.length} of ${named.length} agents take no configuration (${deaf[0]!.uid})`)
  const uids = new Set(named.map(({ uid }) => uid))
  for (const rollout of turn.rollouts) {
    if (!isLive(rollout)) continue
    const { canary, control, id, revision, stage } = rollout
    if (stage._tag !== "promoted" && [...canary, ...control].some((uid) => uids.has(uid)))
      return refused(`rollout ${id} is comparing some of these agents; abort it first`)
    const path = commonPath({ merge: content, append: [] }, { merge: revision.patch.merge, append: [] })
    if (path !== undefined && named.some(({ labels }) => matches(rollout.plan.scope, labels)))
      return refused(`rollout ${id} writes ${path} above the document; roll it back first`)
  }
  const pushed = document.trim() === "" ? undefined : document
  const changed = Object.fromEntries(named.map((agent) => [agent.uid, { ...agent, document: pushed }]))
  turn.state = { ...turn.state, agents: { ...turn.state.agents, ...changed } }
  for (const uid of uids) turn.touched?.add(uid)
  return accepted(undefined, [...uids])
}
