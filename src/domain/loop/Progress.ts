import { eligible, isEligible, promote } from "./Begin.ts"
import { hashOf } from "./Canonical.ts"
import type { EvaluationInput, Evaluator } from "./Evaluation.ts"
import type { Happening } from "./Event.ts"
import { duration } from "./Numbers.ts"
import { isLive, type Rollout, type Trial } from "./Rollout.ts"
import type { Turn } from "./Turn.ts"

/** What time does to a rollout. */
export const pass = (turn: Turn, { id }: Rollout): void => {
  const rollout = turn.rollout(id)!
  const { now } = turn
  const { stage } = rollout
  if (stage._tag === "proposed") {
    if (now >= stage.until) {
      const reason = `nobody approved it within ${duration(turn.state.limits.approvalMillis)}`
      turn.enter(rollout, { _tag: "refused", at: now, reason }, reason)
    }
    return
  }
  if (!isLive(rollout)) return
  if (rollout.expiresAt !== null && now >= rollout.expiresAt) {
    const reason =
      stage._tag === "promoted" || stage._tag === "promoting" ? "its time to live is over" : "its time was over before there was a verdict"
    turn.enter(rollout, { _tag: "expired", at: now, reason }, reason)
    return
  }
  const gone = goneCanary(turn, rollout)
  if (gone !== undefined) {
    turn.revert(rollout, gone)
    return
  }
  if (rollout.trial !== undefined && now >= rollout.trial.nextLook) ask(turn, rollout, rollout.trial)
  if (!turn.isPaused(rollout)) meetDeadline(turn, turn.rollout(id)!)
}

/** A canary agent that has been away for too long, while it matters. */
const goneCanary = (turn: Turn, { canary, stage }: Rollout): string | undefined => {
  if (stage._tag !== "applying" && stage._tag !== "observing" && stage._tag !== "held") return undefined
  const { goneMillis } = turn.state.limits
  for (const uid of canary) {
    const agent = turn.agent(uid)
    if (agent === undefined) return `canary agent ${uid} is gone`
    if (agent.offlineSince !== undefined && turn.now - agent.offlineSince >= goneMillis)
      return `canary agent ${uid} has been away for ${duration(goneMillis)}`
  }
  return undefined
}

const meetDeadline = (turn: Turn, rollout: Rollout): void => {
  const { stage } = rollout
  switch (stage._tag) {
    case "applying":
    case "promoting": {
      if (turn.now < stage.deadline) return
      const late = waitedFor(turn, rollout).filter((uid) => !rollout.applied.includes(uid))
      turn.revert(
        rollout,
        `${late.length} agents have not applied it within ${duration(turn.state.limits.applyMillis)} (${late.slice(0, 3).join(", ")})`
      )
      return
    }
    case "observing":
      if (turn.now >= stage.deadline) conclude(turn, rollout, "inconclusive", "the evidence did not come in time")
      return
    case "held":
      if (turn.now >= stage.until) turn.revert(rollout, `held without a decision: ${stage.reason}`)
      return
  }
}

/** Agents whose APPLIED the stage waits for: while promoting everybody in scope who is online. */
const waitedFor = (turn: Turn, { canary, plan, stage }: Rollout): ReadonlyArray<string> =>
  stage._tag === "promoting" ? eligible(turn, plan).map(({ uid }) => uid) : canary

/** Goes on where all that is waited for has been applied. */
export const settle = (turn: Turn, id: string): void => {
  const rollout = turn.rollout(id)
  if (rollout === undefined || turn.isPaused(rollout)) return
  const { plan, stage } = rollout
  if (stage._tag !== "applying" && stage._tag !== "promoting") return
  const applied = new Set(rollout.applied)
  if (!waitedFor(turn, rollout).every((uid) => applied.has(uid))) return
  const { now } = turn
  if (stage._tag === "promoting") {
    turn.enter(rollout, { _tag: "promoted", at: now }, `${applied.size} agents run it`)
    return
  }
  const { evidenceMillis, lagMillis, lookMillis } = turn.state.limits
  const to = now + plan.lookAfterMillis
  const trial: Trial = {
    pre: { from: stage.since - plan.lookAfterMillis, to: stage.since },
    post: { from: now, to },
    nextLook: Math.min(now + lookMillis, to + lagMillis),
    asked: undefined
  }
  const deadline = to + lagMillis + evidenceMillis
  turn.enter(
    { ...rollout, trial },
    { _tag: "observing", deadline },
    `all canary agents run it; the arms are compared in ${duration(plan.lookAfterMillis)}`
  )
}

