import { type Attributes, SpanKind } from "@opentelemetry/api"
import type { SamplingRule } from "./AgentSettings.ts"

const kinds: { readonly [K in NonNullable<SamplingRule["kind"]>]: SpanKind } = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER
}

/**
 * Whether `text` is `pattern`, in which `*` stands for any characters. Takes at most their lengths multiplied: patterns come over the
 * network, and a regular expression made of one can take for ever.
 */
export const matchesPattern = (pattern: string, text: string): boolean => {
  let at = 0
  let from = 0
  let star = -1
  let resumeAt = 0
  while (from < text.length) {
    if (at < pattern.length && pattern[at] === "*") {
      star = at++
      resumeAt = from
    } else if (at < pattern.length && pattern[at] === text[from]) {
      at++
      from++
    } else if (star >= 0) {
      at = star + 1
      from = ++resumeAt
    } else return false
  }
  while (pattern[at] === "*") at++
  return at === pattern.length
}

/** The condition of a sampling rule, ready to be asked for every span. */
export class SpanMatcher {
  private readonly name: string | undefined
  private readonly kind: SpanKind | undefined
  private readonly attributes: ReadonlyArray<readonly [string, string | number | boolean]>

  constructor({ name, kind, attributes }: Omit<SamplingRule, "probability">) {
    this.name = name
    this.kind = kind === undefined ? undefined : kinds[kind]
    this.attributes = Object.entries(attributes ?? {})
  }

  matches(name: string, kind: SpanKind, attributes: Attributes): boolean {
    if (this.kind !== undefined && this.kind !== kind) return false
    if (this.name !== undefined && !matchesPattern(this.name, name)) return false
    for (const [key, wanted] of this.attributes) {
      const value = attributes[key]
      if (value === wanted) continue
      if (typeof wanted !== "string" || typeof value !== "string" || !matchesPattern(wanted, value)) return false
    }
    return true
  }
}
