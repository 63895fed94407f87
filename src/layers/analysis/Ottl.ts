import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Batch } from "../../domain/Batch.ts"
import { GrpcCode } from "../../domain/GrpcCode.ts"
import { JoinedLease } from "../../domain/JoinedLease.ts"
import { type Plan, PlanFailure } from "../../domain/ottl/Plan.ts"
import { formatBare, type OttlError } from "../../domain/ottl/OttlError.ts"
import type { ErrorMode } from "../../domain/ottl/Runs.ts"
import { Refusal } from "../../domain/Refusal.ts"

const modes: ReadonlyArray<string> = ["ignore", "silent", "propagate"]
const modeExpected = "ignore, silent or propagate"

/** `error_mode` as the collector reads it: in any letter case. */
export const ErrorModeText = Schema.String.annotate({ message: modeExpected }).check(
  Schema.makeFilter((text: string) => modes.includes(text.toLowerCase()) || modeExpected)
)

export const toErrorMode = (text: string): ErrorMode => text.toLowerCase() as ErrorMode

/** What a schema says about OTTL mistakes: each at its place in the configuration, the last step of the path being the offset in the text. */
export const toIssues = (
  errors: ReadonlyArray<OttlError>,
  place: (path: ReadonlyArray<string | number>) => ReadonlyArray<PropertyKey>
): ReadonlyArray<{ readonly path: ReadonlyArray<PropertyKey>; readonly issue: string }> =>
  errors.map((error) => ({ path: [...place(error.path), error.offset], issue: `valid OTTL: ${formatBare(error)}` }))

const logEveryMillis = 10_000

/** Says in the log which statements fail: at once, then at most every ten seconds, with counts. */
export class FailureLog {
  private readonly component: string
  private readonly fork: (effect: Effect.Effect<void>) => unknown
  private readonly plan: Plan
  private nextAt = 0

  constructor(component: string, context: Context.Context<never>, plan: Plan) {
    this.component = component
    this.fork = Effect.runForkWith(context)
    this.plan = plan
  }

  check(): void {
    const now = performance.now()
    if (now < this.nextAt) return
    const failures = this.plan.takeFailures()
    if (failures.length === 0) return
    this.nextAt = now + logEveryMillis
    const lines = failures.map(({ count, source }) => `${count} times: ${source}`)
    this.fork(Effect.logWarning(`${this.component}: statements have failed\n  ${lines.join("\n  ")}`))
  }
}

export const toRefusal = ({ malformed, message }: PlanFailure): Refusal =>
  malformed
    ? new Refusal("malformed", GrpcCode.INVALID_ARGUMENT, message, undefined)
    : new Refusal("processor_error", GrpcCode.INTERNAL, message, undefined)

/** Runs a plan over a batch: the same batch if nothing changes, a new one with what is left, or why the request is turned away. */
export const runPlan = (plan: Plan, batch: Batch): Batch | Refusal => {
  const outcome = plan.run(batch.chunks)
  if (outcome === undefined) return batch
  if (outcome instanceof PlanFailure) return toRefusal(outcome)
  let { lease } = outcome
  if (outcome.keepsOld) {
    batch.lease.retain()
    lease = new JoinedLease([lease, batch.lease])
  }
  return batch.replace(outcome.chunks, batch.items - outcome.dropped, outcome.sizeBytes, lease)
}