/** Asks for evidence: of the whole planned time once it is over, else of what is over of it, for the guardrails. */
const ask = (turn: Turn, rollout: Rollout, trial: Trial): void => {
  const { limits, now } = turn.state
  const arrived = now - limits.lagMillis
  const isFinal = rollout.stage._tag === "observing" && arrived >= trial.post.to && !turn.isPaused(rollout)
  // Held rollouts are watched over the last stretch; before the planned end it begins with the trial.
  const post = isFinal
    ? trial.post
    : { from: Math.max(trial.post.from, arrived - rollout.plan.lookAfterMillis), to: Math.max(arrived, trial.post.from) }
  const look = rollout.looks + 1
  const due = trial.post.to + limits.lagMillis
  const nextLook = now < due ? Math.min(now + limits.lookMillis, due) : now + limits.lookMillis
  const isEmpty = post.to <= post.from
  turn.put({
    ...rollout,
    looks: isEmpty ? rollout.looks : look,
    trial: { ...trial, nextLook, asked: isEmpty ? undefined : { look, post, isFinal } }
  })
  if (isEmpty) return
  turn.effects.push({
    _tag: "RequestEvidence",
    rollout: rollout.id,
    look,
    pre: trial.pre,
    post,
    units: [...rollout.canary, ...rollout.control],
    narrowing: rollout.plan.narrowing
  })
}

/** Judges evidence that was asked for; an answer to an older question is nobody's. */
export const judge = (turn: Turn, { look, rollout: id, units }: Extract<Happening, { _tag: "Evidence" }>, evaluator: Evaluator): void => {
  const rollout = turn.rollout(id)
  const asked = rollout?.trial?.asked
  if (rollout?.trial === undefined || asked?.look !== look) return
  const { canary, control, plan, trial } = rollout
  const isFinal = asked.isFinal && !turn.isPaused(rollout)
  const wanted = new Set([...canary, ...control])
  const input: EvaluationInput = {
    plan,
    canary,
    control,
    pre: trial.pre,
    post: asked.post,
    units: units.filter(({ unit }) => wanted.has(unit)),
    look,
    isFinal
  }
  const evaluation = evaluator.evaluate(input)
  turn.record({ _tag: "look", rollout: id, input, inputHash: hashOf(input), evaluation })
  const judged = turn.put({ ...rollout, evaluation, trial: { ...trial, asked: undefined } })
  if (evaluation.judgement === "fail" || isFinal) conclude(turn, judged, evaluation.judgement, evaluation.reason)
}

/** Acts on a verdict: what is not shown to be good does not stay, but that a person may decide about what a person wrote. */
const conclude = (turn: Turn, rollout: Rollout, judgement: "pass" | "fail" | "inconclusive", reason: string): void => {
  turn.record({ _tag: "verdict", rollout: rollout.id, look: rollout.looks, judgement, reason })
  if (judgement === "pass") promote(turn, rollout, reason)
  else if (judgement === "fail" || rollout.rule !== undefined) turn.revert(rollout, reason)
  else {
    const until = turn.now + turn.state.limits.holdMillis
    turn.enter({ ...rollout, expiresAt: until + turn.state.limits.lookMillis }, { _tag: "held", until, reason }, reason)
  }
}

/** What an agent reports about an offer. */
export const hear = (turn: Turn, { message, revisions, status, uid }: Extract<Happening, { _tag: "AgentStatus" }>): void => {
  if (revisions.length > 0) turn.record({ _tag: "status", uid, revisions, status, message })
  retake(turn, uid, revisions)
  const concerned = revisions.flatMap((id) => {
    const rollout = turn.rollout(id)
    return rollout !== undefined && isWatched(rollout) && isExposed(turn, rollout, uid) ? [rollout] : []
  })
  if (status === "APPLIED") {
    for (const rollout of concerned) {
      if (!rollout.applied.includes(uid)) turn.put({ ...rollout, applied: [...rollout.applied, uid] })
      settle(turn, rollout.id)
    }
  } else if (status === "FAILED") {
    // Of several revisions in one offer the ones are to blame that the agent has not run before.
    const fresh = concerned.filter(({ applied }) => !applied.includes(uid))
    for (const rollout of fresh.length > 0 ? fresh : concerned) turn.revert(rollout, `agent ${uid} could not apply it: ${message}`)
  }
}

/** An agent that was forgotten and has come back may still run what it was offered then: that counts as its last offer. */
const retake = (turn: Turn, uid: string, revisions: ReadonlyArray<string>): void => {
  const agent = turn.agent(uid)
  if (agent === undefined || agent.offered !== undefined || revisions.length === 0) return
  turn.putAgent({ ...agent, offered: { hash: "", revisions } })
  turn.touched?.add(uid)
}

const isWatched = ({ stage }: Rollout): boolean =>
  stage._tag === "applying" || stage._tag === "observing" || stage._tag === "held" || stage._tag === "promoting"

/** Whether an agent is to run a live rollout's revision. */
export const isExposed = (turn: Turn, rollout: Rollout, uid: string): boolean => {
  const agent = turn.agent(uid)
  if (agent === undefined || !isLive(rollout) || !isEligible(agent, rollout.plan)) return false
  if (rollout.stage._tag === "promoted" || rollout.canary.includes(uid)) return true
  // What is paused reaches nobody new.
  return rollout.stage._tag === "promoting" && (!turn.isPaused(rollout) || agent.offered?.revisions.includes(rollout.id) === true)
}
