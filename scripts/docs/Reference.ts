// The reference of the components (docs/components.md), made from the schemas that decode their configurations.
import { type Kind, kinds, sectionOf } from "../../src/domain/config/ComponentType.ts"
import type { Component } from "../../src/layers/graph/Component.ts"

/** The part of a schema's syntax tree that says what a configuration looks like. */
interface Ast {
  readonly _tag: string
  readonly annotations?: Annotations
  readonly checks?: ReadonlyArray<{ readonly annotations?: Annotations }>
  readonly encoding?: ReadonlyArray<{ readonly to: Ast }>
  readonly context?: { readonly isOptional: boolean }
  readonly literal?: unknown
  readonly types?: ReadonlyArray<Ast>
  readonly elements?: ReadonlyArray<Ast>
  readonly rest?: ReadonlyArray<Ast>
  readonly propertySignatures?: ReadonlyArray<{ readonly name: PropertyKey; readonly type: Ast }>
  readonly indexSignatures?: ReadonlyArray<{ readonly type: Ast }>
}

interface Annotations {
  readonly description?: string
  readonly expected?: string
  readonly yamlDefault?: unknown
  readonly yamlType?: string
}

/** Annotations stand on the last check of a schema, or on the schema itself. */
const annotationsOf = (ast: Ast): Annotations => ast.checks?.at(-1)?.annotations ?? ast.annotations ?? {}

/** What is written in YAML, behind all transformations. */
const encoded = (ast: Ast): Ast => (ast.encoding === undefined ? ast : encoded(ast.encoding.at(-1)!.to))

const isSection = (ast: Ast): boolean => ast._tag === "Objects" && (ast.propertySignatures?.length ?? 0) > 0

const typeName = (ast: Ast): string => {
  const named = annotationsOf(ast).yamlType
  if (named !== undefined) return named
  const written = encoded(ast)
  switch (written._tag) {
    case "String":
      return "text"
    case "Number":
      return (written.checks ?? []).some(({ annotations }) => annotations?.expected === "an integer") ? "whole number" : "number"
    case "Boolean":
      return "boolean"
    case "Literal":
      return `\`${String(written.literal)}\``
    case "Union":
      return written.types!.map(typeName).join(", ")
    case "Arrays":
      return `list of ${[...(written.rest ?? []), ...(written.elements ?? [])].map(typeName).join(", ")}`
    case "Objects":
      return isSection(written) ? "section" : `map of ${(written.indexSignatures ?? []).map(({ type }) => typeName(type)).join(", ")}`
    default:
      return "anything"
  }
}

interface Row {
  readonly name: string
  readonly type: string
  readonly default: string
  readonly description: string
}

/** One row a field, sections and lists of sections unfolded below their own row. */
const rowsOf = (ast: Ast, prefix: string): ReadonlyArray<Row> =>
  (ast.propertySignatures ?? []).flatMap(({ name: key, type }) => {
    const name = `${prefix}${String(key)}`
    const { description = "", yamlDefault } = annotationsOf(type)
    const required = encoded(type).context?.isOptional !== true
    const row = {
      name,
      type: typeName(type),
      default: yamlDefault !== undefined ? `\`${JSON.stringify(yamlDefault)}\`` : required ? "required" : "",
      description
    }
    return [row, ...nested(type).flatMap(({ ast: inner, suffix }) => rowsOf(inner, `${name}${suffix}.`))]
  })

const nested = (ast: Ast): ReadonlyArray<{ readonly ast: Ast; readonly suffix: string }> => {
  if (isSection(ast)) return [{ ast, suffix: "" }]
  if (ast._tag === "Arrays")
    return [...(ast.rest ?? []), ...(ast.elements ?? [])].filter(isSection).map((item) => ({ ast: item, suffix: "[]" }))
  if (ast._tag === "Union") return ast.types!.flatMap(nested)
  if (ast._tag === "Objects") {
    return (ast.indexSignatures ?? []).filter(({ type }) => isSection(type)).map(({ type }) => ({ ast: type, suffix: ".NAME" }))
  }
  return []
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ")

const tableOf = (config: { readonly ast: unknown }): string => {
  const rows = rowsOf(config.ast as unknown as Ast, "")
  if (rows.length === 0) return "It has no settings."
  const lines = rows.map((row) => `| \`${row.name}\` | ${cell(row.type)} | ${cell(row.default)} | ${cell(row.description)} |`)
  return ["| setting | type | default | |", "|---|---|---|---|", ...lines].join("\n")
}

const sectionText = (component: Component): string => {
  const facts = [
    ...(component.aliases?.length ? [`Also spelt ${component.aliases.map((alias) => `\`${alias}\``).join(", ")}.`] : []),
    ...("signals" in component ? [`Signals: ${component.signals.join(", ")}.`] : [])
  ]
  return [
    `### \`${component.type}\``,
    component.description,
    ...(facts.length > 0 ? [facts.join(" ")] : []),
    tableOf(component.config)
  ].join("\n\n")
}

const title = (kind: Kind): string => (kind === "detector" ? "Detectors" : sectionOf[kind][0]!.toUpperCase() + sectionOf[kind].slice(1))

/** The text of docs/components.md. */
export const reference = (components: ReadonlyArray<Component>): string => {
  const chapters = kinds.map((kind) => {
    const ofKind = components.filter((component) => component.kind === kind).toSorted((a, b) => a.type.localeCompare(b.type))
    return [`## ${title(kind)}`, ...ofKind.map(sectionText)].join("\n\n")
  })
  return `${[
    "# Components",
    "Every component that comes with Weir, and every setting it has. Made by `npm run docs` from the schemas that decode the configuration; do not edit.",
    'Durations are written as the collector writes them (`200ms`, `5s`, `1h30m`). A setting without a default may be left out unless it says "required".',
    ...chapters
  ].join("\n\n")}\n`
}

/** The text of docs/control-settings.md. */
export const controlReference = (sections: { readonly [name: string]: { readonly ast: unknown } }): string =>
  `${[
    "# Settings of a control plane",
    "The sections of a control plane's configuration that are no collector's, and every setting in them. Made by `npm run docs` from the schemas that decode them; do not edit. What detectors can be set to is in [components.md](components.md#detectors).",
    ...Object.entries(sections).flatMap(([name, schema]) => [`## \`${name}:\``, tableOf(schema)])
  ].join("\n\n")}\n`
