import * as Result from "effect/Result"
import { absent } from "./Absent.ts"
import { checkAddresses, type Claim } from "./Addresses.ts"
import type { Checked, CheckedComponent } from "./Checked.ts"
import { type ComponentType, type Kind, type Registry, sectionOf } from "./ComponentType.ts"
import { Control, type ControlSettings, noControl } from "./Control.ts"
import { decode } from "./Decode.ts"
import { type Declaration, type Document, type PipelineDeclaration, readDocument, type Reference, spellings } from "./Document.ts"
import { parseListenAddress } from "./Fields.ts"
import { fingerprint } from "./Fingerprint.ts"
import { hasFailed, locate, type Node, nodesOn } from "./Node.ts"
import { suggest } from "./Nearest.ts"
import { error, hasErrors, type Problem, warning } from "./Problem.ts"
import { metricsSetting, Telemetry, type TelemetrySettings, toTelemetrySettings } from "./Telemetry.ts"
import { checkCycles, checkSides, checkTargets } from "./Topology.ts"
import { noWeir, Weir, type WeirSettings } from "./Weir.ts"

/** A configuration that can run, with what is doubtful about it. */
export interface Verdict<C> {
  readonly checked: Checked<C>
  readonly warnings: ReadonlyArray<Problem>
}

/**
 * Checks a merged and expanded document against the components there are. All problems are found in one pass: shape, names, types,
 * signals, connectors, and the settings of every component, also of those that nothing uses.
 */
export const check = <C extends ComponentType>(root: Node, registry: Registry<C>): Result.Result<Verdict<C>, ReadonlyArray<Problem>> => {
  const checker = new Checker(readDocument(root), registry)
  const checked = checker.check()
  return hasErrors(checker.problems) ? Result.fail(checker.problems) : Result.succeed({ checked, warnings: checker.problems })
}

/** What a list of a pipeline may name, in the order in which it is looked for. */
const kindsOf = {
  receivers: ["receiver", "connector"],
  processors: ["processor"],
  exporters: ["exporter", "connector"]
} as const satisfies Record<string, ReadonlyArray<Kind>>

const article = (kind: Kind): string => (kind === "exporter" || kind === "extension" ? `an ${kind}` : `a ${kind}`)

/** A check that breaks (settings built to end the stack, say) is a mistake of the settings too: nobody shall die of them. */
const decodeSafely = ({ config }: ComponentType, { kind, id, key, settings }: Declaration) => {
  const what = `${kind} "${id}"`
  try {
    return decode(config, settings, what)
  } catch (cause) {
    return Result.fail([error(key, `the settings of ${what} cannot be checked`, reasonOf(cause))])
  }
}

/** What a check threw; Schema wraps it into an error whose cause lists it. */
const reasonOf = (thrown: unknown): string => {
  if (!(thrown instanceof Error)) return String(thrown)
  const { cause } = thrown as { readonly cause?: { readonly reasons?: ReadonlyArray<{ readonly defect?: unknown }> } }
  const defect = cause?.reasons?.[0]?.defect
  return defect instanceof Error ? defect.message : thrown.message
}

/** An address whose expansion failed claims nothing. */
const claimsOf = ({ component, config, kind, id, settings }: CheckedComponent<ComponentType>): ReadonlyArray<Claim> =>
  (component.listens?.(config as never) ?? []).flatMap(({ path, endpoint }) => {
    const address = parseListenAddress(endpoint)
    const nodes = nodesOn(settings, path)
    if (address === undefined || nodes.some(({ failed }) => failed)) return []
    const setting = [sectionOf[kind], id, ...path].join(".")
    return [{ setting, at: locate(settings, path), address, hidden: nodes.some(({ origin }) => origin !== undefined) }]
  })

const claimsOfMetrics = ({ metrics }: TelemetrySettings, source: Node): ReadonlyArray<Claim> => {
  if (metrics === undefined || hasFailed(source)) return []
  const path = metricsSetting(source)
  const hidden = path !== undefined && nodesOn(source, path).some(({ origin }) => origin !== undefined)
  return [{ setting: "service.telemetry.metrics", at: path === undefined ? undefined : locate(source, path), address: metrics, hidden }]
}

class Checker<C extends ComponentType> {
  readonly problems: Array<Problem>
  private readonly document: Document
  private readonly registry: Registry<C>
  private readonly used = new Set<Declaration>()

  constructor(document: Document, registry: Registry<C>) {
    this.document = document
    this.registry = registry
    this.problems = [...document.problems]
  }

