import type { Finding } from "../../src/domain/loop/Finding.ts"
import type { Plan } from "../../src/domain/loop/Plan.ts"
import { gatewayCount, nameOf, ruleName, scope, type Tenant, tenants } from "./Configuration.ts"
import { type Books, imbalance, type TenantBooks } from "./Books.ts"
import type { Journal } from "./Journal.ts"
import { compared, effect, harm } from "./Look.ts"
import type { Pace } from "./Pace.ts"
import { ratesBetween } from "./Rates.ts"
import { pause, StepFailed, type Story, until } from "./Story.ts"
import { stormyTenant } from "./Visitors.ts"
import type { World } from "./World.ts"

export interface Stage {
  readonly story: Story
  readonly world: World
  readonly journal: Journal
  readonly pace: Pace
  /** Says what the next steps are about. */
  readonly announce: (line: string) => void
}

/** Who acts in act two. */
const person = "dana"

const names = (uids: ReadonlyArray<string>): string => uids.map(nameOf).toSorted().join(" and ")

export const prologue = async ({ story, world, pace, announce }: Stage): Promise<void> => {
  announce(`A shop of two tenants, ${tenants.join(" and ")}, sends over four gateways, each tenant's spans to its own backend`)
  await story.step(
    `${gatewayCount} gateways are in the fleet`,
    () =>
      until(async () => {
        const agents = await world.api.agents()
        const here = agents.filter(({ status, accepts_remote_config }) => status === "online" && accepts_remote_config)
        return here.length === gatewayCount ? here : undefined
      }),
    (agents) =>
      `${agents
        .map(({ instance_uid }) => nameOf(instance_uid))
        .toSorted()
        .join(", ")} are online over OpAMP`
  )
  world.visitors.open()
  await story.step(
    "spans of both tenants arrive at their backends",
    () =>
      until(async () => {
        const reports = await world.backendReports()
        return tenants.every((tenant) => reports[tenant].spans > 0) ? reports : undefined
      }),
    () => "through every gateway, each tenant's to its own backend"
  )
  await story.step(
    "a calm stretch, for the detector to learn from",
    () => pause(pace.calmSeconds * 1000),
    () => `${pace.calmSeconds} s of everyday traffic`
  )
}

/** One tenant's checkout storms; the rule samples the healthy part, is tried on two gateways, promoted, and expires. */
export const actOne = async (stage: Stage): Promise<void> => {
  const { story, world, journal, pace, announce } = stage
  announce(
    `Act one: a broken program asks ${stormyTenant}'s checkout for the same cart over and over, ${pace.stormFactor} times its usual traffic`
  )
  world.visitors.beginStorm()
  const finding = await story.step(
    `checkout of ${stormyTenant} storms, and is found`,
    () => journal.first("finding", ({ change, finding }) => change === "FindingOpened" && isStorm(finding)),
    ({ finding: { value, expected, score } }) =>
      `${value.toFixed(0)} spans/s instead of ${expected?.toFixed(0) ?? "?"}, score ${score.toFixed(2)}`
  )
  const proposal = await story.step(
    "the rule proposes to sample the healthy part",
    () => journal.first("proposal", (entry) => entry.finding === finding.finding.id),
    ({ author, plan }) => `rule ${author.name}: ${goalOf(plan)}, errors all kept`
  )
  if (proposal.author.name !== ruleName || proposal.waits !== undefined) throw new StepFailed(`the rule does not act: ${proposal.waits}`)
  const { rollout } = proposal
  const arms = await story.step(
    "two gateways try it, two are the control",
    () => journal.first("assignment", (entry) => entry.rollout === rollout),
    ({ canary, control }) => `canary: ${names(canary)}; control: ${names(control)}`
  )
  await story.step(
    "the canary gateways have applied it",
    () => stageOf(journal, rollout, "observing"),
    () => `${names(arms.canary)} report APPLIED`
  )
  const verdict = await story.step(
    "canary and control are compared",
    () => journal.first("verdict", (entry) => entry.rollout === rollout),
    ({ judgement }) => `${judgement.toUpperCase()}: ${effect(lookAt(journal, rollout))}`
  )
  if (verdict.judgement !== "pass") throw new StepFailed(`the comparison should pass, but is ${verdict.judgement}: ${verdict.reason}`)
  await story.step(
    "it is promoted to all gateways",
    () => stageOf(journal, rollout, "promoted"),
    ({ reason }) => reason
  )
  await story.step(
    "all gateways keep the errors, and little of the rest",
    async () => {
      const before = await world.books()
      await pause(pace.afterglowSeconds * 1000)
      return ratesBetween(before, await world.books(), pace.afterglowSeconds)[stormyTenant]
    },
    ({ received, kept, sampled }) =>
      `of ${received.toFixed(0)} spans/s of ${stormyTenant} ${kept.toFixed(0)} are kept, ${sampled.toFixed(0)} sampled away`
  )
  world.visitors.endStorm()
  await story.step(
    "the storm ends, and so does the finding",
    () => journal.first("finding", ({ change, finding: { id } }) => change === "FindingClosed" && id === finding.finding.id),
    () => "the change stays until its time is over"
  )
  await story.step(
    "the change expires",
    () => stageOf(journal, rollout, "expired"),
    ({ reason }) => reason
  )
  await story.step(
    "all gateways run their own configuration again",
    () => settled(world),
    () => `${gatewayCount} gateways without a revision`
  )
  await world.visitors.close()
  const { [stormyTenant]: books } = await balanced(stage, "no error span was lost: the books of act one balance")
  if (books.errors !== books.backendErrors)
    throw new StepFailed(`${stormyTenant} sent ${books.errors} error spans, its backend has ${books.backendErrors}`)
  world.visitors.open()
}

