import {
  constants,
  deflate,
  deflateSync,
  gzip,
  gzipSync,
  zstdCompress,
  zstdCompressSync,
  type CompressCallback,
  type ZlibOptions,
  type ZstdOptions
} from "node:zlib"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { field, optional } from "../../domain/config/Fields.ts"
import { slabs } from "../../domain/SlabPool.ts"

export type Encoding = "gzip" | "zstd" | "deflate"

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

/** Above this it happens in the thread pool, so that the event loop does not stand still for more than a millisecond. */
const syncBytes = 256 * 1024

/** The copy in one piece that compression reads; reused, since nothing keeps it. */
let scratch = new Uint8Array(64 * 1024)

/** The chunks as one compressed body; they are not read any more when this ends, however it ends. */
export const compress = (compressor: Compressor, chunks: ReadonlyArray<Uint8Array>, sizeBytes: number): Effect.Effect<Uint8Array> => {
  if (sizeBytes > syncBytes) return compressInPool(compressor, chunks, sizeBytes)
  return Effect.sync(() => {
    if (chunks.length === 1) return compressNow(compressor, chunks[0]!)
    if (scratch.length < sizeBytes) scratch = new Uint8Array(syncBytes)
    gather(chunks, scratch)
    return compressNow(compressor, scratch.subarray(0, sizeBytes))
  })
}

const compressNow = ({ encoding, level }: Compressor, bytes: Uint8Array): Uint8Array => {
  switch (encoding) {
    case "gzip":
      return gzipSync(bytes, zlibOptions(level, bytes.length))
    case "deflate":
      return deflateSync(bytes, zlibOptions(level, bytes.length))
    case "zstd":
      return zstdCompressSync(bytes, zstdOptions(level, bytes.length))
  }
}

/** The copy is given back when the thread is done with it, also after an interruption: a thread cannot be stopped. */
const compressInPool = ({ encoding, level }: Compressor, chunks: ReadonlyArray<Uint8Array>, sizeBytes: number): Effect.Effect<Uint8Array> =>
  Effect.callback((resume) => {
    const { bytes, lease } = slabs.allocate(sizeBytes)
    gather(chunks, bytes)
    const done: CompressCallback = (error, compressed) => {
      lease.release()
      resume(error === null ? Effect.succeed(compressed) : Effect.die(error))
    }
    if (encoding === "gzip") gzip(bytes, zlibOptions(level, sizeBytes), done)
    else if (encoding === "deflate") deflate(bytes, zlibOptions(level, sizeBytes), done)
    else zstdCompress(bytes, zstdOptions(level, sizeBytes), done)
  })

const gather = (chunks: ReadonlyArray<Uint8Array>, target: Uint8Array): void => {
  let at = 0
  for (const chunk of chunks) {
    target.set(chunk, at)
    at += chunk.length
  }
}

/** Output in pieces of this size: telemetry shrinks to a fifth, so one piece mostly does. */
const chunkSize = (sizeBytes: number): number => Math.max(1024, sizeBytes >> 2)

/** The larger hash table (512 KiB while it runs) makes level 1 a seventh cheaper. */
const zlibOptions = (level: number, sizeBytes: number): ZlibOptions => ({ level, memLevel: 9, chunkSize: chunkSize(sizeBytes) })

const zstdOptions = (level: number, sizeBytes: number): ZstdOptions => ({
  params: { [constants.ZSTD_c_compressionLevel]: level },
  chunkSize: chunkSize(sizeBytes)
})
