import { sha256 } from "../ottl/functions/Sha256.ts"

/** JSON with the keys of every map in order: equal values give equal texts. `undefined` is an absent key, as in JSON. */
export const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner
  )

/** SHA-256 of a text in UTF-8, in hexadecimal. */
export const sha256Hex = (text: string): string => {
  const bytes = Buffer.from(text)
  return Array.from(sha256(bytes, 0, bytes.length), (word) => (word >>> 0).toString(16).padStart(8, "0")).join("")
}

export const hashOf = (value: unknown): string => sha256Hex(canonicalJson(value))
