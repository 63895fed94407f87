/** Bytes that are not the OpAMP message they should be. A value, not an `Error`: it is returned, never thrown. */
export class MalformedMessage {
  /** Where, in bytes from the start of the protobuf message (from the start of the frame, where the frame is at fault). */
  readonly offset: number
  /** What stands there and what was expected, without the offset. */
  readonly message: string

  constructor(offset: number, message: string) {
    this.offset = offset
    this.message = message
  }

  toString(): string {
    return `malformed OpAMP message at byte ${this.offset}: ${this.message}`
  }
}
