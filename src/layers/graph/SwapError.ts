import * as Schema from "effect/Schema"
import { ComponentError } from "./ComponentError.ts"

/** A configuration could not become the running graph; what ran before runs on untouched. Every component that failed is named. */
export class SwapError extends Schema.TaggedError<SwapError>()("SwapError", {
  failures: Schema.Array(ComponentError)
}) {
  override get message(): string {
    return this.failures.map((failure) => `${[failure.component, ...failure.path].join(".")}: ${failure.message}`).join("; ")
  }
}