/** A person wants declined cards out of the error rate; the change looks good there, loses error spans, and is taken back. */
export const actTwo = async ({ story, world, journal, pace, announce }: Stage): Promise<void> => {
  announce(`Act two: ${person} wants declined cards out of the error rate`)
  const rollout = await story.step(
    `${person} proposes to drop declined cards`,
    () =>
      world.api.propose({
        by: person,
        reason: "declined cards are no failures of ours; the error rate should not show them",
        patch: {
          merge: {},
          append: [
            { path: ["processors", "filter/tidy", "trace_conditions"], value: 'span.attributes["http.response.status_code"] == 402' }
          ]
        },
        plan: {
          scope,
          goal: { metric: "error_ratio", direction: "down", at_least: 0.2 },
          look_after: `${pace.compareSeconds}s`,
          canary: { count: 2 }
        }
      }),
    () => "goal: error_ratio down by at least 20 %; it waits for approval"
  )
  const arms = await story.step(
    `${person} approves it; two gateways try it`,
    async () => {
      await world.api.approve(rollout, person)
      return journal.first("assignment", (entry) => entry.rollout === rollout)
    },
    ({ canary, control }) => `canary: ${names(canary)}; control: ${names(control)}`
  )
  await story.step(
    "the canary gateways have applied it",
    () => stageOf(journal, rollout, "observing"),
    () => `${names(arms.canary)} report APPLIED`
  )
  const verdict = await story.step(
    "error spans are missing at the canary",
    () => journal.first("verdict", (entry) => entry.rollout === rollout),
    ({ judgement }) => `${judgement.toUpperCase()}: ${harm(lookAt(journal, rollout))}; ${compared(lookAt(journal, rollout))}`
  )
  if (verdict.judgement !== "fail") throw new StepFailed(`the comparison should fail, but is ${verdict.judgement}: ${verdict.reason}`)
  await story.step(
    "it is taken back",
    () => stageOf(journal, rollout, "reverted"),
    () => `before ${names(arms.control)} ever had it`
  )
  const reached = journal.entries("offer").filter(({ uid, revisions }) => arms.control.includes(uid) && revisions.includes(rollout))
  if (reached.length > 0) throw new StepFailed(`it has reached ${names(reached.map(({ uid }) => uid))}`)
  await story.step(
    "all gateways run their own configuration again",
    () => settled(world),
    () => `${gatewayCount} gateways without a revision`
  )
}

/** The record has to give the same verdicts again; the shop closes, and every span has to be accounted for. */
export const epilogue = async (stage: Stage): Promise<Books> => {
  const { story, world, journal } = stage
  await story.step(
    "both verdicts are computed again from the journal",
    async () => {
      const replays = await Promise.all(journal.entries("verdict").map(({ rollout }) => world.api.replay(rollout)))
      const changed = replays.find(({ is_same }) => !is_same)
      if (changed !== undefined) throw new StepFailed(`the journal of ${changed.rollout} does not give the recorded verdict again`)
      return replays
    },
    (replays) => replays.map(({ verdict, looks }) => `${verdict?.again} after ${looks.length} looks, as recorded`).join("; ")
  )
  await world.visitors.close()
  return balanced(stage, "the books balance")
}

/** While nobody is in the shop. */
const balanced = ({ story, world }: Stage, what: string): Promise<Books> => {
  let problem: string | undefined
  const observe = () =>
    until(async () => {
      const books = await world.settledBooks()
      problem = imbalance(books)
      return problem === undefined ? books : undefined
    })
  return story
    .step(what, observe, (books) => tenants.map((tenant) => accountOf(tenant, books[tenant])).join("; "))
    .catch((error: unknown) => {
      throw problem === undefined ? error : new StepFailed(`the books do not balance: ${problem}`)
    })
}

const accountOf = (tenant: Tenant, { made, errors, backendErrors }: TenantBooks): string =>
  `${tenant}'s ${made} spans are all accounted for, ${backendErrors} of ${errors} error spans are at its backend`

const isStorm = ({ kind, subject }: Finding): boolean =>
  kind === "volume" && subject.tenant === stormyTenant && subject.service === "checkout"

const goalOf = ({ goal }: Plan): string =>
  goal === undefined ? "no goal" : `${goal.metric} ${goal.direction} by at least ${Math.round(goal.atLeast * 100)} %`

/** The latest look at a rollout. */
const lookAt = (journal: Journal, rollout: string) => journal.entries("look").findLast((entry) => entry.rollout === rollout)!

const endings: ReadonlySet<string> = new Set(["expired", "reverted", "refused", "aborted"])

/** Waits for a rollout's stage; an end that is another one ends the wait. */
const stageOf = async (journal: Journal, rollout: string, stage: string) => {
  const action = await journal.first("action", (entry) => entry.rollout === rollout && (entry.stage === stage || endings.has(entry.stage)))
  if (action.stage !== stage) throw new StepFailed(`the rollout should be ${stage}, but is ${action.stage}: ${action.reason}`)
  return action
}

/** No agent is offered a revision any more, and each has applied what it is offered. */
const settled = (world: World) =>
  until(async () => {
    const agents = await world.api.agents()
    return agents.every(
      ({ revisions, remote_config: { status, hash }, desired_hash }) =>
        revisions.length === 0 && status === "APPLIED" && hash === desired_hash
    )
      ? agents
      : undefined
  })
