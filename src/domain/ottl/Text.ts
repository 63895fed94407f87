import { type Plain, toPlain } from "./Plain.ts"
import { F, Failure, Tag, toBigInt, X } from "./Value.ts"
import type { Workspace } from "./Workspace.ts"

/** A double as Go's shortest form in JSON: exponents have two digits at least (`padded`), and start below 1e-6 and at 1e21. */
const numberText = (value: number, padded: boolean): string => {
  if (Object.is(value, -0)) return "-0"
  const text = String(value)
  return padded ? text.replace(/e([+-])(\d)$/, "e$10$2") : text
}

/** JavaScript sorts by UTF-16 unit, Go by byte, which is by code point. */
const byCodePoint = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\b": "\\b",
  "\f": "\\f"
}

const quote = (text: string, html: boolean): string => {
  let result = '"'
  for (const char of text) {
    const code = char.charCodeAt(0)
    const hidden = code < 0x20 || code === 0x2028 || code === 0x2029 || (html && (char === "<" || char === ">" || char === "&"))
    result += escapes[char] ?? (hidden ? `\\u${code.toString(16).padStart(4, "0")}` : char)
  }
  return `${result}"`
}

/** JSON with sorted keys; `undefined` if a number has no JSON form. The two writers of the original differ in HTML escapes and exponents. */
const json = (value: Plain, html: boolean): string | undefined => {
  if (value === null) return "null"
  switch (typeof value) {
    case "string":
      return quote(value, html)
    case "boolean":
    case "bigint":
      return String(value)
    case "number":
      return Number.isFinite(value) ? numberText(value, html) : undefined
  }
  if (value instanceof Uint8Array) return quote(Buffer.from(value).toString("base64"), html)
  const parts: Array<string> = []
  if (value instanceof Map) {
    for (const key of [...value.keys()].sort(byCodePoint)) {
      const inner = json(value.get(key)!, html)
      if (inner === undefined) return undefined
      parts.push(`${quote(key, html)}:${inner}`)
    }
    return `{${parts.join(",")}}`
  }
  for (const item of value) {
    const inner = json(item, html)
    if (inner === undefined) return undefined
    parts.push(inner)
  }
  return `[${parts.join(",")}]`
}

/** Nanoseconds since the epoch as RFC 3339 in UTC, trailing zeros of the fraction left out. */
const timeText = (nanos: bigint): string => {
  const seconds = nanos >= 0n ? nanos / 1_000_000_000n : -((-nanos + 999_999_999n) / 1_000_000_000n)
  const fraction = (nanos - seconds * 1_000_000_000n).toString().padStart(9, "0").replace(/0+$/, "")
  const base = new Date(Number(seconds) * 1000).toISOString().replace(/\.\d+Z$/, "")
  return fraction === "" ? `${base}Z` : `${base}.${fraction}Z`
}

/**
 * Converts the value in `X`/`F` to the text that functions with a "string like" parameter see. A string stays where it is; nil stays
 * nil; everything else is written to the arena.
 */
export const toStringLike = (ws: Workspace, tag: number): number => {
  switch (tag) {
    case Tag.Error:
    case Tag.Nil:
    case Tag.String:
      return tag
    case Tag.Bool:
      return ws.putText(X[2] === 0 ? "false" : "true")
    case Tag.Int: {
      // Whole numbers that fit into 32 bits are the common case.
      const small = X[1] === X[2]! >> 31
      return ws.putText(small ? String(X[2]) : toBigInt(X[1]!, X[2]!).toString())
    }
    case Tag.Duration:
      return ws.putText(toBigInt(X[1]!, X[2]!).toString())
    case Tag.Double:
      return Number.isFinite(F[0]) ? ws.putText(numberText(F[0]!, true)) : ws.fail(Failure.Format)
    case Tag.Bytes:
      return ws.putText(
        ws
          .bytes(X[0]!)
          .slice(X[1], X[2])
          .reduce((text, byte) => text + byte.toString(16).padStart(2, "0"), "")
      )
    case Tag.Time:
      return ws.putText(`"${timeText(toBigInt(X[1]!, X[2]!))}"`)
    case Tag.TraceId:
    case Tag.SpanId:
      return ws.putText(`[${ws.bytes(X[0]!).slice(X[1], X[2]).join(",")}]`)
    case Tag.Struct:
    case Tag.Structs:
      return ws.fail(Failure.Type)
  }
  const value = toPlain(ws, tag)
  if (value === undefined) return Tag.Error
  const text = json(value, true)
  return text === undefined ? ws.fail(Failure.Format) : ws.putText(text)
}

/** The text of an attribute value as `log.body.string` gives it: bytes in base64, NaN and infinities by name. */
export const asText = (ws: Workspace, tag: number): number => {
  switch (tag) {
    case Tag.Error:
    case Tag.String:
      return tag
    case Tag.Nil:
      return ws.putText("")
    case Tag.Bool:
    case Tag.Int:
      return toStringLike(ws, tag)
    case Tag.Double:
      return ws.putText(numberText(F[0]!, false))
  }
  const value = toPlain(ws, tag)
  if (value === undefined) return Tag.Error
  return ws.putText(value instanceof Uint8Array ? Buffer.from(value).toString("base64") : (json(value, false) ?? ""))
}
