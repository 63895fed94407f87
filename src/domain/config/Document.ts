import { type ComponentType, type Kind, sectionKinds, sectionOf } from "./ComponentType.ts"
import { type Entry, hasFailed, type MapNode, type Node } from "./Node.ts"
import { suggest } from "./Nearest.ts"
import { error, type Problem, warning } from "./Problem.ts"
import { formatLocation, type Location } from "./Source.ts"
import { type Signal, signals } from "../Signal.ts"

/** A name in a list (`receivers: [otlp]`), with its place. */
export interface Reference {
  readonly id: string
  readonly at: Location
  /** The name as messages show it: one that an expansion brought may be a secret. */
  readonly shown: string
}

/** One entry of a component section, not yet looked up. */
export interface Declaration {
  readonly kind: Kind
  /** The whole name (`otlp_http/eu`). */
  readonly id: string
  /** Its first part (`otlp_http`), as it is spelt. */
  readonly type: string
  readonly key: Location
  readonly settings: Node
}

export interface PipelineDeclaration {
  /** The whole name (`traces/eu`). */
  readonly name: string
  readonly signal: Signal
  readonly key: Location
  readonly receivers: ReadonlyArray<Reference>
  readonly processors: ReadonlyArray<Reference>
  readonly exporters: ReadonlyArray<Reference>
}

/** The merged and expanded document in its shape: what is declared and what refers to what, nothing looked up yet. */
export interface Document {
  readonly declarations: ReadonlyArray<Declaration>
  readonly pipelines: ReadonlyArray<PipelineDeclaration>
  /** `service.extensions`: the extensions that run. */
  readonly extensions: ReadonlyArray<Reference>
  /** `service.telemetry`. */
  readonly telemetry: Node
  /** `weir`. */
  readonly weir: Node
  /** `control`. */
  readonly control: Node
  /** Sections whose expansion failed: what they declare is not known. */
  readonly unknown: ReadonlySet<Kind>
  /** An expansion failed in the section "service": what it refers to is not known wholly. */
  readonly incomplete: boolean
  readonly problems: ReadonlyArray<Problem>
}

const sections = [...sectionKinds.map((kind) => sectionOf[kind]), "service", "weir", "control"]
const typePattern = /^[a-zA-Z][0-9a-zA-Z_]{0,62}$/
// oxlint-disable-next-line no-control-regex
const suffixPattern = /^[^\s\p{C}\p{S}/]{1,256}$/u

/** Reads the shape of a document and reports everything that has no place in it. */
export const readDocument = (root: Node): Document => new DocumentReader().read(root)

class DocumentReader {
  private readonly problems: Array<Problem> = []

  read(root: Node): Document {
    const document = this.section(root, "the document", sections)
    const weir = document.get("weir")?.value
    const detectors = weir?._tag === "Map" ? weir.entries.get("detectors") : undefined
    const declarations = [
      ...sectionKinds.flatMap((kind) => this.declarations(kind, document.get(sectionOf[kind]))),
      ...this.declarations("detector", detectors)
    ]
    const serviceEntry = document.get("service")
    if (serviceEntry === undefined)
      this.problems.push(error(root.at, 'the section "service" is missing', "service.pipelines says what runs"))
    const service = this.section(serviceEntry?.value, '"service"', ["pipelines", "extensions", "telemetry"])
    const pipelineEntries = [...this.section(service.get("pipelines")?.value, '"service.pipelines"')]
    const incomplete = serviceEntry !== undefined && hasFailed(serviceEntry.value)
    if (serviceEntry !== undefined && pipelineEntries.length === 0 && !incomplete) {
      this.problems.push(error(service.get("pipelines")?.key ?? serviceEntry.key, "there is no pipeline", 'expected one such as "traces"'))
    }
    const telemetry = service.get("telemetry")
    const empty: Node = { _tag: "Map", entries: new Map(), at: root.at }
    return {
      declarations,
      pipelines: pipelineEntries.flatMap(([name, entry]) => this.pipeline(name, entry)),
      extensions: this.references(service.get("extensions"), '"service.extensions"'),
      telemetry: telemetry?.value ?? empty,
      weir: weir ?? empty,
      control: document.get("control")?.value ?? empty,
      unknown: new Set(sectionKinds.filter((kind) => document.get(sectionOf[kind])?.value.failed)),
      incomplete,
      problems: this.problems
    }
  }

