import { Failure, Tag, X } from "./Value.ts"

const initialBytes = 1 << 16

/**
 * The memory that a plan works in: the source bytes of the chunk under work, and an arena. The arena begins with the plan's constants
 * (literals, and whole ready-made attribute records) and grows by what statements write; a chunk's end sets it back.
 */
export class Workspace {
  source: Uint8Array = new Uint8Array(0)
  arena: Buffer = Buffer.allocUnsafeSlow(initialBytes)
  /** Where the next write goes. The first 16 bytes are zero: an unset id. */
  end = 16
  private constants = 16
  /** Writes to registers so far: an item that leaves it unchanged leaves no trace. */
  writes = 0
  /** Items so far; caches of what was computed for an item compare it. */
  epoch = 0
  /** The cause of the last `Error` tag. */
  failure: number = Failure.None

  constructor() {
    this.arena.fill(0, 0, 16)
  }

  bytes(where: number): Uint8Array {
    return where === 0 ? this.source : this.arena
  }

  /** Makes room for `size` more bytes. Offsets stay; references to `arena` do not. */
  reserve(size: number): void {
    if (this.end + size <= this.arena.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(this.arena.length * 2, this.end + size))
    this.arena.copy(grown, 0, 0, this.end)
    this.arena = grown
  }

  /** Ends the plan's constant part: everything written so far stays. */
  seal(): void {
    this.constants = this.end
  }

  reset(source: Uint8Array): void {
    this.source = source
    this.end = this.constants
    // One large chunk must not hold its memory for ever.
    if (this.arena.length > 64 * initialBytes) {
      const small = Buffer.allocUnsafeSlow(Math.max(initialBytes, this.constants * 2))
      this.arena.copy(small, 0, 0, this.constants)
      this.arena = small
    }
    this.writes = 0
    this.epoch++
  }

  fail(cause: number): typeof Tag.Error {
    this.failure = cause
    return Tag.Error
  }

  /** Why a value does not fit where it was to be written. */
  refuse(cause: number): false {
    this.failure = cause
    return false
  }

  /** Writes a text into the arena and leaves it in `X`. */
  putText(text: string): typeof Tag.String {
    this.reserve(text.length * 3)
    const start = this.end
    this.end += this.arena.write(text, start, "utf8")
    X[0] = 1
    X[1] = start
    X[2] = this.end
    return Tag.String
  }

  putBytes(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.arena.set(bytes, this.end)
    X[0] = 1
    X[1] = this.end
    X[2] = this.end += bytes.length
  }

  /** Copies a range of the source or the arena to the arena's end; room must have been made. */
  append(where: number, start: number, end: number): void {
    const length = end - start
    if (length > 40) {
      if (where === 1) this.arena.copyWithin(this.end, start, end)
      else Buffer.prototype.copy.call(this.source, this.arena, this.end, start, end)
    } else {
      const from = where === 0 ? this.source : this.arena
      const { arena } = this
      let to = this.end
      for (let i = start; i < end; i++) arena[to++] = from[i]!
    }
    this.end += length
  }

  /** The text in a range; for cold paths. */
  text(where: number, start: number, end: number): string {
    const bytes = this.bytes(where)
    return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8")
  }
}
