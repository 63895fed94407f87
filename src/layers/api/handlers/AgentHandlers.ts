import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Fleet } from "../../../control/fleet/Fleet.ts"
import { Loop } from "../../../control/loop/Loop.ts"
import { Api } from "../Api.ts"
import { NotFound, Refused, Unavailable } from "../Errors.ts"
import { agentDetail, agentView, hasFailed } from "../view/AgentView.ts"
import { acceptedAgent } from "./Commands.ts"
import { push } from "./Push.ts"

export const AgentHandlers = HttpApiBuilder.group(
  Api,
  "agents",
  Effect.fnUntraced(function* (handlers) {
    const [fleet, loop] = [yield* Fleet, yield* Loop]
    const find = (uid: string) =>
      Effect.suspend(() => {
        const agent = fleet.agent(uid)
        return agent === undefined ? Effect.fail(unknown(uid)) : Effect.succeed(agent)
      })
    return handlers
      .handle("list", () => Effect.sync(() => fleet.agents().map((agent) => agentView(agent, loop.state()))))
      .handle("get", ({ params }) => Effect.map(find(params.id), (agent) => agentDetail(agent, loop.state())))
      .handle("retry", ({ params }) =>
        Effect.gen(function* () {
          const agent = yield* find(params.id)
          if (!hasFailed(agent)) return yield* new Refused({ message: `${params.id} has not failed with what it should run` })
          yield* fleet.retry(params.id).pipe(
            Effect.catchTags({
              FleetError: ({ message }) => Effect.fail(new NotFound({ message })),
              FleetStoreError: ({ message }) => Effect.fail(new Unavailable({ message: `the fleet cannot be saved: ${message}` }))
            })
          )
          return { rollout: null, agents: [acceptedAgent(fleet, params.id)] }
        })
      )
      .handle("push", ({ payload }) => push(loop, fleet, payload))
  })
)

const unknown = (uid: string) => new NotFound({ message: `no agent is known as ${uid}` })
