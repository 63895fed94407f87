import type { Checked, CheckedComponent } from "../../domain/config/Checked.ts"
import { sectionOf } from "../../domain/config/ComponentType.ts"
import { locate, nodeAt, type Path } from "../../domain/config/Node.ts"
import { error, formatProblem } from "../../domain/config/Problem.ts"
import type { ComponentError } from "../graph/ComponentError.ts"

/** How many steps of a path the settings of a component have. */
const depth = ({ settings }: CheckedComponent<unknown>, path: Path): number => {
  let steps = 0
  while (steps < path.length && nodeAt(settings, path.slice(0, steps + 1)) !== undefined) steps++
  return steps
}

/**
 * Which setting a component failed over, with its line: `weir.yaml:5:17: error: receivers.otlp.protocols.grpc.endpoint: port ...`.
 *
 * A component error names the id only, which a receiver and an exporter may share: the one that has more of the path is meant.
 */
export const blame = (failure: ComponentError, checked: Checked<unknown>): string => {
  const [component] = checked.components
    .filter(({ id }) => id === failure.component)
    .toSorted((a, b) => depth(b, failure.path) - depth(a, failure.path))
  if (component === undefined) return `${[failure.component, ...failure.path].join(".")}: ${failure.message}`
  const setting = [sectionOf[component.kind], component.id, ...failure.path].join(".")
  return formatProblem(error(locate(component.settings, failure.path), `${setting}: ${failure.message}`))
}
