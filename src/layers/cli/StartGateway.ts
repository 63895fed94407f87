import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import { isNoRemote, noRemote } from "../../domain/config/Overlay.ts"
import type { Beginning } from "../Beginning.ts"
import { Gateway } from "../Gateway.ts"
import type { SwapError } from "../graph/SwapError.ts"
import { blame } from "./Blame.ts"

/**
 * A gateway in a scope; closing the scope drains it. What it received in an earlier life is left out where it cannot be had any more
 * (a port that somebody else has now), as where it does not fit.
 */
export const startGateway = (beginning: Beginning): Effect.Effect<Gateway["Service"], SwapError, Scope.Scope> =>
  Effect.catch(start(beginning), (failure) => {
    const own = beginning.compose(noRemote)
    if (isNoRemote(beginning.remote) || Result.isFailure(own)) return Effect.fail(failure)
    const reasons = failure.failures.map((one) => blame(one, beginning.checked)).join("\n")
    return Effect.andThen(
      Effect.logError(`the configuration that was received earlier cannot be had any more and is left out:\n${reasons}`),
      start({ ...beginning, ...own.success, remote: noRemote })
    )
  })

const start = (beginning: Beginning): Effect.Effect<Gateway["Service"], SwapError, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Scope.fork(yield* Effect.scope)
    const built = Layer.buildWithScope(Gateway.layer(beginning.checked, beginning), scope)
    return Context.get(yield* Effect.onError(built, () => Scope.close(scope, Exit.void)), Gateway)
  })
