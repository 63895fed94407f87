/**
 * Bytes that are not the message they should be. A value, not an `Error`: it is returned, never thrown, and made once per request at
 * most.
 */
export class Malformed {
  /** Where in the request, in bytes from its start. */
  readonly offset: number
  /** What stands there and what was expected, without the offset. */
  readonly message: string

  constructor(offset: number, message: string) {
    this.offset = offset
    this.message = message
  }

  toString(): string {
    return `malformed OTLP at byte ${this.offset}: ${this.message}`
  }
}
