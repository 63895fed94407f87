import type { WriteStream } from "node:tty"

const enter = "\u001b[?1049h\u001b[?25l\u001b[2J"
const leave = "\u001b[?25h\u001b[?1049l"
/** A terminal that knows synchronized output shows a frame whole; others ignore it. */
const beginFrame = "\u001b[?2026h"
const endFrame = "\u001b[?2026l"

/** A terminal's alternate screen, of which only the rows that change are written. */
export class Screen {
  private readonly out: Pick<WriteStream, "write" | "rows" | "columns">
  private shown: ReadonlyArray<string> = []
  private isOpen = false

  constructor(out: Pick<WriteStream, "write" | "rows" | "columns">) {
    this.out = out
  }

  get width(): number {
    return this.out.columns
  }

  get height(): number {
    return this.out.rows
  }

  open(): void {
    if (this.isOpen) return
    this.isOpen = true
    this.shown = []
    this.out.write(enter)
  }

  /** Gives the terminal back as it was; again and again is fine. */
  close(): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.out.write(leave)
  }

  /** Rows below the last are empty, those that do not fit are left out. */
  draw(lines: ReadonlyArray<string>): void {
    if (!this.isOpen) return
    const rows = Array.from({ length: this.height }, (_, row) => lines[row] ?? "")
    const changes = rows.flatMap((line, row) => (line === (this.shown[row] ?? "") ? [] : [`\u001b[${row + 1};1H${line}\u001b[K`]))
    this.shown = rows
    if (changes.length > 0) this.out.write(`${beginFrame}${changes.join("")}${endFrame}`)
  }

  /** After a resize nothing is where it was. */
  clear(): void {
    this.shown = []
    if (this.isOpen) this.out.write("\u001b[2J")
  }
}
