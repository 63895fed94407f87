import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { duration, number, signedPercent } from "../../domain/loop/Numbers.ts"
import { printable, printableLine } from "../../domain/Printable.ts"
import type { EvaluationView } from "../api/view/EvaluationView.ts"
import type { RolloutDetail, RolloutView } from "../api/view/RolloutView.ts"
import { ask } from "./client/ControlClient.ts"
import { json, moment, table } from "./client/Table.ts"
import type { Where } from "./client/Where.ts"
import type { CommandFailure } from "./ExitCode.ts"

export const listRollouts = (where: Where, asJson: boolean): Effect.Effect<void, CommandFailure> =>
  Effect.flatMap(
    ask(where, (client) => client.rollouts.list()),
    (rollouts) => Console.log(asJson ? json(rollouts) : rollouts.length === 0 ? "no change has been proposed yet" : tableOf(rollouts))
  )

export const showRollout = (where: Where, id: string, asJson: boolean): Effect.Effect<void, CommandFailure> =>
  Effect.flatMap(
    ask(where, (client) => client.rollouts.get({ params: { id } })),
    (rollout) => Console.log(asJson ? json(rollout) : textOf(rollout))
  )

const stageOf = ({ stage, paused_since_unix_millis }: RolloutView): string =>
  paused_since_unix_millis === null ? stage : `${stage}, paused`

const tableOf = (rollouts: ReadonlyArray<RolloutView>): string =>
  table(
    ["ID", "MADE (UTC)", "STAGE", "BY", "CANARY", "CONTROL", "LOOKS", "LATEST LOOK", "FOR"],
    rollouts.map((rollout) => [
      rollout.id,
      moment(rollout.revision.created_at_unix_millis),
      stageOf(rollout),
      `${rollout.revision.author.kind} ${rollout.revision.author.name}`,
      String(rollout.arms.canary.length),
      String(rollout.arms.control.length),
      String(rollout.looks),
      rollout.evaluation?.judgement ?? "-",
      rollout.revision.reason
    ])
  )

const textOf = (rollout: RolloutDetail): string => {
  const { revision, plan, arms, evaluation, verdict } = rollout
  const line = (name: string, text: string) => `${name.padEnd(12)} ${printableLine(text)}`
  return [
    line("rollout", rollout.id),
    line("stage", `${stageOf(rollout)}${rollout.stage_reason === "" ? "" : `: ${rollout.stage_reason}`}`),
    ...(rollout.stage_deadline_unix_millis === null ? [] : [line("until", `${moment(rollout.stage_deadline_unix_millis)} UTC`)]),
    line("by", `${revision.author.kind} ${revision.author.name}, ${moment(revision.created_at_unix_millis)} UTC`),
    line("for", revision.reason),
    line("lives", plan.time_to_live_millis === null ? "until it is taken back" : duration(plan.time_to_live_millis)),
    line(
      "goal",
      plan.goal === null ? "none but the guardrails" : `${plan.goal.metric} ${plan.goal.direction} by ${number(plan.goal.at_least * 100)} %`
    ),
    line("canary", arms.canary.join(" ") || "not drawn"),
    line("control", arms.control.join(" ") || "not drawn"),
    line("applied", `${arms.applied.length} agents`),
    ...(evaluation === null ? [line("looks", "none yet")] : evaluationLines(evaluation, rollout.looks)),
    line("verdict", verdict === null ? "none" : `${verdict.judgement}: ${verdict.reason}`),
    "change",
    printable(JSON.stringify(revision.patch, undefined, 2)).replace(/^/gm, "  ")
  ].join("\n")
}

const evaluationLines = ({ goal, guardrails, judgement, reason }: EvaluationView, looks: number): ReadonlyArray<string> => [
  printableLine(`look ${String(looks).padEnd(7)} ${judgement}: ${reason}`),
  ...[...(goal === null ? [] : [goal]), ...guardrails].map(({ what, judgement: judged, estimate, interval }) => {
    const shown = (value: number | null) => (value === null ? "unbounded" : signedPercent(value))
    const range = interval === null ? "" : ` [${shown(interval[0])}, ${shown(interval[1])}]`
    return printableLine(
      `  ${what}: ${judged}${estimate === null ? "" : `, ${interval === null ? number(estimate) : shown(estimate)}${range}`}`
    )
  })
]