  check(): Checked<C> {
    const { declarations, pipelines, extensions } = this.document
    this.checkAmbiguousIds()
    for (const pipeline of pipelines) this.checkPipeline(pipeline)
    for (const reference of extensions) this.resolve(["extension"], reference, '"service.extensions"')
    const connectors = declarations.filter(({ kind }) => kind === "connector").map(({ id }) => id)
    if (!this.document.incomplete) this.problems.push(...checkSides(connectors, pipelines))
    this.problems.push(...checkCycles(new Set(connectors), pipelines))
    const components = declarations.flatMap((declaration) => this.component(declaration))
    if (!this.document.incomplete) this.problems.push(...components.flatMap((component) => checkTargets(component, pipelines)))
    const telemetry = this.telemetry()
    this.problems.push(...checkAddresses([...components.flatMap(claimsOf), ...claimsOfMetrics(telemetry, this.document.telemetry)]))
    const ids = (references: ReadonlyArray<Reference>) => references.map(({ id }) => id)
    return {
      components,
      pipelines: pipelines.map(({ name, signal, receivers, processors, exporters }) => ({
        name,
        signal,
        receivers: ids(receivers),
        processors: ids(processors),
        exporters: ids(exporters)
      })),
      telemetry,
      telemetrySource: this.document.telemetry,
      weir: this.weir(),
      control: this.control()
    }
  }

  /** A connector stands in the lists of receivers and of exporters, so it must share its name with none of them. */
  private checkAmbiguousIds(): void {
    const { declarations } = this.document
    for (const { kind, id, key } of declarations) {
      if (kind !== "connector") continue
      const other = declarations.find((one) => one.id === id && (one.kind === "receiver" || one.kind === "exporter"))
      if (other !== undefined)
        this.problems.push(error(key, `a connector and ${article(other.kind)} share the name "${id}"`, "rename one of them"))
    }
  }

  private checkPipeline(pipeline: PipelineDeclaration): void {
    for (const list of ["receivers", "processors", "exporters"] as const) {
      for (const reference of pipeline[list]) {
        const declaration = this.resolve(kindsOf[list], reference, `pipeline "${pipeline.name}"`)
        if (declaration === undefined) continue
        const signals = this.registry.find(declaration.kind, declaration.type)?.signals
        if (signals !== undefined && !signals.includes(pipeline.signal)) {
          const message = `${declaration.kind} ${reference.shown} does not carry ${pipeline.signal}`
          this.problems.push(error(reference.at, message, `it carries ${signals.join(", ")}`))
        }
      }
    }
  }

  /** The declaration that a name stands for. */
  private resolve(kinds: ReadonlyArray<Kind>, { id, at, shown }: Reference, where: string): Declaration | undefined {
    const candidates = this.document.declarations.filter(({ kind }) => kinds.includes(kind))
    const found = candidates.find((declaration) => declaration.id === id)
    if (found !== undefined) this.used.add(found)
    else if (!kinds.some((kind) => this.document.unknown.has(kind))) {
      const what = kinds.join(" or ")
      const hint = suggest(
        id,
        candidates.map((declaration) => declaration.id),
        `the section "${sectionOf[kinds[0]!]}" defines none`
      )
      this.problems.push(error(at, `${where} names ${what} ${shown}, which is not defined`, hint))
    }
    return found
  }

  private component(declaration: Declaration): ReadonlyArray<CheckedComponent<C>> {
    const { kind, id, type, key, settings } = declaration
    const component = this.registry.find(kind, type)
    if (component === undefined) {
      const hint = absent(kind, type) ?? suggest(type, spellings(kind, this.registry.all))
      this.problems.push(error(key, `unknown ${kind} type "${type}"`, hint))
      return []
    }
    const decoded = decodeSafely(component, declaration)
    if (Result.isFailure(decoded)) this.problems.push(...decoded.failure)
    if (kind !== "detector" && !this.used.has(declaration)) {
      if (this.document.incomplete) return []
      const hint = kind === "extension" ? "add it to service.extensions, or remove it" : "add it to a pipeline, or remove it"
      this.problems.push(warning(key, `${kind} "${id}" is not used`, hint))
      return []
    }
    if (Result.isFailure(decoded)) return []
    const print = `${component.type} ${fingerprint(settings)}`
    return [{ kind, id, type: component.type, component, config: decoded.success, fingerprint: print, settings }]
  }

  private telemetry(): TelemetrySettings {
    const decoded = decode(Telemetry, this.document.telemetry, '"service.telemetry"')
    if (Result.isSuccess(decoded)) return toTelemetrySettings(decoded.success)
    this.problems.push(...decoded.failure)
    return { logs: { level: "info", encoding: "console" }, metrics: undefined }
  }

  private weir(): WeirSettings {
    const decoded = decode(Weir, this.document.weir, '"weir"')
    if (Result.isSuccess(decoded)) return decoded.success
    this.problems.push(...decoded.failure)
    return noWeir
  }

  private control(): ControlSettings {
    const decoded = decode(Control, this.document.control, '"control"')
    if (Result.isSuccess(decoded)) return decoded.success
    this.problems.push(...decoded.failure)
    return noControl
  }
}
