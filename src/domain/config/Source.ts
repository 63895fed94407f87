/** A configuration file (or another origin of text, such as the embedded default): its name as the user knows it, and its text. */
export class Source {
  readonly name: string
  readonly text: string
  private lineStarts: ReadonlyArray<number> | undefined

  constructor(name: string, text: string) {
    this.name = name
    this.text = text
  }

  /** Line and column, both from 1, of an offset in the text. */
  position(offset: number): { readonly line: number; readonly column: number } {
    const starts = (this.lineStarts ??= findLineStarts(this.text))
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (starts[middle]! <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - starts[low]! + 1 }
  }

  /** The text of a line (from 1), without its line break. */
  line(line: number): string {
    const starts = (this.lineStarts ??= findLineStarts(this.text))
    return this.text.slice(starts[line - 1], starts[line]).replace(/[\r\n]+$/, "")
  }
}

const findLineStarts = (text: string): ReadonlyArray<number> => {
  const starts = [0]
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1)
  return starts
}

/** A stretch of a source: offsets, the end excluded. */
export interface Location {
  readonly source: Source
  readonly start: number
  readonly end: number
}

/** `file:line:column`. */
export const formatLocation = ({ source, start }: Location): string => {
  const { line, column } = source.position(start)
  return `${source.name}:${line}:${column}`
}
