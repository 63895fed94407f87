import type { Checked, CheckedComponent } from "../../domain/config/Checked.ts"
import { sectionOf } from "../../domain/config/ComponentType.ts"
import { locate, nodeAt, type Path } from "../../domain/config/Node.ts"
import { formatLocation } from "../../domain/config/Source.ts"
import { metricsSetting } from "../../domain/config/Telemetry.ts"
import { printableLine } from "../../domain/Printable.ts"
import { error, formatProblem } from "../../domain/config/Problem.ts"
import type { ComponentError } from "../graph/ComponentError.ts"

/** How many steps of a path the settings of a component have. */
const depth = ({ settings }: CheckedComponent<unknown>, path: Path): number => {
  let steps = 0
  while (steps < path.length && nodeAt(settings, path.slice(0, steps + 1)) !== undefined) steps++
  return steps
}

/**
 * Which setting a component failed over, with its line: `weir.yaml:5:17: error: receivers.otlp.protocols.grpc.endpoint: port ...`; on
 * one line where the component threw and no setting is to blame.
 *
 * A component error names the id only, which a receiver and an exporter may share: the one that has more of the path is meant.
 */
export const blame = (failure: ComponentError, checked: Checked<unknown>): string => {
  if (failure.component === "service") return blameMetrics(failure, checked)
  const [component] = checked.components
    .filter(({ id }) => id === failure.component)
    .toSorted((a, b) => depth(b, failure.path) - depth(a, failure.path))
  const section = component === undefined ? [] : [sectionOf[component.kind]]
  const message = `${[...section, failure.component, ...failure.path].join(".")}: ${failure.message}`
  const at = component === undefined ? undefined : locate(component.settings, failure.path)
  if (failure.defect === undefined) return formatProblem(error(at, message))
  return printableLine(`${at === undefined ? "weir" : formatLocation(at)}: internal error: ${message}`)
}

/** Where the own metrics are served is a setting of the service; by default none is written. */
const blameMetrics = ({ message }: ComponentError, { telemetrySource }: Checked<unknown>): string => {
  const path = telemetrySource === undefined ? undefined : metricsSetting(telemetrySource)
  if (telemetrySource !== undefined && path !== undefined) {
    return formatProblem(error(locate(telemetrySource, path), `service.telemetry.metrics: ${message}`))
  }
  const hint = "this is the default: service.telemetry.metrics.readers sets another port, service.telemetry.metrics.level: none serves none"
  return formatProblem(error(undefined, `service.telemetry.metrics: ${message}`, hint))
}
