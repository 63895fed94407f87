import { randomUUID } from "node:crypto"
import * as Effect from "effect/Effect"
import type { Fleet } from "../../../control/fleet/Fleet.ts"
import type { Loop } from "../../../control/loop/Loop.ts"
import type { Command } from "../../../domain/loop/Event.ts"
import { NotFound, Refused } from "../Errors.ts"
import type { Accepted } from "../view/Inputs.ts"

/** A command without its id: distributed over the union, so that each keeps its own fields. */
export type Wanted = Command extends infer C ? (C extends Command ? Omit<C, "id"> : never) : never

/** Has a command carried out; what the loop refuses fails with its reason. */
export const command = (loop: Loop["Service"], fleet: Fleet["Service"], wanted: Wanted): Effect.Effect<Accepted, Refused> =>
  Effect.flatMap(loop.command({ ...wanted, id: randomUUID() } as Command), (outcome) =>
    outcome._tag === "Refused"
      ? Effect.fail(new Refused({ message: outcome.reason }))
      : Effect.succeed({ rollout: outcome.rollout ?? null, agents: outcome.agents.map((uid) => acceptedAgent(fleet, uid)) })
  )

export const acceptedAgent = (fleet: Fleet["Service"], uid: string): Accepted["agents"][number] => {
  const agent = fleet.agent(uid)
  return { instance_uid: uid, status: agent?.status ?? "offline", desired_hash: agent?.desiredHash ?? null }
}

/** A command about a rollout that has to be there. */
export const aboutRollout = (
  loop: Loop["Service"],
  fleet: Fleet["Service"],
  wanted: Extract<Wanted, { readonly rollout: string | undefined }> & { readonly rollout: string }
): Effect.Effect<Accepted, NotFound | Refused> =>
  Effect.suspend((): Effect.Effect<Accepted, NotFound | Refused> =>
    Object.hasOwn(loop.state().rollouts, wanted.rollout)
      ? command(loop, fleet, wanted)
      : Effect.fail(new NotFound({ message: `there is no rollout ${wanted.rollout}` }))
  )
