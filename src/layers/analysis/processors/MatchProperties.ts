import * as Schema from "effect/Schema"
import { field, optional } from "../../../domain/config/Fields.ts"
import { Mistake } from "../../../domain/ottl/OttlError.ts"
import { Pattern } from "../../../domain/ottl/regex/Pattern.ts"

/**
 * The oldest form of the `filter` processor's settings (`include` and `exclude` with properties), as OTTL conditions that say the same.
 * What the properties mean was taken from the Collector as it runs (v0.161).
 */

const matchTypeExpected = 'strict or regexp ("expr" is not available: write conditions instead)'
const MatchType = Schema.Literals(["strict", "regexp"]).annotate({ message: matchTypeExpected, description: "How texts are compared." })

const Texts = Schema.Array(Schema.String)

const Attributes = Schema.Array(
  Schema.Struct({
    key: Schema.String.check(Schema.isMinLength(1)).annotate({ description: "Its name." }),
    value: optional(Schema.Union([Schema.String, Schema.Finite, Schema.Boolean]), "Its value, of the same type; any value if absent.")
  })
)

const Library = Schema.Struct({
  name: Schema.String.annotate({ description: "Name of the scope." }),
  version: optional(Schema.String, "Its version; any if absent.")
})

const kinds = ["INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"].map((kind) => `SPAN_KIND_${kind}`)
const severities = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"].flatMap((name) => [name, `${name}2`, `${name}3`, `${name}4`])

/** 1 to 24; 0 for no text, `undefined` for one that is no severity. */
const severityOf = (text: string): number | undefined => {
  if (text === "") return 0
  const number = severities.indexOf(text.toUpperCase()) + 1
  if (number > 0) return number
  return /^(?:[1-9]|1\d|2[0-4])$/.test(text) ? Number(text) : undefined
}

const SeverityNumber = Schema.Struct({
  min: field(
    Schema.String.check(Schema.makeFilter((text) => severityOf(text) !== undefined || 'a severity such as "INFO" or "WARN2"')),
    "",
    "The least severe one that matches."
  ),
  match_undefined: field(Schema.Boolean, false, "Records without a severity match.")
})

type MatchType = typeof MatchType.Type

/** Every pattern has to be one; each that is not is told at its place. */
const patternIssues = (properties: { readonly match_type: MatchType; readonly [key: string]: unknown }) => {
  if (properties.match_type === "strict") return []
  return Object.entries(properties).flatMap(([key, value]) =>
    Array.isArray(value) ? value.flatMap((one, i) => issuesOf([key, i], one)) : []
  )
}

const issuesOf = (path: ReadonlyArray<string | number>, item: unknown): ReadonlyArray<{ path: Array<string | number>; issue: string }> => {
  if (typeof item === "string") {
    const wrong = patternMistake(item)
    return wrong === undefined ? [] : [{ path: [...path], issue: `a regular expression: ${wrong}` }]
  }
  const { value, name, version } = item as { readonly value?: unknown; readonly name?: string; readonly version?: string }
  if (typeof value === "number" || typeof value === "boolean")
    return [{ path: [...path, "value"], issue: "a text, as `match_type: regexp` compares texts" }]
  return Object.entries({ value, name, version }).flatMap(([key, text]) => (typeof text === "string" ? issuesOf([...path, key], text) : []))
}

const patternMistake = (source: string): string | undefined => {
  try {
    void new Pattern(source)
    return undefined
  } catch (error) {
    if (error instanceof Mistake) return error.message
    throw error
  }
}

export const SpanProperties = Schema.Struct({
  match_type: MatchType,
  regexp: optional(Schema.Unknown, "Accepted, without effect: matching needs no cache."),
  services: field(Texts, [], "Names of services, of which one matches."),
  span_names: field(Texts, [], "Names of spans, of which one matches."),
  span_kinds: field(Texts, [], "Kinds such as SPAN_KIND_SERVER, of which one matches."),
  attributes: field(Attributes, [], "Attributes of the span, all of which match."),
  resources: field(Attributes, [], "Attributes of the resource, all of which match."),
  libraries: field(Schema.Array(Library), [], "Scopes, all of which match.")
}).check(
  Schema.makeFilter(({ match_type, span_kinds, ...properties }) => {
    const lists = [
      properties.services,
      properties.span_names,
      span_kinds,
      properties.attributes,
      properties.resources,
      properties.libraries
    ]
    if (lists.every(({ length }) => length === 0))
      return "at least one of services, span_names, span_kinds, attributes, resources and libraries"
    const wrong = match_type === "strict" ? span_kinds.findIndex((kind) => !kinds.includes(kind)) : -1
    return wrong === -1
      ? patternIssues({ match_type, span_kinds, ...properties })
      : [{ path: ["span_kinds", wrong], issue: `one of ${kinds.join(", ")}` }]
  })
)

export const MetricProperties = Schema.Struct({
  match_type: MatchType,
  regexp: optional(Schema.Unknown, "Accepted, without effect: matching needs no cache."),
  metric_names: field(Texts, [], "Names of metrics, of which one matches."),
  resource_attributes: field(Attributes, [], "Attributes of the resource, all of which match; asked on its own, beside the names."),
  expressions: optional(Schema.Array(Schema.Never), "Refused: write conditions instead.")
}).check(Schema.makeFilter(patternIssues))

