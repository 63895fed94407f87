import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Fleet } from "../../../control/fleet/Fleet.ts"
import { Loop } from "../../../control/loop/Loop.ts"
import { LoopStore } from "../../../control/loop/LoopStore.ts"
import { Api } from "../Api.ts"
import { NotFound, Unavailable } from "../Errors.ts"
import { planOf } from "../view/Inputs.ts"
import { revisionView, rolloutView } from "../view/RolloutView.ts"
import { aboutRollout, command } from "./Commands.ts"

/** A verdict is among the last records of its rollout. */
const lookedBack = 1000

export const RolloutHandlers = HttpApiBuilder.group(
  Api,
  "rollouts",
  Effect.fnUntraced(function* (handlers) {
    const [fleet, loop, journal] = [yield* Fleet, yield* Loop, yield* LoopStore]
    const rollouts = () => Object.values(loop.state().rollouts)
    return handlers
      .handle("list", () => Effect.sync(() => rollouts().map(rolloutView)))
      .handle("revisions", () => Effect.sync(() => rollouts().map(({ revision }) => revisionView(revision))))
      .handle("get", ({ params: { id } }) =>
        Effect.gen(function* () {
          const rollout = rollouts().find((one) => one.id === id)
          if (rollout === undefined) return yield* new NotFound({ message: `there is no rollout ${id}` })
          const records = yield* journal
            .read({ rollout: id, limit: lookedBack })
            .pipe(Effect.mapError(({ message }) => new Unavailable({ message: `the journal cannot be read: ${message}` })))
          const entry = records.findLast((record) => record.entry._tag === "verdict")?.entry
          const verdict =
            entry?._tag !== "verdict"
              ? null
              : { judgement: entry.judgement, reason: entry.reason, look: entry.look, at_unix_millis: entry.at }
          return { ...rolloutView(rollout), verdict }
        })
      )
      .handle("propose", ({ payload: { patch, plan, reason, by } }) =>
        command(loop, fleet, { _tag: "Propose", by, patch, plan: planOf(plan), reason })
      )
      .handle("approve", ({ params, payload: { by } }) => aboutRollout(loop, fleet, { _tag: "Approve", by, rollout: params.id }))
      .handle("pause", ({ params, payload: { by } }) => aboutRollout(loop, fleet, { _tag: "Pause", by, rollout: params.id }))
      .handle("resume", ({ params, payload: { by } }) => aboutRollout(loop, fleet, { _tag: "Resume", by, rollout: params.id }))
      .handle("abort", ({ params, payload: { by, reason } }) =>
        aboutRollout(loop, fleet, { _tag: "Abort", by, reason, rollout: params.id })
      )
      .handle("rollback", ({ params, payload: { by, reason } }) =>
        aboutRollout(loop, fleet, { _tag: "Rollback", by, reason, rollout: params.id })
      )
  })
)

export const LoopHandlers = HttpApiBuilder.group(
  Api,
  "loop",
  Effect.fnUntraced(function* (handlers) {
    const [fleet, loop] = [yield* Fleet, yield* Loop]
    return handlers
      .handle("pause", ({ payload: { by } }) => command(loop, fleet, { _tag: "Pause", by, rollout: undefined }))
      .handle("resume", ({ payload: { by } }) => command(loop, fleet, { _tag: "Resume", by, rollout: undefined }))
  })
)
