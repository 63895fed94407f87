import { Lease } from "./Lease.ts"

const slabBytes = 1 << 20
const largestShared = slabBytes >> 2

/** One slab: it hands out consecutive pieces and returns to the pool when the last piece is released. */
class Slab extends Lease {
  readonly buffer = new ArrayBuffer(slabBytes)
  used = 0
  private readonly pool: SlabPool

  constructor(pool: SlabPool) {
    super()
    this.pool = pool
  }

  protected free(): void {
    this.pool.recycle(this)
  }

  /** As new: one holder (the pool, while the slab is the current one), nothing used. */
  reuse(): this {
    this.used = 0
    this.retain()
    return this
  }
}

/** Memory of its own, for pieces too large to share a slab; given back to the system at release. */
class Loan extends Lease {
  private readonly buffer: ArrayBuffer
  private readonly pool: SlabPool

  constructor(buffer: ArrayBuffer, pool: SlabPool) {
    super()
    this.buffer = buffer
    this.pool = pool
  }

  protected free(): void {
    this.pool.returned(this.buffer.byteLength)
    this.buffer.transfer(0)
  }
}

/** Bytes with their owner. */
export interface Piece {
  readonly bytes: Uint8Array
  readonly lease: Lease
}

/**
 * Memory for bodies and rebuilt batches, reused instead of left to the garbage collector: pieces are cut from 1 MiB slabs and freed
 * by reference count. At most `idleSlabs` empty slabs are kept.
 *
 * `open` gives at least `maxBytes` to write into; `close` keeps what was used. Nothing else may be opened between the two.
 */
export class SlabPool {
  private current: Slab | undefined
  private readonly idle: Array<Slab> = []
  private readonly idleSlabs: number
  private opened: { readonly slab: Slab } | { readonly buffer: ArrayBuffer } | undefined
  private occupied = 0

  constructor(idleSlabs = 64) {
    this.idleSlabs = idleSlabs
  }

  /** Memory that is handed out and not yet returned, in bytes; a full slab counts as a whole until its last piece is released, the one
   * that is being filled does not count. */
  get occupiedBytes(): number {
    return this.occupied
  }

  open(maxBytes: number): Uint8Array {
    if (maxBytes > largestShared) {
      const buffer = new ArrayBuffer(maxBytes)
      this.opened = { buffer }
      return new Uint8Array(buffer)
    }
    let slab = this.current
    if (slab === undefined || slab.used + maxBytes > slabBytes) {
      const full = slab
      slab = this.current = this.idle.pop()?.reuse() ?? new Slab(this)
      if (full !== undefined) {
        this.occupied += slabBytes
        full.release()
      }
    }
    this.opened = { slab }
    return new Uint8Array(slab.buffer, slab.used, slabBytes - slab.used)
  }

  close(usedBytes: number): Piece {
    const opened = this.opened
    if (opened === undefined) throw new Error("SlabPool.close without open")
    this.opened = undefined
    if ("buffer" in opened) {
      this.occupied += opened.buffer.byteLength
      return { bytes: new Uint8Array(opened.buffer, 0, usedBytes), lease: new Loan(opened.buffer, this) }
    }
    const { slab } = opened
    const bytes = new Uint8Array(slab.buffer, slab.used, usedBytes)
    slab.used = (slab.used + usedBytes + 7) & ~7
    slab.retain()
    return { bytes, lease: slab }
  }

  /** A piece of exactly this size. */
  allocate(sizeBytes: number): Piece {
    this.open(sizeBytes)
    return this.close(sizeBytes)
  }

  /** Memory for the same purpose that was not cut here (a body that stays in the buffer it came in) counts as occupied too. */
  lent(sizeBytes: number): void {
    this.occupied += sizeBytes
  }

  /** Ends `lent`. */
  returned(sizeBytes: number): void {
    this.occupied -= sizeBytes
  }

  recycle(slab: Slab): void {
    this.returned(slabBytes)
    if (this.idle.length < this.idleSlabs) this.idle.push(slab)
  }
}

/** The pool of the process: it is synchronous and holds no state that a request could see. */
export const slabs = new SlabPool()
