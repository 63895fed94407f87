import { Lease } from "../../domain/Lease.ts"
import { type Piece, slabs } from "../../domain/SlabPool.ts"
import type { Admission } from "./Admission.ts"

/** Contiguous bytes of a request with their owner. */
export interface Body {
  readonly bytes: Uint8Array
  readonly lease: Lease
}

/** Why a body could not be taken. */
export type BodyFault = "too_large" | "admission"

/** Frees the memory of a body at once and gives its bytes back to the admission. */
class BodyLease extends Lease {
  private readonly admission: Admission
  private readonly charged: number
  private readonly memory: ArrayBuffer | Lease

  constructor(admission: Admission, charged: number, memory: ArrayBuffer | Lease) {
    super()
    this.admission = admission
    this.charged = charged
    this.memory = memory
    if (!(memory instanceof Lease)) slabs.lent(memory.byteLength)
  }

  protected free(): void {
    this.admission.give(this.charged)
    if (this.memory instanceof Lease) this.memory.release()
    else {
      slabs.returned(this.memory.byteLength)
      this.memory.transfer(0)
    }
  }
}

/** A chunk that is alone in its ArrayBuffer may be freed by detaching it; node:http's body chunks are. */
const ownsMemory = (chunk: Uint8Array): chunk is Uint8Array<ArrayBuffer> =>
  chunk.byteOffset === 0 && chunk.byteLength === chunk.buffer.byteLength && chunk.buffer instanceof ArrayBuffer && !chunk.buffer.detached

/**
 * Takes bytes that were just made and that nobody else refers to; `undefined` if they do not fit. Small ones may lie in Node's shared
 * pool, and a buffer that is mostly empty is not worth keeping: those are copied.
 */
export const own = (admission: Admission, bytes: Uint8Array): Body | undefined => {
  const { buffer, length } = bytes
  if (bytes.byteOffset !== 0 || buffer.byteLength <= Buffer.poolSize || length * 2 < buffer.byteLength) return copy(admission, bytes)
  if (!admission.take(buffer.byteLength)) return undefined
  return { bytes, lease: new BodyLease(admission, buffer.byteLength, buffer as ArrayBuffer) }
}

const copy = (admission: Admission, bytes: Uint8Array): Body | undefined => {
  if (!admission.take(bytes.length)) return undefined
  const piece = slabs.allocate(bytes.length)
  piece.bytes.set(bytes)
  return { bytes: piece.bytes, lease: new BodyLease(admission, bytes.length, piece.lease) }
}

/**
 * A body of exactly `sizeBytes` that `write` puts at the start of the memory it is given, which is one byte longer. `undefined` if it says
 * that it could not.
 */
export const written = (admission: Admission, sizeBytes: number, write: (target: Uint8Array) => boolean): Body | BodyFault | undefined => {
  if (!admission.take(sizeBytes)) return "admission"
  const isWritten = write(slabs.open(sizeBytes + 1))
  const piece = slabs.close(isWritten ? sizeBytes : 0)
  if (isWritten) return { bytes: piece.bytes, lease: new BodyLease(admission, sizeBytes, piece.lease) }
  admission.give(sizeBytes)
  piece.lease.release()
  return undefined
}

const leastCapacity = 16 << 10

/**
 * Gathers a body of which chunks arrive. A body of one chunk stays where it is; more are copied together, into memory that grows with
 * what has arrived: eight times at most where the length was announced, twice where it was not. Memory of chunks is freed at once.
 */
export class BodyBuffer {
  private readonly admission: Admission
  private readonly limit: number
  private readonly expected: number | undefined
  /** Whether chunks belong to this body alone; chunks of HTTP/2 share their buffers between streams. */
  private readonly owning: boolean
  private first: Uint8Array<ArrayBuffer> | undefined = undefined
  private piece: Piece | undefined = undefined
  private charged = 0
  private used = 0

  /** `limit`: bytes. `expected`: the announced length, if any; it has been checked against the limit. */
  constructor(admission: Admission, limit: number, expected: number | undefined, owning: boolean) {
    this.admission = admission
    this.limit = limit
    this.expected = expected
    this.owning = owning
  }

  get length(): number {
    return this.used
  }

  /** Takes `chunk`, or says why not; then the body is to be discarded. */
  add(chunk: Uint8Array): BodyFault | undefined {
    const size = this.used + chunk.length
    if (size > this.limit) return "too_large"
    if (this.used === 0 && this.owning && ownsMemory(chunk)) {
      if (!this.charge(size)) return "admission"
      this.first = chunk
    } else {
      if (size > (this.piece?.bytes.length ?? 0) && !this.grow(size)) return "admission"
      this.piece!.bytes.set(chunk, this.used)
      if (this.owning && ownsMemory(chunk)) chunk.buffer.transfer(0)
    }
    this.used = size
    return undefined
  }

  private charge(capacity: number): boolean {
    if (!this.admission.take(capacity - this.charged)) return false
    this.charged = capacity
    return true
  }

  private grow(size: number): boolean {
    const ahead = Math.max(leastCapacity, size * (this.expected === undefined ? 2 : 8))
    const capacity = Math.max(size, Math.min(ahead, this.expected ?? this.limit))
    if (!this.charge(capacity)) return false
    const piece = slabs.allocate(capacity)
    const old = this.first ?? this.piece?.bytes
    if (old !== undefined) piece.bytes.set(this.used === old.length ? old : old.subarray(0, this.used))
    this.freeMemory()
    this.piece = piece
    return true
  }

  private freeMemory(): void {
    this.first?.buffer.transfer(0)
    this.first = undefined
    this.piece?.lease.release()
    this.piece = undefined
  }

  /** The whole body; the caller owns it. */
  finish(): Body {
    const { first, piece, used } = this
    this.first = undefined
    this.piece = undefined
    if (first !== undefined) return { bytes: first, lease: new BodyLease(this.admission, this.charged, first.buffer) }
    if (piece === undefined) return nothing
    const bytes = used === piece.bytes.length ? piece.bytes : piece.bytes.subarray(0, used)
    return { bytes, lease: new BodyLease(this.admission, this.charged, piece.lease) }
  }

  /** Lets go of what has arrived. Harmless after `finish`. */
  discard(): void {
    if (this.first === undefined && this.piece === undefined) return
    this.freeMemory()
    this.admission.give(this.charged)
    this.charged = 0
  }
}

const nothing: Body = { bytes: new Uint8Array(0), lease: Lease.none }
