/** Protobuf written by hand, for shapes that no encoder produces. */
export const varint = (value: number, padding = 0): Buffer => {
  const bytes: Array<number> = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  bytes.push(rest)
  for (let i = 0; i < padding; i++) {
    bytes[bytes.length - 1]! |= 0x80
    bytes.push(0)
  }
  return Buffer.from(bytes)
}

/** A length-delimited field; `padding` makes its length longer than need be. */
export const field = (number: number, payload: Uint8Array | string, padding = 0): Buffer => {
  const bytes = Buffer.from(payload as string)
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length, padding), bytes])
}

export const text = (value: string): Buffer => field(1, value)
export const keyValue = (key: string, value: string): Buffer => Buffer.concat([field(1, key), field(2, text(value))])
