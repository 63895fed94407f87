import * as zlib from "node:zlib"
import { Malformed } from "../../domain/otlp/Malformed.ts"
import type { Admission } from "./Admission.ts"
import { type Body, BodyBuffer, type BodyFault, own, written } from "./Body.ts"
import { ReusedInflater } from "./ReusedInflater.ts"

/** What bodies may be compressed with. `deflate` is the zlib format, as HTTP and gRPC mean it. */
export type Compression = "gzip" | "zstd" | "deflate"

/** Up to here a body is inflated in place: about a millisecond. A thread costs two to three times the CPU. */
const syncInflatedBytes = 1 << 20
const syncCompressedBytes = 256 << 10
/** Inflations in threads at the same time; each holds its window and its output. */
const maxThreads = 2

const gzipOptions = { maxOutputLength: syncInflatedBytes }
/** Frames that need more than 8 MiB of window are refused, as RFC 8878 (3.1.1.1.2) allows: the window is memory too. */
const zstdParams = { [zlib.constants.ZSTD_d_windowLogMax]: 23 }

type Outcome = Body | Malformed | BodyFault

/**
 * Inflates `body` and releases it. The result comes before this returns for small bodies, later for large ones.
 *
 * Full (`limit` or the admission is exceeded): says so as soon as the output says so; nothing of it is kept. Malformed or cut off input is
 * a value.
 */
export const inflate = (
  compression: Compression,
  body: Body,
  limit: number,
  admission: Admission,
  done: (outcome: Outcome) => void
): void => {
  const announced = announcedLength(compression, body.bytes)
  if (announced !== undefined && announced > limit && compression === "zstd") {
    body.lease.release()
    return done("too_large")
  }
  if (body.bytes.length <= syncCompressedBytes && (announced ?? 0) <= syncInflatedBytes) {
    const outcome = inflateNow(compression, body.bytes, announced, limit, admission)
    if (outcome !== undefined) {
      body.lease.release()
      return done(outcome)
    }
  }
  inThread(new Inflation(compression, body, limit, admission, done))
}

/** `undefined`: it is larger than it should be here; the thread decides. */
const inflateNow = (
  compression: Compression,
  bytes: Uint8Array,
  announced: number | undefined,
  limit: number,
  admission: Admission
): Outcome | undefined => {
  const reused = announced === undefined || announced === 0 || announced > limit ? undefined : inflaters[compression]
  if (reused !== undefined) {
    const body = written(admission, announced!, (target) => reused.inflate(bytes, target, announced!))
    if (body !== undefined) return body
  }
  // One byte more than announced, or the last write finds its buffer full and asks for another.
  const chunkSize = Math.min(syncInflatedBytes, announced === undefined ? Math.max(65_536, bytes.length * 4) : Math.max(64, announced + 1))
  let output: Uint8Array
  try {
    output = runs[compression](bytes, chunkSize)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE" ? undefined : malformed(compression, error as Error)
  }
  return output.length > limit ? "too_large" : (own(admission, output) ?? "admission")
}

const inflaters: { readonly [C in Compression]: ReusedInflater | undefined } = {
  gzip: ReusedInflater.make("gzip"),
  deflate: undefined,
  zstd: ReusedInflater.make("zstd")
}

const runs: { readonly [C in Compression]: (bytes: Uint8Array, chunkSize: number) => Uint8Array } = {
  gzip: (bytes, chunkSize) => zlib.gunzipSync(bytes, { ...gzipOptions, chunkSize }),
  deflate: (bytes, chunkSize) => zlib.inflateSync(bytes, { ...gzipOptions, chunkSize }),
  zstd: (bytes, chunkSize) => zlib.zstdDecompressSync(bytes, { maxOutputLength: syncInflatedBytes, chunkSize, params: zstdParams })
}

const streams: { readonly [C in Compression]: () => zlib.Gunzip | zlib.Inflate | zlib.ZstdDecompress } = {
  gzip: () => zlib.createGunzip({ chunkSize: 65_536 }),
  deflate: () => zlib.createInflate({ chunkSize: 65_536 }),
  zstd: () => zlib.createZstdDecompress({ chunkSize: 65_536, params: zstdParams })
}

/** One inflation in a thread, chunk by chunk, so that a bomb is noticed when it has reached the limit. */
class Inflation {
  private readonly compression: Compression
  private readonly body: Body
  private readonly output: BodyBuffer
  private readonly done: (outcome: Outcome) => void
  private outcome: Outcome | undefined = undefined

  constructor(compression: Compression, body: Body, limit: number, admission: Admission, done: (outcome: Outcome) => void) {
    this.compression = compression
    this.body = body
    this.output = new BodyBuffer(admission, limit, undefined, true)
    this.done = done
  }

  run(ended: () => void): void {
    const stream = streams[this.compression]()
    stream.on("data", (chunk: Buffer) => {
      if (this.outcome !== undefined) return
      this.outcome = this.output.add(chunk)
      if (this.outcome !== undefined) stream.destroy()
    })
    stream.on("error", (error) => {
      this.outcome ??= malformed(this.compression, error)
    })
    // Only now nothing in a thread reads the input any more.
    stream.on("close", () => {
      this.body.lease.release()
      if (this.outcome === undefined) this.outcome = this.output.finish()
      else this.output.discard()
      ended()
      this.done(this.outcome)
    })
    stream.end(this.body.bytes)
  }
}

const waiting: Array<Inflation> = []
let running = 0

const inThread = (inflation: Inflation): void => {
  if (running === maxThreads) {
    waiting.push(inflation)
    return
  }
  running++
  inflation.run(next)
}

const next = (): void => {
  running--
  const inflation = waiting.shift()
  if (inflation !== undefined) inThread(inflation)
}

const malformed = (compression: Compression, error: Error): Malformed =>
  new Malformed(0, `the body is not ${compression}: ${error.message}`)

/** What the compressed bytes say of their inflated length; a hint, since strangers wrote it. */
const announcedLength = (compression: Compression, bytes: Uint8Array): number | undefined => {
  const { length } = bytes
  switch (compression) {
    case "gzip":
      // RFC 1952, 2.3.1: the last four bytes, modulo 2^32, of the last member.
      return length < 18 ? undefined : littleEndian(bytes, length - 4, 4)
    case "zstd":
      return zstdContentSize(bytes)
    case "deflate":
      return undefined
  }
}

/** RFC 8878, 3.1.1.1: the frame header's content size, if it has one. */
const zstdContentSize = (bytes: Uint8Array): number | undefined => {
  if (bytes.length < 14 || littleEndian(bytes, 0, 4) !== 0xfd2fb528) return undefined
  const descriptor = bytes[4]!
  const singleSegment = (descriptor >> 5) & 1
  const at = 5 + (1 - singleSegment) + [0, 1, 2, 4][descriptor & 3]!
  switch (descriptor >> 6) {
    case 0:
      return singleSegment === 1 ? bytes[at] : undefined
    case 1:
      return littleEndian(bytes, at, 2) + 256
    case 2:
      return littleEndian(bytes, at, 4)
    default:
      return littleEndian(bytes, at, 4) + littleEndian(bytes, at + 4, 4) * 4294967296
  }
}

const littleEndian = (bytes: Uint8Array, at: number, count: number): number => {
  let value = 0
  for (let i = count - 1; i >= 0; i--) value = value * 256 + (bytes[at + i] ?? 0)
  return value
}
