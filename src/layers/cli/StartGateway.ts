import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { Checked } from "../../domain/config/Checked.ts"
import { Gateway } from "../Gateway.ts"
import type { Component } from "../graph/Component.ts"
import type { SwapError } from "../graph/SwapError.ts"

/** A gateway in a scope; closing the scope drains it. */
export const startGateway = (checked: Checked<Component>): Effect.Effect<Gateway["Service"], SwapError, Scope.Scope> =>
  Effect.map(Layer.build(Gateway.layer(checked)), (context) => Context.get(context, Gateway))
