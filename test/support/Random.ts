// A small seeded generator (mulberry32), so that a failing run can be repeated from the seed in its message.
export class Random {
  private state: number

  constructor(seed: number) {
    this.state = seed >>> 0
  }

  /** In [0, 1). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let t = this.state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }

  /** A whole number in [0, below). */
  int(below: number): number {
    return Math.floor(this.next() * below)
  }

  pick<A>(values: ReadonlyArray<A>): A {
    return values[this.int(values.length)]!
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }
}
