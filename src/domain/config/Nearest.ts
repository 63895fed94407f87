/** Names longer than this are not compared: the cost grows with the product of the lengths. */
const longestName = 64

/** Edits (insert, delete, replace, swap neighbours) between two names: the optimal string alignment distance. */
const distance = (a: string, b: string): number => {
  let beforeLast: Array<number> = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replace = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, replace)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j]!, beforeLast[j - 2]! + 1)
    }
    beforeLast = last
    last = row
  }
  return last[b.length]!
}

/** The known name that a misspelt one most likely means, if one is near enough (a third of its letters wrong, at most). */
export const nearest = (name: string, known: Iterable<string>): string | undefined => {
  if (name.length > longestName) return undefined
  const plain = (text: string) => text.toLowerCase().replaceAll(/[-_ ]/g, "")
  let best: string | undefined
  let bestDistance = Infinity
  for (const candidate of known) {
    if (candidate.length > longestName) continue
    const edits = distance(plain(name), plain(candidate))
    if (edits < bestDistance && edits <= Math.max(1, Math.floor(candidate.length / 3))) {
      best = candidate
      bestDistance = edits
    }
  }
  return best
}

/** The most names that a hint lists. */
const listed = 12

/** What to say beside an unknown name: the nearest known one, else the known ones. */
export const suggest = (name: string, known: Iterable<string>, nothing = "none is known here"): string => {
  const names = [...new Set(known)]
  const match = nearest(name, names)
  if (match !== undefined) return `did you mean "${match}"?`
  if (names.length === 0) return nothing
  return `expected ${names.length === 1 ? "" : "one of "}${names.slice(0, listed).join(", ")}${names.length > listed ? ", ..." : ""}`
}
