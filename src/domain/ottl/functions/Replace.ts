import { Expr, Literal, type Place } from "../Expr.ts"
import type { MapTable } from "../MapTable.ts"
import { Mistake } from "../OttlError.ts"
import type { Pattern } from "../regex/Pattern.ts"
import type { Registers } from "../Registers.ts"
import { Failure, Tag, X } from "../Value.ts"
import type { Workspace } from "../Workspace.ts"
import { type Arguments, Editor, type EditorSpec, MapEditor } from "./Function.ts"
import { PatternSource } from "./Match.ts"
import { expand, parseTemplate, type Template } from "./Template.ts"

/** A string that is already in `X`'s terms; the argument of a function that is applied to every match. */
class Held extends Expr {
  private where = 0
  private start = 0
  private end = 0

  hold(where: number, start: number, end: number): void {
    this.where = where
    this.start = start
    this.end = end
  }

  eval(): number {
    X[0] = this.where
    X[1] = this.start
    X[2] = this.end
    return Tag.String
  }
}

/** What becomes of the matches of a pattern: a template, or what a function makes of the expanded template. */
class Replacement {
  private readonly pattern: PatternSource
  private readonly text: Expr
  private readonly held = new Held()
  private readonly applied: Expr | undefined
  private readonly format: Expr | undefined
  private template: Template | undefined

  constructor(args: Arguments, pattern: number, text: number) {
    this.pattern = new PatternSource(args.expr(pattern), args.get(pattern)!.at)
    this.text = args.expr(text)
    this.applied = args.get(text + 1)?.applied?.(this.held)
    this.format = args.get(text + 2)?.expr
    if (this.pattern.constant !== undefined && this.text instanceof Literal) {
      this.template = parseTemplate(String(this.text.value), this.pattern.constant.groupNames)
    }
    if (this.format instanceof Literal && splitFormat(String(this.format.value)) === undefined) {
      throw new Mistake(args.get(text + 2)!.at, "a replacement format has exactly one %s and no other verb")
    }
  }

  private templateFor(ws: Workspace, pattern: Pattern): Template | undefined {
    if (this.template !== undefined) return this.template
    const tag = this.text.eval(ws)
    if (tag === Tag.String) return parseTemplate(ws.text(X[0]!, X[1]!, X[2]!), pattern.groupNames)
    if (tag !== Tag.Error) ws.failure = Failure.Type
    return undefined
  }

  /**
   * Replaces every match in the text in `X`. 1: the new text is in `X`; 0: nothing matched; -1: a failure. A match of the empty text
   * directly behind another match does not count, as in Go.
   */
  apply(ws: Workspace): number {
    const where = X[0]!
    const start = X[1]!
    const end = X[2]!
    const pattern = this.pattern.get(ws)
    if (pattern === undefined) return -1
    if (!pattern.test(ws.bytes(where), start, end)) return 0
    const template = this.templateFor(ws, pattern)
    if (template === undefined) return -1
    const result: Array<number> = []
    let at = start
    let copied = start
    const pieces = this.applied === undefined ? undefined : result
    let target = ws.end
    while (at <= end && pattern.search(ws.bytes(where), start, at, end)) {
      const matchStart = pattern.groups[0]!
      const matchEnd = pattern.groups[1]!
      if (pieces === undefined) {
        ws.reserve(matchStart - copied)
        ws.append(where, copied, matchStart)
      } else pieces.push(where, copied, matchStart)
      if (matchEnd > copied || matchStart === start) {
        if (pieces === undefined) expand(ws, template, pattern, where)
        else if (!this.applyFunction(ws, template, pattern, where, pieces)) return -1
      }
      copied = matchEnd
      at = matchEnd > at ? matchEnd : at + widthAt(ws.bytes(where), at, end)
    }
    if (pieces !== undefined) {
      // Functions have used the arena in between, so the text is put together now.
      let size = end - copied
      for (let i = 0; i < pieces.length; i += 3) size += pieces[i + 2]! - pieces[i + 1]!
      ws.reserve(size)
      target = ws.end
      for (let i = 0; i < pieces.length; i += 3) ws.append(pieces[i]!, pieces[i + 1]!, pieces[i + 2]!)
    }
    ws.reserve(end - copied)
    ws.append(where, copied, end)
    X[0] = 1
    X[1] = target
    X[2] = ws.end
    return 1
  }

