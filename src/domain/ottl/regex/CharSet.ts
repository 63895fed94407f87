/** A set of code points as sorted, disjoint, inclusive ranges: `[low, high, low, high, ...]`. */
export type CharSet = ReadonlyArray<number>

export const maxCodePoint = 0x10ffff

export const union = (...sets: ReadonlyArray<CharSet>): CharSet => {
  const pairs: Array<[number, number]> = []
  for (const set of sets) for (let i = 0; i < set.length; i += 2) pairs.push([set[i]!, set[i + 1]!])
  pairs.sort((a, b) => a[0] - b[0])
  const result: Array<number> = []
  for (const [low, high] of pairs) {
    if (result.length > 0 && low <= result[result.length - 1]! + 1) result[result.length - 1] = Math.max(result[result.length - 1]!, high)
    else result.push(low, high)
  }
  return result
}

export const complement = (set: CharSet): CharSet => {
  const result: Array<number> = []
  let next = 0
  for (let i = 0; i < set.length; i += 2) {
    if (set[i]! > next) result.push(next, set[i]! - 1)
    next = set[i + 1]! + 1
  }
  if (next <= maxCodePoint) result.push(next, maxCodePoint)
  return result
}

export const contains = (set: CharSet, codePoint: number): boolean => {
  for (let i = 0; i < set.length; i += 2) if (codePoint >= set[i]! && codePoint <= set[i + 1]!) return true
  return false
}

export const digits: CharSet = [0x30, 0x39]
export const word: CharSet = [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a]
export const space: CharSet = [0x09, 0x0a, 0x0c, 0x0d, 0x20, 0x20]
export const any: CharSet = [0, maxCodePoint]
export const notNewline: CharSet = [0, 0x09, 0x0b, maxCodePoint]

export const posix: Readonly<Record<string, CharSet>> = {
  alnum: [0x30, 0x39, 0x41, 0x5a, 0x61, 0x7a],
  alpha: [0x41, 0x5a, 0x61, 0x7a],
  ascii: [0, 0x7f],
  blank: [0x09, 0x09, 0x20, 0x20],
  cntrl: [0, 0x1f, 0x7f, 0x7f],
  digit: digits,
  graph: [0x21, 0x7e],
  lower: [0x61, 0x7a],
  print: [0x20, 0x7e],
  punct: [0x21, 0x2f, 0x3a, 0x40, 0x5b, 0x60, 0x7b, 0x7e],
  space: [0x09, 0x0d, 0x20, 0x20],
  upper: [0x41, 0x5a],
  word,
  xdigit: [0x30, 0x39, 0x41, 0x46, 0x61, 0x66]
}

const unicodeClasses = new Map<string, CharSet | undefined>()

/** The code points of a general category (`L`, `Lu`) or script (`Greek`), or `undefined` for a name that is neither. */
export const unicodeClass = (name: string): CharSet | undefined => {
  if (unicodeClasses.has(name)) return unicodeClasses.get(name)
  const set = name === "Any" ? any : scan(/^[A-Z][a-z]?$/.test(name) ? `\\p{gc=${name}}` : /^\w+$/.test(name) ? `\\p{sc=${name}}` : "")
  unicodeClasses.set(name, set)
  return set
}

const scan = (property: string): CharSet | undefined => {
  let test: RegExp
  try {
    if (property === "") return undefined
    test = new RegExp(property, "u")
  } catch {
    return undefined
  }
  const result: Array<number> = []
  for (let c = 0; c <= maxCodePoint; c++) {
    if (!test.test(String.fromCodePoint(c))) continue
    if (result.length > 0 && result[result.length - 1] === c - 1) result[result.length - 1] = c
    else result.push(c, c)
  }
  return result
}

let orbits: Map<number, ReadonlyArray<number>> | undefined

/** Code points that are equal when case is ignored, by simple one-to-one folding; only those with company. */
const foldOrbits = (): Map<number, ReadonlyArray<number>> => {
  if (orbits !== undefined) return orbits
  const groups = new Map<number, Array<number>>()
  for (let c = 0x41; c <= 0x1e943; c++) {
    const char = String.fromCodePoint(c)
    const upper = char.toUpperCase()
    const single = upper.length === char.length ? upper : char
    const lower = single.toLowerCase()
    const key = (lower.length === single.length ? lower : single).codePointAt(0)!
    if (key === c && lower === char && upper === char) continue
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [c])
    else group.push(c)
  }
  orbits = new Map()
  for (const group of groups.values()) if (group.length > 1) for (const c of group) orbits.set(c, group)
  return orbits
}

/** The set with the other cases of all its members. */
export const ignoreCase = (set: CharSet): CharSet => {
  const more: Array<CharSet> = [set]
  for (const [c, orbit] of foldOrbits()) if (contains(set, c)) for (const other of orbit) more.push([other, other])
  return union(...more)
}
