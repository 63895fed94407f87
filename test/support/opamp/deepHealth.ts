const varint = (value: number): ReadonlyArray<number> => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)])

/** An agent's message (AgentToServer) whose health has a component in a component, `levels` times. */
export const deepHealth = (levels: number): Uint8Array => {
  const heads: Array<Uint8Array> = []
  let length = 0
  const wrap = (field: number) => {
    const head = Uint8Array.of((field << 3) | 2, ...varint(length))
    heads.push(head)
    length += head.length
  }
  for (let i = 0; i < levels; i++) {
    wrap(2)
    wrap(6)
  }
  wrap(5)
  return Buffer.concat(heads.reverse())
}