  /** The entries of a map; nothing behind the key is an empty map. With `known`, other keys are errors. */
  private section(node: Node | undefined, what: string, known?: ReadonlyArray<string>): MapNode["entries"] {
    if (node === undefined || (node._tag === "Scalar" && node.value === null)) return new Map()
    if (node._tag !== "Map") {
      const from = node.origin === undefined ? "" : `, but a value from ${node.origin}`
      const broken = node._tag === "Scalar" ? node.unreadable : undefined
      const hint = broken === undefined ? "expected names with settings behind them" : `it is no YAML: ${formatLocation(broken)}`
      this.problems.push(error(node.at, `${what} is not a map${from}`, hint))
      return new Map()
    }
    if (known !== undefined) {
      for (const [key, entry] of node.entries) {
        if (known.includes(key)) continue
        this.problems.push(
          node.origin === undefined
            ? error(entry.key, `unknown key "${key}" in ${what}`, suggest(key, known))
            : error(entry.key, `unknown key in ${what}, a value from ${node.origin}`, suggest("", known))
        )
      }
    }
    return node.entries
  }

  private declarations(kind: Kind, entry: Entry | undefined): ReadonlyArray<Declaration> {
    return [...this.section(entry?.value, `"${sectionOf[kind]}"`)].flatMap(([id, { key, value }]) => {
      const type = this.typeOf(id, key)
      return type === undefined ? [] : [{ kind, id, type, key, settings: value }]
    })
  }

  private typeOf(id: string, at: Location): string | undefined {
    const slash = id.indexOf("/")
    const type = slash === -1 ? id : id.slice(0, slash)
    if (typePattern.test(type) && (slash === -1 || suffixPattern.test(id.slice(slash + 1)))) return type
    this.problems.push(error(at, `"${id}" is no name`, 'expected "type" or "type/name" (letters, digits and _ in the type)'))
    return undefined
  }

  private pipeline(name: string, { key, value }: Entry): ReadonlyArray<PipelineDeclaration> {
    const type = this.typeOf(name, key)
    const signal = signals.find((known) => known === type)
    if (type !== undefined && signal === undefined) {
      const hint = suggest(type, signals)
      this.problems.push(error(key, type === "profiles" ? "profiles are not carried" : `unknown signal "${type}"`, hint))
    }
    const lists = this.section(value, `pipeline "${name}"`, ["receivers", "processors", "exporters"])
    const [receivers, processors, exporters] = (["receivers", "processors", "exporters"] as const).map((list) =>
      this.references(lists.get(list), `"${list}" of pipeline "${name}"`)
    )
    for (const [list, references] of [
      ["receivers", receivers!],
      ["exporters", exporters!]
    ] as const) {
      const written = lists.get(list)?.value ?? value
      if (references.length === 0 && lists.get(list)?.value._tag !== "Map" && !hasFailed(written)) {
        this.problems.push(error(lists.get(list)?.key ?? key, `pipeline "${name}" has no ${list}`, `expected ${list}: [...]`))
      }
    }
    if (signal === undefined) return []
    return [
      {
        name,
        signal,
        key,
        receivers: this.distinct(receivers!, name),
        processors: this.once(processors!, name),
        exporters: this.distinct(exporters!, name)
      }
    ]
  }

  private references(entry: Entry | undefined, what: string): ReadonlyArray<Reference> {
    if (entry === undefined || (entry.value._tag === "Scalar" && entry.value.value === null)) return []
    if (entry.value._tag !== "List") {
      this.problems.push(error(entry.value.at, `${what} is not a list`, "expected [name, ...]"))
      return []
    }
    return entry.value.items.flatMap((item) => {
      if (item._tag === "Scalar" && typeof item.value === "string") {
        return [{ id: item.value, at: item.at, shown: item.origin === undefined ? `"${item.value}"` : `a value from ${item.origin}` }]
      }
      if (item.failed) return []
      this.problems.push(error(item.at, `an entry of ${what} is not a name`))
      return []
    })
  }

  /** Receivers and exporters that are named twice are meant once. */
  private distinct(references: ReadonlyArray<Reference>, pipeline: string): ReadonlyArray<Reference> {
    return references.filter(({ id, at, shown }, i) => {
      const first = references.findIndex((other) => other.id === id) === i
      if (!first) this.problems.push(warning(at, `pipeline "${pipeline}" names ${shown} twice`, "it counts once"))
      return first
    })
  }

  /** A processor that is named twice would be one instance in two places. */
  private once(references: ReadonlyArray<Reference>, pipeline: string): ReadonlyArray<Reference> {
    for (const [i, { id, at, shown }] of references.entries()) {
      if (references.findIndex((other) => other.id === id) !== i) {
        this.problems.push(
          error(at, `pipeline "${pipeline}" names processor ${shown} twice`, "give the second one a name of its own (`type/name`)")
        )
      }
    }
    return references
  }
}

/** Every spelling that names a component of a kind. */
export const spellings = (kind: Kind, all: ReadonlyArray<ComponentType>): ReadonlyArray<string> =>
  all.filter((component) => component.kind === kind).flatMap((component) => [component.type, ...(component.aliases ?? [])])
