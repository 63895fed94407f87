/** Byte patterns of the keys that a plan names in one map, found by length and last byte, then compared byte by byte. */
export class Keys {
  readonly names: Array<string> = []
  readonly bytes: Array<Uint8Array> = []
  private readonly head = new Int32Array(256).fill(-1)
  private readonly next: Array<number> = []

  /** The register of a key; the same key always gets the same one. */
  add(name: string): number {
    const known = this.names.indexOf(name)
    if (known >= 0) return known
    const bytes = new Uint8Array(Buffer.from(name, "utf8"))
    const register = this.names.push(name) - 1
    this.bytes.push(bytes)
    const bucket = hash(bytes, 0, bytes.length)
    this.next.push(this.head[bucket]!)
    this.head[bucket] = register
    return register
  }

  get count(): number {
    return this.names.length
  }

  find(bytes: Uint8Array, start: number, end: number): number {
    let register = this.head[hash(bytes, start, end)]!
    while (register >= 0) {
      const key = this.bytes[register]!
      if (key.length === end - start) {
        let i = 0
        while (i < key.length && bytes[start + i] === key[i]) i++
        if (i === key.length) return register
      }
      register = this.next[register]!
    }
    return -1
  }
}

const hash = (bytes: Uint8Array, start: number, end: number): number => (end === start ? 0 : (31 * (end - start) + bytes[end - 1]!) & 255)
