/** How many bytes an instance uid has. */
export const uidBytes = 16

/** A UUID of version 7 (RFC 9562, 5.7) from a time in milliseconds and ten random bytes. */
export const makeUid = (unixMillis: number, random: Uint8Array): Uint8Array => {
  const uid = new Uint8Array(uidBytes)
  for (let i = 5, rest = unixMillis; i >= 0; i--, rest = Math.floor(rest / 256)) uid[i] = rest % 256
  uid.set(random.subarray(0, 10), 6)
  uid[6] = 0x70 | (uid[6]! & 0x0f)
  uid[8] = 0x80 | (uid[8]! & 0x3f)
  return uid
}

/** The canonical text of a uid of 16 bytes: lower case, with hyphens. */
export const formatUid = (uid: Uint8Array): string => {
  let text = ""
  for (let i = 0; i < uid.length; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) text += "-"
    text += uid[i]!.toString(16).padStart(2, "0")
  }
  return text
}

const canonical = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** The 16 bytes of a canonical text of any version, in either case; `undefined` if it is none. */
export const parseUid = (text: string): Uint8Array | undefined => {
  if (!canonical.test(text)) return undefined
  const digits = text.replaceAll("-", "")
  return Uint8Array.from({ length: uidBytes }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16))
}
