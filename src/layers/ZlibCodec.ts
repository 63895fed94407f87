/**
 * The part of Node's zlib streams that allows to use one codec, with memory of one's own, for many bodies.
 *
 * Node's one-shot functions make a codec and buffers for each call, which costs as much as the work itself on small bodies, and whose
 * memory makes the garbage collector run. None of this is public, so users ask `codecOf` whether it is there, and have another way.
 */
export interface ZlibCodec {
  /** `null` after an error, which closes the codec. */
  readonly _handle: ZlibHandle | null
  /** After a write: room left in the output, input left unread. */
  readonly _writeState: Uint32Array
  /** Where in the stream's own output buffer the next write puts its output. */
  _outOffset: number
}

interface ZlibHandle {
  reset(): void
  /** Nothing checks the ranges but an assertion that ends the process. */
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

/** `undefined` where Node's insides look different. */
export const codecOf = (stream: object): ZlibCodec | undefined => {
  const { _handle, _writeState, _outOffset } = stream as Partial<ZlibCodec>
  const isAsExpected =
    typeof _handle?.writeSync === "function" &&
    typeof _handle.reset === "function" &&
    _writeState instanceof Uint32Array &&
    _outOffset === 0
  return isAsExpected ? (stream as ZlibCodec) : undefined
}
