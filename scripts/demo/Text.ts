/** Sequences that a terminal obeys and does not show. */
const invisible = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g")

/** A line that fits into so many columns. */
export const shorten = (line: string, columns: number): string => {
  const surplus = line.replace(invisible, "").length - columns
  return surplus <= 0 ? line : `${line.slice(0, line.length - surplus - 1)}…\x1b[0m`
}

/** Lines of at most so many columns, broken at spaces. */
const wrap = (text: string, columns: number): ReadonlyArray<string> => {
  const lines = [""]
  for (const word of text.split(" ")) {
    const line = lines.at(-1)!
    if (line !== "" && line.length + 1 + word.length > columns) lines.push(word)
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`
  }
  return lines
}

const gap = "  "
const leastText = 30

/** Columns beside each other, numbers to the right; the last one is wrapped where the whole would be wider than `columns`. */
export const table = (rows: ReadonlyArray<ReadonlyArray<string | number>>, columns: number): ReadonlyArray<string> => {
  const last = rows[0]!.length - 1
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)))
  const before = widths.slice(0, last).reduce((sum, width) => sum + width + gap.length, 0)
  const cellOf = (cell: string | number, column: number): string =>
    typeof cell === "number" ? String(cell).padStart(widths[column]!) : cell.padEnd(widths[column]!)
  return rows.flatMap((row) => {
    const text = cellOf(row[last]!, last)
    const [first, ...rest] = typeof row[last] === "number" ? [text] : wrap(text.trimEnd(), Math.max(leastText, columns - before))
    const line = [...row.slice(0, last).map(cellOf), first].join(gap)
    return [line.trimEnd(), ...rest.map((more) => " ".repeat(before) + more)]
  })
}
