import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { ask, whoAmI } from "./client/ControlClient.ts"
import type { Where } from "./client/Where.ts"
import type { CommandFailure } from "./ExitCode.ts"

export type RolloutAction = "approve" | "pause" | "resume" | "abort" | "rollback"

/** Has something done about a rollout, and prints where it stands then. */
export const actOnRollout = (where: Where, action: RolloutAction, id: string, reason: string): Effect.Effect<void, CommandFailure> =>
  ask(where, (client) =>
    client.rollouts[action]({ params: { id }, payload: { by: whoAmI(), reason } }).pipe(
      Effect.andThen(client.rollouts.get({ params: { id } })),
      Effect.flatMap(({ stage, paused_since_unix_millis }) =>
        Console.log(`${id}  ${stage}${paused_since_unix_millis === null ? "" : " (paused)"}`)
      )
    )
  )
