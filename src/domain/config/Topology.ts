import type { PipelineDeclaration } from "./Document.ts"
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
