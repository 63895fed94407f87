import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Component } from "./Component.ts"

/**
 * The registry that the graph finds components in. Layers add to it; a later one replaces a component of the same kind and type, so
 * built-in components are no special case.
 */
export class Components extends Context.Service<
  Components,
  {
    readonly all: ReadonlyArray<Component>
    /** By the type in the configuration or an alias of it. */
    readonly find: (kind: Component["kind"], type: string) => Component | undefined
  }
>()("weir/layers/graph/Components") {
  /** Adds components to those that the layers below have. */
  static readonly layer = (...mine: ReadonlyArray<Component>): Layer.Layer<Components> =>
    Layer.effect(
      Components,
      Effect.gen(function* () {
        const below = yield* Effect.serviceOption(Components)
        const inherited = below._tag === "Some" ? below.value.all : []
        const names = new Set(mine.map((component) => `${component.kind}/${component.type}`))
        return make([...inherited.filter((component) => !names.has(`${component.kind}/${component.type}`)), ...mine])
      })
    )
}

const make = (all: ReadonlyArray<Component>): Components["Service"] => ({
  all,
  find: (kind, type) => all.find((component) => component.kind === kind && (component.type === type || component.aliases?.includes(type)))
})
