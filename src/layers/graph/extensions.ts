import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import type { ExtensionContext } from "./Component.ts"
import type { Node, Nodes } from "./Nodes.ts"
import type { GraphPlan, Planned } from "./Plan.ts"
import type { Extension } from "./Component.ts"
import { thrownBy } from "./ComponentError.ts"
import { SwapError } from "./SwapError.ts"

/**
 * Extensions hold addresses of their own, so a changed one cannot stand beside its predecessor: the old ones that are changed or gone
 * are closed first, the new ones made, and if one of those fails the old ones are made again from what they were.
 */
export const swapExtensions = (
  plan: GraphPlan,
  old: Nodes,
  nodes: Nodes,
  context: Omit<ExtensionContext, "id">
): Effect.Effect<void, SwapError> =>
  Effect.gen(function* () {
    const stays = (id: string): boolean => old.extensions.get(id)?.fingerprint === plan.extensions.get(id)?.fingerprint
    const leaving = [...old.extensions.values()].filter(({ id }) => !stays(id))
    for (const node of leaving) yield* Scope.close(node.scope, Exit.void)
    const made: Array<Node<Planned<Extension>>> = []
    for (const [id, planned] of plan.extensions) {
      const standing = old.extensions.get(id)
      if (standing !== undefined && stays(id)) {
        nodes.extensions.set(id, standing)
        continue
      }
      const node = yield* start(planned, context).pipe(Effect.result)
      if (Result.isFailure(node)) {
        for (const { scope } of made) yield* Scope.close(scope, Exit.void)
        for (const { value } of leaving) {
          const again = yield* start(value, context).pipe(Effect.result)
          if (Result.isSuccess(again)) old.extensions.set(value.id, again.success)
        }
        return yield* new SwapError({ failures: [node.failure] })
      }
      made.push(node.success)
      nodes.extensions.set(id, node.success)
    }
  })

const start = (planned: Planned<Extension>, context: Omit<ExtensionContext, "id">) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    yield* Effect.suspend(() => planned.component.make(planned.config as never, { ...context, id: planned.id })).pipe(
      Scope.provide(scope),
      Effect.catchDefect((defect) => Effect.fail(thrownBy(planned.id, defect))),
      Effect.onError(() => Scope.close(scope, Exit.void))
    )
    return { id: planned.id, fingerprint: planned.fingerprint, scope, value: planned }
  })
