import * as zlib from "node:zlib"
import { codecOf, type ZlibCodec } from "../ZlibCodec.ts"

const kinds = {
  gzip: { make: () => zlib.createGunzip(), finish: zlib.constants.Z_FINISH },
  zstd: { make: () => zlib.createZstdDecompress(), finish: zlib.constants.ZSTD_e_end }
}

/**
 * Inflates bodies of known length, one after the other, with one codec and into memory of the caller's.
 *
 * What is not plainly right is left to Node's public functions.
 */
export class ReusedInflater {
  private readonly kind: (typeof kinds)["gzip" | "zstd"]
  private codec: ZlibCodec

  private constructor(kind: (typeof kinds)["gzip" | "zstd"], codec: ZlibCodec) {
    this.kind = kind
    this.codec = codec
  }

  /** `undefined` where Node's insides look different. */
  static make(compression: "gzip" | "zstd"): ReusedInflater | undefined {
    const kind = kinds[compression]
    const codec = open(kind)
    return codec === undefined ? undefined : new ReusedInflater(kind, codec)
  }

  /** Whether `bytes` are a whole body of exactly `length` bytes inflated, which then stand at the start of `target` (longer than that). */
  inflate(bytes: Uint8Array, target: Uint8Array, length: number): boolean {
    const { _handle: handle, _writeState: state } = this.codec
    if (handle === null) {
      // A body that was no good has closed the codec.
      const codec = open(this.kind)
      if (codec === undefined) return false
      this.codec = codec
      return this.inflate(bytes, target, length)
    }
    handle.reset()
    handle.writeSync(this.kind.finish, bytes, 0, bytes.length, target, 0, length + 1)
    return this.codec._handle !== null && state[0] === 1 && state[1] === 0
  }
}

const open = (kind: (typeof kinds)["gzip" | "zstd"]): ZlibCodec | undefined => {
  const stream = kind.make()
  // Errors close the codec, and the public functions then say what is wrong.
  stream.on("error", () => undefined)
  return codecOf(stream)
}