export const LogProperties = Schema.Struct({
  match_type: MatchType,
  resource_attributes: field(Attributes, [], "Attributes of the resource, all of which match."),
  record_attributes: field(Attributes, [], "Attributes of the log record, all of which match."),
  severity_texts: field(Texts, [], "Texts of the severity, of which one matches."),
  severity_number: optional(SeverityNumber, "Bounds of the severity."),
  bodies: field(Texts, [], "Texts of the body, of which one matches.")
}).check(Schema.makeFilter(patternIssues))

/** A pair of properties: what does not match the first, or matches the second, is dropped. */
export interface Sides<P> {
  readonly include?: P
  readonly exclude?: P
}

/** A condition on what is dropped, the context that it is written for, and the side that it comes from. */
export interface SideCondition {
  readonly context: string
  readonly condition: string
  readonly side: "include" | "exclude"
}

export const spanConditions = (sides: Sides<typeof SpanProperties.Type>): ReadonlyArray<SideCondition> =>
  conditions("span", sides, (properties) => {
    const { match_type, services, span_names, span_kinds, attributes, resources, libraries } = properties
    return all([
      anyOf(match_type, services, 'resource.attributes["service.name"]', "<nil-service-name>"),
      anyOf(match_type, span_names, "name"),
      anyOf(match_type, span_kinds, "kind.deprecated_string"),
      ...libraries.flatMap(({ name, version }) => [
        anyOf(match_type, [name], "instrumentation_scope.name"),
        anyOf(match_type, version === undefined ? [] : [version], "instrumentation_scope.version")
      ]),
      ...attributeTerms(match_type, resources, "resource.attributes"),
      ...attributeTerms(match_type, attributes, "attributes")
    ])
  })

export const metricConditions = (sides: Sides<typeof MetricProperties.Type>): ReadonlyArray<SideCondition> => [
  ...conditions("resource", sides, ({ match_type, resource_attributes }) =>
    all(attributeTerms(match_type, resource_attributes, "attributes"))
  ),
  ...conditions("metric", sides, ({ match_type, metric_names }) => anyOf(match_type, metric_names, "name"))
]

export const logConditions = (sides: Sides<typeof LogProperties.Type>): ReadonlyArray<SideCondition> =>
  conditions("log", sides, ({ match_type, bodies, severity_texts, severity_number, resource_attributes, record_attributes }) =>
    all([
      anyOf(match_type, bodies, "body", ""),
      anyOf(match_type, severity_texts, "severity_text"),
      severity_number === undefined ? undefined : severityTerm(severity_number),
      ...attributeTerms(match_type, resource_attributes, "resource.attributes"),
      ...attributeTerms(match_type, record_attributes, "attributes")
    ])
  )

/** Properties that say nothing drop nothing. */
const conditions = <P>(context: string, sides: Sides<P>, holds: (properties: P) => string | undefined): ReadonlyArray<SideCondition> =>
  (["include", "exclude"] as const).flatMap((side) => {
    const properties = sides[side]
    const term = properties === undefined ? undefined : holds(properties)
    return term === undefined ? [] : [{ context, side, condition: side === "include" ? `not (${term})` : term }]
  })

const all = (terms: ReadonlyArray<string | undefined>): string | undefined => {
  const said = terms.filter((term) => term !== undefined)
  return said.length === 0 ? undefined : said.join(" and ")
}

const quote = (text: string): string => `"${text.replace(/[\\"]/g, "\\$&")}"`

/** One of the texts is that of `path`. `absent`: the text that stands for a value that is not there, where it can be absent. */
const anyOf = (match: MatchType, texts: ReadonlyArray<string>, path: string, absent?: string): string | undefined => {
  if (texts.length === 0) return undefined
  const text = absent === undefined ? path : `String(${path})`
  const terms = texts.map((one) => (match === "strict" ? `${text} == ${quote(one)}` : `IsMatch(${path}, ${quote(one)})`))
  if (absent !== undefined && texts.some((one) => (match === "strict" ? one === absent : matches(one, absent))))
    terms.push(`${path} == nil`)
  return `(${terms.join(" or ")})`
}

const matches = (pattern: string, text: string): boolean => {
  const bytes = Buffer.from(text)
  return new Pattern(pattern).test(bytes, 0, bytes.length)
}

const attributeTerms = (match: MatchType, attributes: typeof Attributes.Type, map: string): ReadonlyArray<string> =>
  attributes.map(({ key, value }) => {
    const path = `${map}[${quote(key)}]`
    if (value === undefined) return `${path} != nil`
    if (match === "regexp") {
      const isPlain = ["IsString", "IsBool", "IsInt", "IsDouble"].map((is) => `${is}(${path})`).join(" or ")
      return `(${isPlain}) and IsMatch(${path}, ${quote(String(value))})`
    }
    if (typeof value === "string") return `${path} == ${quote(value)}`
    if (typeof value === "boolean") return `${path} == ${value}`
    return `${Number.isInteger(value) ? "IsInt" : "IsDouble"}(${path}) and ${path} == ${value}`
  })

const severityTerm = ({ min, match_undefined }: typeof SeverityNumber.Type): string => {
  const defined = `(severity_number != 0 and severity_number >= ${severityOf(min)})`
  return match_undefined ? `(severity_number == 0 or ${defined})` : defined
}
