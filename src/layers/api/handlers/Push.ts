import * as Effect from "effect/Effect"
import type { Fleet } from "../../../control/fleet/Fleet.ts"
import type { Loop } from "../../../control/loop/Loop.ts"
import { toUnknown } from "../../../domain/config/Node.ts"
import { parse } from "../../../domain/config/Parse.ts"
import { formatProblem } from "../../../domain/config/Problem.ts"
import { Source } from "../../../domain/config/Source.ts"
import type { Json } from "../../../domain/loop/Patch.ts"
import { Invalid, NotFound, type Refused } from "../Errors.ts"
import { type Accepted, planOf, type Push } from "../view/Inputs.ts"
import { command } from "./Commands.ts"

type Content = { readonly [section: string]: Json }

/** A document for agents: at once, or as a proposal whose patch merges it. */
export const push = (
  loop: Loop["Service"],
  fleet: Fleet["Service"],
  { agents, document, now, plan, reason, by }: typeof Push.Type
): Effect.Effect<Accepted, Invalid | NotFound | Refused> =>
  Effect.gen(function* () {
    if ("instance_uid" in agents && fleet.agent(agents.instance_uid) === undefined)
      return yield* new NotFound({ message: `no agent is known as ${agents.instance_uid}` })
    const content = yield* contentOf(document)
    if (now) {
      const meant = "labels" in agents ? agents : { uid: agents.instance_uid }
      return yield* command(loop, fleet, { _tag: "Push", by, agents: meant, document, content })
    }
    if ("instance_uid" in agents)
      return yield* invalid("payload.agents", "labels: one agent cannot be compared with others; or set `now` to push at once")
    return yield* command(loop, fleet, {
      _tag: "Propose",
      by,
      patch: { merge: content, append: [] },
      plan: { ...planOf(plan), scope: agents.labels },
      reason: reason === "" ? "a document that was pushed" : reason
    })
  })

const contentOf = (document: string): Effect.Effect<Content, Invalid> => {
  const { root, problems } = parse(new Source("document", document))
  if (root === undefined) {
    const found = problems.map((problem) => ({ path: "payload.document", message: formatProblem(problem) }))
    return Effect.fail(new Invalid({ message: "the document is no configuration", problems: found }))
  }
  const content = toUnknown(root)
  // Nothing, or nothing but comments.
  if (content === null || content === undefined) return Effect.succeed({})
  return root._tag === "Map" ? Effect.succeed(content as Content) : invalid("payload.document", "a map of sections is expected")
}

const invalid = (path: string, message: string) =>
  Effect.fail(new Invalid({ message: "the request is wrong", problems: [{ path, message }] }))
