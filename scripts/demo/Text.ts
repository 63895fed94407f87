/** Sequences that a terminal obeys and does not show. */
const invisible = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g")

/** A line that fits into so many columns. */
export const shorten = (line: string, columns: number): string => {
  const surplus = line.replace(invisible, "").length - columns
  return surplus <= 0 ? line : `${line.slice(0, line.length - surplus - 1)}…\x1b[0m`
}

/** Columns beside each other; numbers to the right. */
export const table = (rows: ReadonlyArray<ReadonlyArray<string | number>>): ReadonlyArray<string> => {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)))
  return rows.map((row) =>
    row
      .map((cell, column) => (typeof cell === "number" ? String(cell).padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join("  ")
      .trimEnd()
  )
}
