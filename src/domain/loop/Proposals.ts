import { begin, draw, eligible, obstacle } from "./Begin.ts"
import { hashOf } from "./Canonical.ts"
import { Condition, encodeFinding } from "./Condition.ts"
import type { Finding } from "./Finding.ts"
import type { Subject } from "./Observation.ts"
import type { Patch } from "./Patch.ts"
import { type Plan, together } from "./Plan.ts"
import { makeRevision } from "./Revise.ts"
import type { Revision } from "./Revision.ts"
import { isLive, isOver, type Rollout } from "./Rollout.ts"
import type { Rule } from "./Rule.ts"
import { fillPatch } from "./Template.ts"
import { own, type Turn } from "./Turn.ts"

/** Compiled conditions by text; configurations change seldom, and an old one costs little. */
const compiled = new Map<string, Condition>()
const maxCompiled = 1000

const conditionOf = (text: string): Condition => {
  let condition = compiled.get(text)
  if (condition === undefined) {
    const result = Condition.compile(text)
    // The schema of the rule has compiled the same text.
    if (!(result instanceof Condition)) throw new Error(result.message)
    if (compiled.size >= maxCompiled) compiled.clear()
    compiled.set(text, (condition = result))
  }
  return condition
}

/** Asks the rules about findings. Those that fire at one moment go by priority, then by name. */
export const applyRules = (turn: Turn, findings: ReadonlyArray<Finding>): void => {
  if (turn.state.pausedAt !== undefined) return
  const rules = Object.entries(turn.state.rules).filter(([name]) => (own(turn.state.resting, name) ?? 0) <= turn.now)
  if (rules.length === 0) return
  const firing: Array<{ readonly name: string; readonly rule: Rule; readonly finding: Finding; readonly failure: string | undefined }> = []
  for (const finding of findings) {
    const encoded = encodeFinding(finding, turn.now)
    for (const [name, rule] of rules) {
      const holds = conditionOf(rule.when).holds(encoded)
      if (holds !== false) firing.push({ name, rule, finding, failure: holds === true ? undefined : holds.failure })
    }
  }
  firing.sort((a, b) => b.rule.priority - a.rule.priority || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  for (const { name, rule, finding, failure } of firing) {
    if (failure === undefined) answer(turn, name, rule, finding)
    else refuse(turn, name, finding, `its condition cannot be computed: ${failure}`)
  }
}

/** Does what a rule says about a finding that its condition holds for. */
const answer = (turn: Turn, name: string, rule: Rule, finding: Finding): void => {
  if (isHandled(turn, name, finding)) return
  const patch = fillPatch(rule.action, finding)
  if ("refusal" in patch) {
    refuse(turn, name, finding, patch.refusal)
    return
  }
  const patchHash = hashOf(patch)
  // Two findings that ask for the same change get it once.
  if (turn.rollouts.some((other) => !isOver(other) && other.patchHash === patchHash)) return
  const plan = planOf(rule, finding)
  const reason =
    obstacle(turn, patch, patchHash, plan) ?? (eligible(turn, plan).length === 0 ? "no agent in its scope takes configurations" : undefined)
  if (reason !== undefined) {
    refuse(turn, name, finding, reason)
    return
  }
  const why = `${finding.kind} of ${finding.subject.tenant}/${finding.subject.service} (${finding.subject.signal})`
  const rollout = propose(turn, { patch, plan, author: { kind: "rule", name }, reason: why, finding, mode: rule.mode })
  if (rollout?.stage._tag === "proposed" && rollout.stage.reason === "") begin(turn, rollout)
}

/** Whether a rule's answer to a finding is on its way already, or a person has said no to it. */
const isHandled = (turn: Turn, rule: string, { id, subject }: Finding): boolean =>
  turn.rollouts.some(
    (rollout) =>
      rollout.rule === rule &&
      (isOver(rollout)
        ? rollout.finding === id && (rollout.stage._tag === "refused" || rollout.stage._tag === "aborted")
        : isSame(rollout.subject, subject))
  )

const isSame = (a: Subject | undefined, b: Subject): boolean => a?.tenant === b.tenant && a.service === b.service && a.signal === b.signal

/** The same refusal is said once for each finding. */
const refuse = (turn: Turn, rule: string, finding: Finding, reason: string): void => {
  const about = JSON.stringify([rule, finding.id])
  // Remaining times in a reason change from second to second.
  const said = reason.replace(/\d+(\.\d+)? (ms|s|min|h)\b/, "")
  if (own(turn.state.refusals, about) === said) return
  turn.state = { ...turn.state, refusals: { ...turn.state.refusals, [about]: said } }
  turn.record({ _tag: "refusal", about: rule, rollout: undefined, reason })
}

const planOf = (rule: Rule, { subject }: Finding): Plan => ({
  scope: rule.scope.agents,
  goal: { metric: rule.goal.metric, direction: rule.goal.direction, atLeast: rule.goal.at_least, narrow: rule.goal.narrow },
  narrowing: rule.goal.narrow ? narrowingOf(subject) : {},
  lookAfterMillis: rule.goal.look_after,
  guardrails: rule.guardrails.map(({ metric, of, min, max }) => ({ metric, of, min, max })),
  canary:
    rule.canary.count !== undefined
      ? { kind: "count", count: rule.canary.count }
      : rule.canary.fraction !== undefined
        ? { kind: "fraction", fraction: rule.canary.fraction }
        : { kind: "default" },
  timeToLiveMillis: rule.ttl,
  cooldownMillis: rule.cooldown,
  priority: rule.priority
})

const narrowingOf = ({ tenant, service, signal }: Subject): Plan["narrowing"] => ({
  ...(tenant === together ? {} : { tenant }),
  ...(service === together ? {} : { service }),
  signal
})

export interface Proposal {
  readonly patch: Patch
  readonly plan: Plan
  readonly author: Revision["author"]
  readonly reason: string
  readonly finding: Finding | undefined
  readonly mode: "propose" | "act"
}

/**
 * Makes a rollout of what is wanted. It waits for approval unless a rule may act and there are agents to compare; what it waits for is
 * the stage's reason, empty for nothing. `undefined` if the same revision exists.
 */
export const propose = (turn: Turn, { patch, plan, author, reason, finding, mode }: Proposal): Rollout | undefined => {
  const parents = turn.rollouts.filter(isLive).map(({ id }) => id)
  const revision = makeRevision({ patch, parents, author, reason, timeToLiveMillis: plan.timeToLiveMillis, createdAt: turn.now })
  if (turn.rollout(revision.id) !== undefined) return undefined
  const rollout: Rollout = {
    id: revision.id,
    revision,
    patchHash: hashOf(patch),
    plan,
    rule: author.kind === "rule" ? author.name : undefined,
    finding: finding?.id,
    subject: finding?.subject,
    stage: { _tag: "proposed", until: turn.now + turn.state.limits.approvalMillis, reason: "" },
    pausedAt: undefined,
    canary: [],
    control: [],
    applied: [],
    order: 0,
    expiresAt: null,
    trial: undefined,
    looks: 0,
    evaluation: undefined
  }
  const waits =
    mode === "propose"
      ? "it is to be approved"
      : draw(turn, rollout).canary.length === 0
        ? `it would act, but ${eligible(turn, plan).length} agents are too few to compare: at least 2 canary and 2 control agents are needed`
        : ""
  turn.record({
    _tag: "proposal",
    rollout: rollout.id,
    author,
    finding: finding?.id,
    plan,
    reason,
    waits: waits === "" ? undefined : waits
  })
  turn.record({ _tag: "revision", rollout: rollout.id, revision, patchHash: rollout.patchHash })
  return turn.put({ ...rollout, stage: { _tag: "proposed", until: turn.now + turn.state.limits.approvalMillis, reason: waits } })
}
