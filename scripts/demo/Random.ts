/** Numbers in [0, 1) that follow from a seed (mulberry32). */
export const seeded = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A seed of its own for each part, so that parts do not wait for each other's numbers. */
export const seedFor = (seed: number, part: string): number =>
  [...part].reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0), seed)