  private applyFunction(ws: Workspace, template: Template, pattern: Pattern, where: number, pieces: Array<number>): boolean {
    const expanded = ws.end
    expand(ws, template, pattern, where)
    this.held.hold(1, expanded, ws.end)
    const tag = this.applied!.eval(ws)
    if (tag !== Tag.String) {
      if (tag !== Tag.Error) ws.failure = Failure.Type
      return false
    }
    if (this.format === undefined) {
      pieces.push(X[0]!, X[1]!, X[2]!)
      return true
    }
    const text = ws.text(X[0]!, X[1]!, X[2]!)
    const formatTag = this.format.eval(ws)
    const parts = formatTag === Tag.String ? splitFormat(ws.text(X[0]!, X[1]!, X[2]!)) : undefined
    if (parts === undefined) {
      if (formatTag !== Tag.Error) ws.failure = Failure.Format
      return false
    }
    ws.putText(parts[0] + text + parts[1])
    pieces.push(1, X[1]!, X[2]!)
    return true
  }
}

/** What stands before and behind the one `%s`; `undefined` if there is another verb, or none. */
const splitFormat = (format: string): readonly [string, string] | undefined => {
  const parts = format.split("%s")
  return parts.length === 2 && !parts[0]!.includes("%") && !parts[1]!.includes("%") ? [parts[0]!, parts[1]!] : undefined
}

/** Bytes of the character at `at`; 1 at the end, and for what is no character. */
const widthAt = (bytes: Uint8Array, at: number, end: number): number => {
  let width = 1
  if (at < end && bytes[at]! >= 0xc0) while (width < 4 && at + width < end && (bytes[at + width]! & 0xc0) === 0x80) width++
  return width
}

class ReplacePattern extends Editor {
  private readonly target: Place
  private readonly replacement: Replacement

  constructor(target: Place, replacement: Replacement) {
    super()
    this.target = target
    this.replacement = replacement
  }

  run(ws: Workspace): boolean {
    const tag = this.target.eval(ws)
    if (tag !== Tag.String) return tag !== Tag.Error
    const replaced = this.replacement.apply(ws)
    return replaced > 0 ? this.target.write(ws, Tag.String) : replaced === 0
  }
}

const replacementParameters = [
  { name: "replacement", kind: "string" },
  { name: "function", kind: "function", optional: true },
  { name: "replacement_format", kind: "string", optional: true }
] as const

/** `replace_pattern(target, regex, replacement)`: a target that is no string stays as it is. */
export const replacePattern: EditorSpec = {
  name: "replace_pattern",
  parameters: [{ name: "target", kind: "place" }, { name: "regex_pattern", kind: "string" }, ...replacementParameters],
  make: (args) => new ReplacePattern(args.place(0), new Replacement(args, 1, 2))
}

const modes = ["value", "key"]

/** `replace_all_patterns(target, mode, regex, replacement)`: in every string value, or in every key (a key that then exists is overwritten). */
class ReplaceAllPatterns extends MapEditor {
  private readonly keys: boolean
  private readonly replacement: Replacement

  constructor(place: Place, registers: Registers, keys: boolean, replacement: Replacement) {
    super(place, registers)
    this.keys = keys
    this.replacement = replacement
  }

  protected edit(ws: Workspace, table: MapTable): boolean {
    const { count } = table
    for (let entry = 0; entry < count; entry++) {
      if (!table.isLive(entry)) continue
      if (this.keys) {
        X[0] = table.where[entry]!
        X[1] = table.keyStart[entry]!
        X[2] = table.keyEnd[entry]!
      } else {
        const tag = table.read(entry)
        if (tag === Tag.Error) return false
        if (tag !== Tag.String) continue
      }
      const replaced = this.replacement.apply(ws)
      if (replaced < 0) return false
      if (replaced === 0) continue
      if (this.keys) {
        const where = X[0]!
        const start = X[1]!
        const end = X[2]!
        const value = table.read(entry)
        if (value === Tag.Error) return false
        table.remove(entry)
        if (!table.setDynamic(where, start, end, value)) return false
      } else if (!table.setEntry(entry, Tag.String)) return false
    }
    return true
  }
}

export const replaceAllPatterns: EditorSpec = {
  name: "replace_all_patterns",
  parameters: [
    { name: "target", kind: "mapPlace" },
    { name: "mode", kind: "literalString" },
    { name: "regex_pattern", kind: "string" },
    ...replacementParameters
  ],
  make: (args) => {
    const mode = args.literal<string>(1, "")
    if (!modes.includes(mode)) throw new Mistake(args.get(1)!.at, `invalid mode ${JSON.stringify(mode)}: expected "value" or "key"`)
    return new ReplaceAllPatterns(args.place(0), args.registers, mode === "key", new Replacement(args, 2, 3))
  }
}
