import * as Schema from "effect/Schema"
import type * as Effect from "effect/Effect"

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
