import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { Gateway } from "../Gateway.ts"
import type { Beginning } from "../Beginning.ts"
import type { SwapError } from "../graph/SwapError.ts"

/** A gateway in a scope; closing the scope drains it. */
export const startGateway = (beginning: Beginning): Effect.Effect<Gateway["Service"], SwapError, Scope.Scope> =>
  Effect.map(Layer.build(Gateway.layer(beginning.checked, beginning)), (context) => Context.get(context, Gateway))
