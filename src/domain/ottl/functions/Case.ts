import { Mistake } from "../OttlError.ts"
import { Tag, X } from "../Value.ts"
import type { ConverterSpec } from "./Function.ts"
import { type ConvertText, TextConverter, textConverter } from "./TextConverter.ts"

/** Go maps letter by letter: a letter whose other case is several letters stays as it is. */
const mapCase = (text: string, upper: boolean): string => {
  let result = ""
  for (const char of text) {
    const mapped = upper ? char.toUpperCase() : char === "\u0130" ? "i" : char.toLowerCase()
    result += [...mapped].length === 1 ? mapped : char
  }
  return result
}

/** ASCII is mapped in the arena, byte by byte; only other texts become a string on the way. */
const caseMapper =
  (upper: boolean): ConvertText =>
  (ws, where, start, end) => {
    const bytes = ws.bytes(where)
    let ascii = true
    for (let i = start; i < end && ascii; i++) ascii = bytes[i]! < 0x80
    if (!ascii) return ws.putText(mapCase(ws.text(where, start, end), upper))
    ws.reserve(end - start)
    const text = ws.end
    ws.append(where, start, end)
    const { arena } = ws
    const first = upper ? 0x61 : 0x41
    for (let i = text; i < ws.end; i++) if (arena[i]! >= first && arena[i]! < first + 26) arena[i] = arena[i]! ^ 0x20
    X[0] = 1
    X[1] = text
    X[2] = ws.end
    return Tag.String
  }

const toUpper = caseMapper(true)
const toLower = caseMapper(false)

/** `ToUpperCase(target)`, `ToLowerCase(target)`. */
export const toUpperCase = textConverter("ToUpperCase", toUpper)
export const toLowerCase = textConverter("ToLowerCase", toLower)

const cases: ReadonlyMap<string, ConvertText> = new Map([
  ["lower", toLower],
  ["upper", toUpper]
])

/** `ConvertCase(target, to_case)`, the case being a literal: "lower" or "upper". */
export const convertCase: ConverterSpec = {
  name: "ConvertCase",
  parameters: [
    { name: "target", kind: "string" },
    { name: "to_case", kind: "literalString" }
  ],
  make: (args) => {
    const convert = cases.get(args.literal<string>(1, ""))
    if (convert === undefined)
      throw new Mistake(args.get(1)!.at, `invalid case ${JSON.stringify(args.literal<string>(1, ""))}: expected "lower" or "upper"`)
    return new TextConverter(args.expr(0), convert)
  }
}
