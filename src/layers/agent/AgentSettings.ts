import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { field, optional, section } from "../../domain/config/Fields.ts"

const Probability = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

export const spanKinds = ["internal", "server", "client", "producer", "consumer"] as const

const Attribute = Schema.Union([Schema.String, Schema.Finite, Schema.Boolean])

/** Spans that match everything a rule names are kept with its probability. In texts `*` stands for any characters. */
export const SamplingRule = Schema.Struct({
  name: optional(Schema.String.check(Schema.isMaxLength(256)), "Name of the span when it starts."),
  kind: optional(Schema.Literals(spanKinds), "Kind of the span."),
  attributes: optional(Schema.Record(Schema.String, Attribute), "Attributes that the span has when it starts."),
  probability: Probability
})

export type SamplingRule = typeof SamplingRule.Type

/**
 * How likely spans are kept when they start. The first rule that matches decides, else `probability`.
 *
 * That is a decision at the head: what happens later (an error, a long duration) is not known and cannot be matched. To keep all errors
 * keep everything here (probability 1) and let the agent's exporter or a gateway choose.
 */
export const SamplingPolicy = Schema.Struct({
  probability: field(Probability, 1, "Share of the spans that no rule matches."),
  rules: field(Schema.Array(SamplingRule).check(Schema.isMaxLength(256)), [], "Rules; the first that matches decides."),
  parentBased: field(Schema.Boolean, true, "A span with a parent does what its parent does; else each decides for itself.")
})

export type SamplingPolicy = typeof SamplingPolicy.Type

/** What the agent may use. Items are spans, log records and data points. */
export const Limits = Schema.Struct({
  queueItems: field(between(1, 1_000_000), 8192, "Items that wait, at most."),
  queueBytes: field(between(1024, 1 << 30), 8 << 20, "Bytes of the waiting items that are encoded already, at most."),
  requestBytes: field(between(1024, 64 << 20), 2 << 20, "Size of a request before compression, at most."),
  flushMillis: field(between(10, 600_000), 1000, "How long an item waits for others to go with it."),
  timeoutMillis: field(between(100, 600_000), 10_000, "A request that takes longer has failed."),
  maxAgeMillis: field(between(1000, 86_400_000), 300_000, "What could not be delivered for so long is given up.")
})

export type Limits = typeof Limits.Type

/** What can be changed while the application runs: the options of `startAgent` of the same names, and the remote document. */
export const AgentSettings = Schema.Struct({
  sampling: section(SamplingPolicy, "How spans are chosen when they start."),
  limits: section(Limits, "What the agent may use.")
})

export type AgentSettings = typeof AgentSettings.Type
export type AgentSettingsInput = typeof AgentSettings.Encoded

const decodeUnknown = Schema.decodeUnknownResult(AgentSettings, { errors: "all", onExcessProperty: "error" })
const format = SchemaIssue.makeFormatterStandardSchemaV1()

/** Settings with defaults for what is left out, or what is wrong with each part that is. */
export const decodeSettings = (input: unknown): Result.Result<AgentSettings, string> =>
  Result.mapError(decodeUnknown(input), (error) =>
    format(error.issue)
      .issues.map(({ path, message }) => (path === undefined || path.length === 0 ? message : `${path.map(String).join(".")}: ${message}`))
      .join("; ")
  )

/** Larger documents are refused before they are parsed. */
const maxDocumentLength = 1 << 20

const isRecord = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/**
 * A remote document laid over the application's own settings: a key of `limits` that it has replaces that one; `sampling` is replaced
 * as a whole, since a rule without its neighbours means something else.
 */
export const overlay = (own: AgentSettingsInput, document: string): Result.Result<AgentSettings, string> => {
  if (document.length > maxDocumentLength) return Result.fail(`the document is longer than ${maxDocumentLength} characters`)
  let remote: unknown
  try {
    remote = document.trim() === "" ? {} : JSON.parse(document)
  } catch (error) {
    return Result.fail(`the document is not JSON: ${(error as Error).message}`)
  }
  if (!isRecord(remote)) return Result.fail("the document is not a JSON object")
  const limits = isRecord(remote.limits) ? { ...own.limits, ...remote.limits } : (remote.limits ?? own.limits)
  return decodeSettings({ ...own, ...remote, ...(limits === undefined ? {} : { limits }) })
}
