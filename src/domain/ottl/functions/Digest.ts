import { Tag, X } from "../Value.ts"
import { sha256 } from "./Sha256.ts"
import { textConverter } from "./TextConverter.ts"

const hexDigits = Buffer.from("0123456789abcdef")

/** `SHA256(target)`: the digest of a string in 64 lower-case hexadecimal digits. */
export const sha256Hex = textConverter("SHA256", (ws, where, start, end) => {
  const digest = sha256(ws.bytes(where), start, end)
  ws.reserve(64)
  const { arena } = ws
  const text = ws.end
  for (let i = 0; i < 8; i++) {
    for (let shift = 28; shift >= 0; shift -= 4) arena[ws.end++] = hexDigits[(digest[i]! >>> shift) & 15]!
  }
  X[0] = 1
  X[1] = text
  X[2] = ws.end
  return Tag.String
})
