/** A configuration file (or another origin of text, such as the embedded default): its name as the user knows it, and its text. */
export class Source {
  readonly name: string
  readonly text: string
  /** Lines of it are never shown: it is what an expansion brought, perhaps a secret. */
  readonly hidden: boolean
  private lineStarts: ReadonlyArray<number> | undefined

  constructor(name: string, text: string, options: { readonly hidden: boolean } = { hidden: false }) {
    this.name = name
    this.text = text
    this.hidden = options.hidden
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

/**
 * The place of the character at `offset` of a text that was written at `at`, in whatever style YAML has for it: plain, quoted or as a
 * block. Line breaks, indentation and escapes make the two differ, so the characters that are no white space are followed one by one;
 * where they cannot be followed (`\x41`), it is the whole text.
 */
export const placeInText = (at: Location, text: string, offset: number): Location => {
  const written = at.source.text.slice(at.start, at.end)
  const style = written[0]
  let i = style === "|" || style === ">" ? written.indexOf("\n") + 1 : style === '"' || style === "'" ? 1 : 0
  for (let t = 0; ; t++, i++) {
    const char = text[t]
    if (char === undefined || isSpace(char)) {
      if (t < offset) {
        i--
        continue
      }
      // White space and the end of the text: behind the last character that was found.
      return { source: at.source, start: at.start + i, end: at.start + i + 1 }
    }
    while (i < written.length && isSpace(written[i]!)) i++
    if (style === "'" && char === "'") i++
    if (style === '"' && written[i] === "\\") i++
    if (written[i] !== char) return at
    if (t === offset) return { source: at.source, start: at.start + i, end: at.start + i + 1 }
  }
}

const isSpace = (char: string): boolean => char === " " || char === "\n" || char === "\t" || char === "\r"
