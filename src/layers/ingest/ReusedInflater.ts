import * as zlib from "node:zlib"

/** The part of Node's codec handles that one call for a whole body needs. */
interface Handle {
  reset(): void
  writeSync(
    flush: number,
    input: Uint8Array,
    inputOffset: number,
    inputLength: number,
    output: Uint8Array,
    outputOffset: number,
    outputLength: number
  ): void
}

interface Codec {
  readonly _handle: Handle | null
  /** After a write: room left in the output, input left unread. */
  readonly _writeState: Uint32Array
}

const kinds = {
  gzip: { make: () => zlib.createGunzip(), finish: zlib.constants.Z_FINISH },
  zstd: { make: () => zlib.createZstdDecompress(), finish: zlib.constants.ZSTD_e_end }
}

/**
 * Inflates bodies of known length, one after the other, with one codec and into memory of the caller's.
 *
 * Node's one-shot functions make a codec and a buffer for each call, which costs as much as inflating 45 kB of zstd does, and whose memory
 * makes the garbage collector run. What this uses of Node is not public, so `make` looks whether it is there, and whatever is not plainly
 * right is left to the public functions.
 */
export class ReusedInflater {
  private readonly kind: (typeof kinds)["gzip" | "zstd"]
  private codec: Codec

  private constructor(kind: (typeof kinds)["gzip" | "zstd"], codec: Codec) {
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

const open = (kind: (typeof kinds)["gzip" | "zstd"]): Codec | undefined => {
  const stream = kind.make()
  // Errors close the codec, and the public functions then say what is wrong.
  stream.on("error", () => undefined)
  const codec = stream as unknown as Partial<Codec>
  const isAsExpected =
    typeof codec._handle?.writeSync === "function" && typeof codec._handle.reset === "function" && codec._writeState instanceof Uint32Array
  return isAsExpected ? (codec as Codec) : undefined
}
