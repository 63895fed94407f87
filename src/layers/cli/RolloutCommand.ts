import * as Effect from "effect/Effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { jsonFlag, whereFlags, whereOf } from "./client/ApiFlags.ts"
import type { RolloutAction } from "./RolloutAct.ts"

const id = Argument.String("id").pipe(Argument.withDescription("The rollout's id"))

const list = Command.make("list", { ...whereFlags, json: jsonFlag }).pipe(
  Command.withDescription("List rollouts, oldest first: stage, author, arms, what the latest look says."),
  Command.withShortDescription("List rollouts"),
  Command.withHandler(({ json, ...flags }) =>
    Effect.flatMap(
      Effect.promise(() => import("./RolloutShow.ts")),
      ({ listRollouts }) => listRollouts(whereOf(flags), json)
    )
  )
)

const show = Command.make("show", { ...whereFlags, id, json: jsonFlag }).pipe(
  Command.withDescription("Show one rollout: its change, plan, arms, the evaluation with estimates and intervals, the verdict."),
  Command.withShortDescription("Show one rollout"),
  Command.withHandler(({ id: rollout, json, ...flags }) =>
    Effect.flatMap(
      Effect.promise(() => import("./RolloutShow.ts")),
      ({ showRollout }) => showRollout(whereOf(flags), rollout, json)
    )
  )
)

const act = <Name extends RolloutAction>(name: Name, description: string) =>
  Command.make(name, {
    ...whereFlags,
    id,
    reason: Flag.String("reason").pipe(Flag.withMetavar("TEXT"), Flag.withDescription("Why, for the journal"), Flag.withDefault(""))
  }).pipe(
    Command.withDescription(`${description} Exit code 1 when it is refused.`),
    Command.withShortDescription(description.slice(0, -1)),
    Command.withHandler(({ id: rollout, reason, ...flags }) =>
      Effect.flatMap(
        Effect.promise(() => import("./RolloutAct.ts")),
        ({ actOnRollout }) => actOnRollout(whereOf(flags), name, rollout, reason)
      )
    )
  )

/** `weir rollout`: changes on their way. */
export const rollout = Command.make("rollout").pipe(
  Command.withDescription("Look at changes on their way to agents, and decide about them."),
  Command.withShortDescription("Look at rollouts, decide about them"),
  Command.withSubcommands([
    list,
    show,
    act("approve", "Start a proposal, or promote a rollout that is held."),
    act("pause", "Stop a rollout where it is."),
    act("resume", "Let a paused rollout go on."),
    act("abort", "End a rollout that is not promoted, or decline a proposal."),
    act("rollback", "Take a change back from every agent.")
  ])
)
