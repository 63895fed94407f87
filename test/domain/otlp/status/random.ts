/** A seeded source of whole numbers in `[0, below)` (xorshift32), so that every run sees the same inputs. */
export const seeded = (seed: number): ((below: number) => number) => {
  let state = seed | 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

export const randomBytes = (random: (below: number) => number, maxLength: number): Uint8Array =>
  Uint8Array.from({ length: 1 + random(maxLength) }, () => random(256))
