import { printable, printableLine } from "../../../domain/Printable.ts"

/** Rows as columns of text, the header first; what comes from the network is made harmless. */
export const table = (header: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const lines = [header, ...rows.map((row) => row.map(printableLine))]
  const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)))
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd()
    )
    .join("\n")
}

/** `2026-11-24 20:15:00`, in UTC. */
export const moment = (unixMillis: number | null): string =>
  unixMillis === null ? "-" : new Date(unixMillis).toISOString().slice(0, 19).replace("T", " ")

/** The JSON form is for programs: fields are added, never renamed. */
export const json = (value: unknown): string => JSON.stringify(value, undefined, 2)

/** A text of several lines, such as an agent's report with source lines, whose further ones cannot be taken for lines of ours. */
export const indented = (text: string): string => printable(text).trimEnd().replace(/\n/g, "\n    ")
