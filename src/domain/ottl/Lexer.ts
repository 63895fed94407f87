import { Mistake } from "./OttlError.ts"

export type TokenKind = "bytes" | "float" | "int" | "string" | "lower" | "upper" | "operator" | "end"

export interface Token {
  readonly kind: TokenKind
  /** Offsets in the source, UTF-16 units. */
  readonly at: number
  readonly end: number
  /** The text as written; of a string: its content, escapes resolved. */
  readonly text: string
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39
const isHex = (code: number): boolean => isDigit(code) || (code >= 0x41 && code <= 0x46) || (code >= 0x61 && code <= 0x66)
const isLower = (code: number): boolean => code >= 0x61 && code <= 0x7a
const isUpper = (code: number): boolean => code >= 0x41 && code <= 0x5a
const isWord = (code: number): boolean => isDigit(code) || isLower(code) || isUpper(code) || code === 0x5f

const operators = ["=>", "==", "!=", ">=", "<=", ">", "<", "=", "+", "-", "*", "/", "(", ")", "{", "}", ":", ",", ".", "[", "]"]
const simpleEscapes: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"'
}
const hexEscapes: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }

/** Resolves a Go interpreted string literal that starts at the quote `at`; escapes that Go does not know are mistakes. */
const readString = (source: string, at: number): Token => {
  let content = ""
  let i = at + 1
  while (i < source.length) {
    const char = source[i]!
    if (char === '"') return { kind: "string", at, end: i + 1, text: content }
    if (char !== "\\") {
      content += char
      i++
      continue
    }
    const escape = source[i + 1] ?? ""
    const digits = hexEscapes[escape]
    if (simpleEscapes[escape] !== undefined) {
      content += simpleEscapes[escape]
      i += 2
    } else if (digits !== undefined) {
      const hex = source.slice(i + 2, i + 2 + digits)
      const code = /^[0-9a-fA-F]+$/.test(hex) && hex.length === digits ? Number.parseInt(hex, 16) : -1
      if (code < 0 || code > 0x10ffff || (digits > 2 && code >= 0xd800 && code <= 0xdfff)) {
        throw new Mistake(i, `invalid escape \\${escape}: expected ${digits} hexadecimal digits of a code point`)
      }
      content += String.fromCodePoint(code)
      i += 2 + digits
    } else if (/^[0-3][0-7]{2}$/.test(source.slice(i + 1, i + 4))) {
      content += String.fromCharCode(Number.parseInt(source.slice(i + 1, i + 4), 8))
      i += 4
    } else {
      throw new Mistake(i, `unknown escape \\${escape} in a string; a backslash itself is written \\\\`)
    }
  }
  throw new Mistake(at, 'unterminated string: expected a closing "')
}

const readNumber = (source: string, at: number): Token | undefined => {
  const code = source.charCodeAt(at)
  if (code === 0x30 && source[at + 1] === "x" && isHex(source.charCodeAt(at + 2))) {
    let end = at + 2
    while (isHex(source.charCodeAt(end))) end++
    if ((end - at) % 2 !== 0) throw new Mistake(at, "a bytes literal needs an even number of hexadecimal digits")
    return { kind: "bytes", at, end, text: source.slice(at + 2, end) }
  }
  let end = at
  while (isDigit(source.charCodeAt(end))) end++
  if (source[end] === "." && (end > at || isDigit(source.charCodeAt(end + 1)))) {
    end++
    while (isDigit(source.charCodeAt(end))) end++
    const exponent = /^[eE][+-]?\d+/.exec(source.slice(end, end + 24))
    if (exponent !== null) end += exponent[0].length
    return { kind: "float", at, end, text: source.slice(at, end) }
  }
  return end === at ? undefined : { kind: "int", at, end, text: source.slice(at, end) }
}

/** Cuts an OTTL text into tokens; the last one is `end`. Throws a `Mistake`. */
export const lex = (source: string): ReadonlyArray<Token> => {
  const tokens: Array<Token> = []
  let i = 0
  while (i < source.length) {
    const code = source.charCodeAt(i)
    if (code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d) {
      i++
      continue
    }
    let token = code === 0x22 ? readString(source, i) : isDigit(code) || code === 0x2e ? readNumber(source, i) : undefined
    if (token === undefined && (isLower(code) || isUpper(code) || code === 0x5f)) {
      let end = i
      while (isWord(source.charCodeAt(end))) end++
      const text = source.slice(i, end)
      if (!isUpper(code) && /[A-Z]/.test(text)) throw new Mistake(i, `"${text}": names that start in lower case have no capital letters`)
      token = { kind: isUpper(code) ? "upper" : "lower", at: i, end, text }
    }
    if (token === undefined) {
      const operator = operators.find((text) => source.startsWith(text, i))
      if (operator === undefined)
        throw new Mistake(i, `unexpected character ${JSON.stringify(String.fromCodePoint(source.codePointAt(i)!))}`)
      token = { kind: "operator", at: i, end: i + operator.length, text: operator }
    }
    tokens.push(token)
    i = token.end
  }
  tokens.push({ kind: "end", at: source.length, end: source.length, text: "" })
  return tokens
}
