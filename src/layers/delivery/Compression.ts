import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { field, optional } from "../../domain/config/Fields.ts"
import type { Lease } from "../../domain/Lease.ts"
import { slabs } from "../../domain/SlabPool.ts"
import { type Encoding, ReusedCompressor } from "./ReusedCompressor.ts"

/**
 * Compresses a request. Level 1 unless the configuration says otherwise: it costs less than half of gzip's usual level 6 for a tenth
 * more bytes, a deliberate deviation from the collector.
 */
export interface Compressor {
  readonly encoding: Encoding
  readonly level: number
}

export const CompressionParams = Schema.Struct({
  level: optional(Schema.Int, "Compression level; 1 is the default of every method.")
})

export const compressionParams = field(CompressionParams, {}, "Parameters of the compression.")

export const compressor = (encoding: Encoding | "none" | "", level: number | undefined): Compressor | undefined =>
  encoding === "none" || encoding === "" ? undefined : { encoding, level: level ?? 1 }

export interface Packed {
  readonly chunks: ReadonlyArray<Uint8Array>
  readonly sizeBytes: number
}

/**
 * Gives the chunks as one compressed body to `use`, which must have let go of it when it ends; its memory is then used for others.
 * The chunks themselves are not read any more when this ends, however it ends.
 */
export const compressed = <A, E>(
  compressor: Compressor,
  chunks: ReadonlyArray<Uint8Array>,
  sizeBytes: number,
  use: (packed: Packed) => Effect.Effect<A, E>
): Effect.Effect<A, E> =>
  Effect.suspend(() => {
    const body = new PackedBody()
    return pack(compressor, chunks, sizeBytes, body).pipe(
      Effect.flatMap(() => use(body)),
      Effect.ensuring(Effect.sync(() => body.release()))
    )
  })

/** Above this it happens in the thread pool, so that the event loop does not stand still for more than a millisecond. */
const syncBytes = 256 * 1024

const pack = (compressor: Compressor, chunks: ReadonlyArray<Uint8Array>, sizeBytes: number, body: PackedBody): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (sizeBytes <= syncBytes && packNow(compressor, chunks, sizeBytes, body)) return resume(Effect.void)
    inThread(() => {
      // A thread cannot be stopped, but what waits for one need not begin.
      if (body.isReleased) return threadEnded()
      const codec = take(compressor)
      codec.inThread(chunks, sizeBytes, body.add, (error) => {
        giveBack(codec)
        threadEnded()
        resume(error === undefined ? Effect.void : Effect.die(error))
      })
    })
  })

const packNow = (compressor: Compressor, chunks: ReadonlyArray<Uint8Array>, sizeBytes: number, body: PackedBody): boolean => {
  const codec = take(compressor)
  const length = codec.now(chunks, sizeBytes, slabs.open(Math.max(1024, sizeBytes)))
  const { bytes, lease } = slabs.close(length ?? 0)
  giveBack(codec)
  if (length === undefined) lease.release()
  else body.own(bytes, lease)
  return length !== undefined
}

/** Small enough to fill slabs well, large enough for one vectored write of an export. */
const pieceBytes = 128 * 1024

/** A compressed body in slabs. */
class PackedBody implements Packed {
  readonly chunks: Array<Uint8Array> = []
  sizeBytes = 0
  isReleased = false
  private readonly leases: Array<Lease> = []

  readonly add = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length && !this.isReleased; at += pieceBytes) {
      const part = bytes.subarray(at, at + pieceBytes)
      const piece = slabs.allocate(part.length)
      piece.bytes.set(part)
      this.own(piece.bytes, piece.lease)
    }
  }

  own(bytes: Uint8Array, lease: Lease): void {
    this.chunks.push(bytes)
    this.leases.push(lease)
    this.sizeBytes += bytes.length
  }

  release(): void {
    this.isReleased = true
    for (const lease of this.leases) lease.release()
  }
}

/** A codec with its buffers holds up to 6 MiB: few are kept, and not more are at work than libuv has threads by default. */
const maxIdle = 2
const maxThreads = 4

const idle: Array<ReusedCompressor> = []

const take = ({ encoding, level }: Compressor): ReusedCompressor => {
  const index = idle.findLastIndex((codec) => codec.encoding === encoding && codec.level === level)
  return index === -1 ? new ReusedCompressor(encoding, level) : idle.splice(index, 1)[0]!
}

const giveBack = (codec: ReusedCompressor): void => {
  if (!codec.isReusable) return codec.close()
  idle.push(codec)
  if (idle.length > maxIdle) idle.shift()!.close()
}

const waiting: Array<() => void> = []
let threads = 0

const inThread = (run: () => void): void => {
  if (threads === maxThreads) {
    waiting.push(run)
    return
  }
  threads++
  run()
}

const threadEnded = (): void => {
  threads--
  const run = waiting.shift()
  if (run !== undefined) inThread(run)
}
