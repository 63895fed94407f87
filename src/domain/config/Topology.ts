import type { CheckedComponent } from "./Checked.ts"
import type { ComponentType } from "./ComponentType.ts"
import type { PipelineDeclaration } from "./Document.ts"
import { suggest } from "./Nearest.ts"
import { locate, nodesOn } from "./Node.ts"
import { error, type Problem } from "./Problem.ts"
import type { Signal } from "../Signal.ts"

/** What the pipelines of a signal do with a connector: who writes into it, who reads from it. */
interface Sides {
  readonly writers: ReadonlyArray<PipelineDeclaration>
  readonly readers: ReadonlyArray<PipelineDeclaration>
}

const sidesOf = (connector: string, signal: Signal, pipelines: ReadonlyArray<PipelineDeclaration>): Sides => ({
  writers: pipelines.filter((pipeline) => pipeline.signal === signal && pipeline.exporters.some(({ id }) => id === connector)),
  readers: pipelines.filter((pipeline) => pipeline.signal === signal && pipeline.receivers.some(({ id }) => id === connector))
})

/**
 * Settings of a connector that name a pipeline which can get nothing from it: there is none of that name, it does not read from the
 * connector, or it carries another signal than what is sent into the connector.
 */
export const checkTargets = (
  { component, config, id, kind, settings }: CheckedComponent<ComponentType>,
  pipelines: ReadonlyArray<PipelineDeclaration>
): ReadonlyArray<Problem> => {
  const sent = new Set(pipelines.filter(({ exporters }) => exporters.some((exporter) => exporter.id === id)).map(({ signal }) => signal))
  const readers = pipelines.filter(({ receivers }) => receivers.some((receiver) => receiver.id === id))
  const names = readers.map(({ name }) => name)
  const whyNot = (target: string, shown: string): readonly [why: string, hint: string] | undefined => {
    const pipeline = pipelines.find(({ name }) => name === target)
    const nearest = () => suggest(shown, names, "no pipeline reads from it")
    if (pipeline === undefined) return ["which is not defined", nearest()]
    if (!readers.includes(pipeline)) return [`which does not have "${id}" among its receivers`, nearest()]
    const other = [...sent].find((signal) => signal !== pipeline.signal)
    return other === undefined ? undefined : [`but is sent ${other} too`, "give each signal a connector of its own"]
  }
  return (component.refersTo?.(config as never) ?? []).flatMap(({ path, pipeline }) => {
    const written = nodesOn(settings, path)
    const origin = written.find((node) => node.origin !== undefined)?.origin
    const wrong = whyNot(pipeline, origin === undefined ? pipeline : "")
    if (wrong === undefined || written.some(({ failed }) => failed)) return []
    const [why, hint] = wrong
    const shown = origin === undefined ? `"${pipeline}"` : `a value from ${origin}`
    return [error(locate(settings, path), `${kind} "${id}" names pipeline ${shown}, ${why}`, hint)]
  })
}

/** Connectors that data enters and never leaves, or that nothing enters. A connector keeps the signal. */
export const checkSides = (connectors: ReadonlyArray<string>, pipelines: ReadonlyArray<PipelineDeclaration>): ReadonlyArray<Problem> => {
  const problems: Array<Problem> = []
  for (const connector of connectors) {
    for (const signal of new Set(pipelines.map((pipeline) => pipeline.signal))) {
      const { writers, readers } = sidesOf(connector, signal, pipelines)
      if (readers.length === 0) {
        for (const { name, exporters } of writers) {
          const at = exporters.find(({ id }) => id === connector)!.at
          const message = `pipeline "${name}" sends into connector "${connector}", but no ${signal} pipeline has it among its receivers`
          problems.push(error(at, message))
        }
      }
      if (writers.length === 0) {
        for (const { name, receivers } of readers) {
          const at = receivers.find(({ id }) => id === connector)!.at
          const message = `pipeline "${name}" reads from connector "${connector}", but no ${signal} pipeline has it among its exporters`
          problems.push(error(at, message))
        }
      }
    }
  }
  return problems
}

/** Circles of pipelines: data in one would never leave. Each is reported once, at the connector that closes it. */
export const checkCycles = (connectors: ReadonlySet<string>, pipelines: ReadonlyArray<PipelineDeclaration>): ReadonlyArray<Problem> => {
  const problems: Array<Problem> = []
  const done = new Set<string>()
  const visit = (pipeline: PipelineDeclaration, way: ReadonlyArray<PipelineDeclaration>): void => {
    if (done.has(pipeline.name)) return
    const here = [...way, pipeline]
    for (const { id, at } of pipeline.exporters) {
      if (!connectors.has(id)) continue
      for (const next of sidesOf(id, pipeline.signal, pipelines).readers) {
        const start = here.findIndex(({ name }) => name === next.name)
        if (start === -1) visit(next, here)
        else {
          const names = [...here.slice(start), next].map(({ name }) => name)
          problems.push(error(at, `connector "${id}" closes a circle: ${names.join(" -> ")}`))
        }
      }
    }
    done.add(pipeline.name)
  }
  for (const pipeline of pipelines) visit(pipeline, [])
  return problems
}
