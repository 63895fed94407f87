import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Component } from "../graph/Component.ts"

/** A component broke its contract; every breach of one run, in words. */
export class ContractViolation extends Schema.TaggedError<ContractViolation>()("ContractViolation", {
  component: Schema.String,
  breaches: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return `${this.component}: ${this.breaches.join("; ")}`
  }
}

/** One run of a component, for any test runner: `for (const { name, run } of cases) it.live(name, () => run)`. */
export interface ContractCase {
  readonly name: string
  readonly run: Effect.Effect<void, ContractViolation>
}

/** The component does not even come to stand. */
export const cannotBeBuilt =
  (component: Component) =>
  (error: unknown): ContractViolation =>
    new ContractViolation({ component: component.type, breaches: [`it cannot be built: ${String(error)}`] })

/** A component's settings out of what would stand in a file. */
export const decodeConfig = (component: Component, settings: unknown): Effect.Effect<unknown, ContractViolation> =>
  Effect.mapError(Schema.decodeUnknownEffect(component.config as Schema.Codec<unknown>)(settings), cannotBeBuilt(component))

/** The verdict of one run. */
export const judge = (component: Component, breaches: ReadonlyArray<string>): Effect.Effect<void, ContractViolation> =>
  breaches.length === 0 ? Effect.void : Effect.fail(new ContractViolation({ component: component.type, breaches }))
