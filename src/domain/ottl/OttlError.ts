/** A mistake in one statement or condition of a configuration. `line` and `column` count from 1 inside its text, in UTF-16 units. */
export interface OttlError {
  /** Where the text stands in what was compiled, such as `[1, "statements", 0]`. */
  readonly path: ReadonlyArray<string | number>
  /** From 0, inside the text. */
  readonly offset: number
  /** The statement or condition as it was written. */
  readonly source: string
  readonly line: number
  readonly column: number
  readonly message: string
  /** The known name that is nearest to an unknown one. */
  readonly nearest?: string
}

/** An error before its place has been counted: an offset into the text that is being read. */
export class Mistake {
  readonly offset: number
  readonly message: string
  readonly nearest: string | undefined

  constructor(offset: number, message: string, nearest?: string) {
    this.offset = offset
    this.message = message
    this.nearest = nearest
  }

  in(source: string, path: ReadonlyArray<string | number> = []): OttlError {
    const before = source.slice(0, this.offset)
    const line = before.split("\n").length
    const column = this.offset - (before.lastIndexOf("\n") + 1) + 1
    const base = { path, offset: this.offset, source, line, column, message: this.message }
    return this.nearest === undefined ? base : { ...base, nearest: this.nearest }
  }
}

/** One readable text: place, what is wrong, the line with a caret, the nearest known name. */
export const format = (error: OttlError): string => {
  const text = error.source.split("\n")[error.line - 1] ?? ""
  return `${formatBare(error)}\n  ${text}\n  ${" ".repeat(error.column - 1)}^`
}

/** The same on one line and without the text, for whoever points into it. */
export const formatBare = ({ line, column, message, nearest }: OttlError): string =>
  `${line}:${column}: ${message}${nearest === undefined ? "" : `; did you mean ${nearest}?`}`

/** Edit distance, cut off at `limit`. */
const distance = (a: string, b: string, limit: number): number => {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      row.push(Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    previous = row
  }
  return previous[b.length]!
}

/** The known name most like `name` (letter case ignored), if any is at all like it. */
export const nearestName = (name: string, known: Iterable<string>): string | undefined => {
  const limit = Math.max(2, Math.floor(name.length / 3))
  let best: string | undefined
  let bestDistance = limit + 1
  for (const candidate of known) {
    const d = distance(name.toLowerCase(), candidate.toLowerCase(), limit)
    if (d < bestDistance) {
      best = candidate
      bestDistance = d
    }
  }
  return best
}
