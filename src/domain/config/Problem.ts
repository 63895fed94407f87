import { printable } from "../Printable.ts"
import { formatLocation, type Location } from "./Source.ts"

/** Something wrong with a configuration, or doubtful about it: where, what, and what was expected instead. */
export interface Problem {
  readonly severity: "error" | "warning"
  /** Absent only for what no line is to blame for (no file at all). */
  readonly at: Location | undefined
  /** What is wrong, one sentence without a full stop. */
  readonly message: string
  /** What would be right. */
  readonly hint?: string | undefined
}

export const error = (at: Location | undefined, message: string, hint?: string): Problem => ({ severity: "error", at, message, hint })
export const warning = (at: Location | undefined, message: string, hint?: string): Problem => ({ severity: "warning", at, message, hint })

/**
 * A problem as a terminal shows it:
 *
 * ```
 * weir.yaml:3:5: error: unknown key "endpiont"
 *     3 |     endpiont: localhost:4317
 *       |     ^^^^^^^^
 *       = did you mean "endpoint"?
 * ```
 *
 * What is in a file that an expansion brought has its place shown, not its line.
 */
export const formatProblem = ({ severity, at, message, hint }: Problem): string => {
  const lines = [`${at === undefined ? "configuration" : formatLocation(at)}: ${severity}: ${message}`]
  if (at !== undefined && !at.source.hidden) {
    const { line, column } = at.source.position(at.start)
    const text = at.source.line(line)
    // Very long lines (a whole document in one) are shown around the place.
    const from = Math.max(0, column - 1 - contextColumns)
    const shown = text.slice(from, column - 1 + 2 * contextColumns)
    const before = text.slice(from, column - 1).replace(/[^\t]/g, " ")
    const length = Math.max(1, Math.min(at.end, at.start + shown.length - before.length) - at.start)
    lines.push(`${String(line).padStart(5)} | ${shown}`, `      | ${before}${"^".repeat(length)}`)
  }
  if (hint !== undefined) lines.push(`      = ${hint}`)
  return lines.map(printable).join("\n")
}

const contextColumns = 60

/** The problems in the order of their places, errors and warnings together. */
export const formatProblems = (problems: ReadonlyArray<Problem>): string =>
  problems
    .toSorted((a, b) => {
      const bySource = (a.at?.source.name ?? "").localeCompare(b.at?.source.name ?? "")
      return bySource !== 0 ? bySource : (a.at?.start ?? 0) - (b.at?.start ?? 0)
    })
    .map(formatProblem)
    .join("\n\n")

export const hasErrors = (problems: ReadonlyArray<Problem>): boolean => problems.some((problem) => problem.severity === "error")
