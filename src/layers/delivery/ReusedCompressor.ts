import * as zlib from "node:zlib"
import { codecOf, type ZlibCodec } from "../ZlibCodec.ts"

export type Encoding = "gzip" | "zstd" | "deflate"

/** Telemetry shrinks to less than a quarter, so that one buffer mostly takes all of an export's output. */
const outputBytes = 1 << 20

/** What a large request needs (gRPC's usual limit is 4 MiB); more is given back when it is over. */
const keptInputBytes = 4 << 20

/** The default flush is to finish: every write is a whole body. The larger hash table (512 KiB) makes level 1 a seventh cheaper. */
const finishes = { gzip: zlib.constants.Z_FINISH, deflate: zlib.constants.Z_FINISH, zstd: zlib.constants.ZSTD_e_end }

const openers: { readonly [E in Encoding]: (level: number) => zlib.Gzip | zlib.Deflate | zlib.ZstdCompress } = {
  gzip: (level) => zlib.createGzip({ level, memLevel: 9, chunkSize: outputBytes, flush: finishes.gzip }),
  deflate: (level) => zlib.createDeflate({ level, memLevel: 9, chunkSize: outputBytes, flush: finishes.deflate }),
  zstd: (level) =>
    zlib.createZstdCompress({
      params: { [zlib.constants.ZSTD_c_compressionLevel]: level },
      chunkSize: outputBytes,
      flush: finishes.zstd
    })
}

/** Compresses bodies, one after the other, with one codec and the same buffers. */
export class ReusedCompressor {
  readonly encoding: Encoding
  readonly level: number
  private readonly stream: zlib.Gzip | zlib.Deflate | zlib.ZstdCompress
  private readonly codec: ZlibCodec | undefined
  private input = new Uint8Array(0)
  private onOutput: (bytes: Uint8Array) => void = () => {}
  private onEnd: ((error: Error | undefined) => void) | undefined = undefined

  constructor(encoding: Encoding, level: number) {
    this.encoding = encoding
    this.level = level
    this.stream = openers[encoding](level)
    this.codec = codecOf(this.stream)
    this.stream.on("data", (bytes: Uint8Array) => this.onOutput(bytes))
    this.stream.on("error", (error) => this.ended(error))
  }

  /** Whether another body may follow: not where Node's insides look different, and not after an error. */
  get isReusable(): boolean {
    return this.codec !== undefined && this.codec._handle !== null
  }

  /** Compresses the chunks at once; the length of the body at the start of `target`, or `undefined`: there was no room, or no way. */
  now(chunks: ReadonlyArray<Uint8Array>, sizeBytes: number, target: Uint8Array): number | undefined {
    const handle = this.codec?._handle
    if (handle === undefined || handle === null) return undefined
    const input = chunks.length === 1 ? chunks[0]! : this.gather(chunks, sizeBytes)
    handle.writeSync(finishes[this.encoding], input, 0, input.length, target, 0, target.length)
    const [room, unread] = this.codec!._writeState as unknown as readonly [number, number]
    if (this.isReusable) handle.reset()
    return this.isReusable && room > 0 && unread === 0 ? target.length - room : undefined
  }

  /**
   * Compresses the chunks in a thread. They are copied before this returns. `onOutput` gets the body in pieces that it must copy at once,
   * then `onEnd` is called; nothing else may be asked for before.
   */
  inThread(
    chunks: ReadonlyArray<Uint8Array>,
    sizeBytes: number,
    onOutput: (bytes: Uint8Array) => void,
    onEnd: (error: Error | undefined) => void
  ): void {
    this.onOutput = onOutput
    this.onEnd = onEnd
    // All output so far has been copied; but for this, the stream would take a new buffer whenever its last one is full.
    if (this.codec !== undefined && this.stream.readableLength === 0) this.codec._outOffset = 0
    this.stream.write(this.gather(chunks, sizeBytes), () => this.ended(undefined))
  }

  close(): void {
    this.stream.destroy()
  }

  private ended(error: Error | undefined): void {
    const { onEnd } = this
    this.onEnd = undefined
    if (this.isReusable) this.codec!._handle!.reset()
    if (this.input.length > keptInputBytes) this.input = new Uint8Array(0)
    onEnd?.(error)
  }

  private gather(chunks: ReadonlyArray<Uint8Array>, sizeBytes: number): Uint8Array {
    if (this.input.length < sizeBytes) this.input = new Uint8Array(2 ** Math.ceil(Math.log2(sizeBytes)))
    let at = 0
    for (const chunk of chunks) {
      this.input.set(chunk, at)
      at += chunk.length
    }
    return this.input.subarray(0, at)
  }
}
