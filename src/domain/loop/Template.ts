import type { Finding } from "./Finding.ts"
import type { Json, Patch } from "./Patch.ts"
import { together } from "./Plan.ts"

/**
 * Placeholders of a rule's action: `{{ finding.subject.tenant }}`. The braces are doubled because `${...}` belongs to the loader of
 * configurations, which expands it here and again at the agent; a placeholder passes both untouched.
 *
 * What fills one comes from the network. So a placeholder stands inside a string literal of OTTL, in double quotes, and everything but
 * letters, digits, space and a few harmless marks is escaped there: no value can end the literal, none holds a `$` that the agent would
 * expand, and none becomes a statement. Elsewhere (outside of quotes, in a key, alone as a value) it is a mistake of the configuration. A
 * value inside a pattern (`IsMatch`) is still read as a pattern: compare with `==`.
 */
const placeholder = /\{\{\s*([^{}]*?)\s*\}\}/g

const fields: { readonly [name: string]: (finding: Finding) => string } = {
  "finding.kind": ({ kind }) => kind,
  "finding.detector": ({ detector }) => detector,
  "finding.subject.tenant": ({ subject }) => subject.tenant,
  "finding.subject.service": ({ subject }) => subject.service,
  "finding.subject.signal": ({ subject }) => subject.signal
}
const known = Object.keys(fields).join(", ")

/** Names that stand for many subjects or for none: a change that names them would reach the wrong ones. */
const nobody: ReadonlySet<string> = new Set(["_other", "unknown_service", together])
const maxValueLength = 256

export interface TemplateMistake {
  readonly path: ReadonlyArray<string | number>
  /** Offset in the text at `path`; `undefined` for a key. */
  readonly offset: number | undefined
  readonly message: string
}

/** Everything that is wrong with the placeholders of a value. */
export const mistakesIn = (value: Json, path: ReadonlyArray<string | number> = []): ReadonlyArray<TemplateMistake> => {
  if (typeof value === "string") return mistakesInText(value, path)
  if (Array.isArray(value)) return value.flatMap((item, i) => mistakesIn(item, [...path, i]))
  if (value === null || typeof value !== "object") return []
  return Object.entries(value).flatMap(([key, item]) => {
    const inside = mistakesIn(item, [...path, key])
    return key.includes("{{") ? [{ path: [...path, key], offset: undefined, message: "a key without placeholders" }, ...inside] : inside
  })
}

const mistakesInText = (text: string, path: ReadonlyArray<string | number>): ReadonlyArray<TemplateMistake> => {
  const mistakes: Array<TemplateMistake> = []
  const found = [...text.matchAll(placeholder)]
  for (const { 1: name, index } of found) {
    if (!Object.hasOwn(fields, name!)) mistakes.push({ path, offset: index, message: `a placeholder of ${known}` })
    else if (!isQuoted(text, index)) mistakes.push({ path, offset: index, message: "a placeholder inside double quotes" })
  }
  // What is left of "{{" would be sent as it stands.
  for (let at = text.indexOf("{{"); at !== -1; at = text.indexOf("{{", at + 1)) {
    if (found.some(({ 0: whole, index }) => at >= index && at < index + whole.length)) continue
    mistakes.push({ path, offset: at, message: '"}}" behind "{{", and a name between them' })
    break
  }
  return mistakes
}

/** Whether an offset of an OTTL text lies inside a string literal. */
const isQuoted = (text: string, offset: number): boolean => {
  let inside = false
  for (let i = 0; i < offset; i++) {
    if (text[i] === '"') inside = !inside
    else if (inside && text[i] === "\\") i++
  }
  return inside
}

/** A filled patch, or why it cannot be filled for this finding. */
export const fillPatch = (patch: Patch, finding: Finding): Patch | { readonly refusal: string } => {
  const filler = new Filler(finding)
  const filled: Patch = {
    merge: filler.fill(patch.merge) as Patch["merge"],
    append: patch.append.map(({ path, value }) => ({ path, value: filler.fill(value) }))
  }
  return filler.refusal === undefined ? filled : { refusal: filler.refusal }
}

class Filler {
  refusal: string | undefined
  private readonly finding: Finding

  constructor(finding: Finding) {
    this.finding = finding
  }

  fill(value: Json): Json {
    if (typeof value === "string") return this.text(value)
    if (Array.isArray(value)) return value.map((item) => this.fill(item))
    if (value === null || typeof value !== "object") return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.fill(item)]))
  }

  private text(text: string): string {
    return text.replace(placeholder, (_, name: string) => escapeOttl(this.value(name)))
  }

  private value(name: string): string {
    const value = fields[name]!(this.finding)
    if (nobody.has(value)) this.refusal = `${name} is "${value}", which stands for no single one`
    else if (value.length > maxValueLength) this.refusal = `${name} is longer than ${maxValueLength} characters`
    return value
  }
}

/** A text as the inside of an OTTL string literal (Go syntax). */
export const escapeOttl = (text: string): string =>
  // By code points; a half of a pair stands for no character and becomes the replacement character.
  Array.from(text, (character) => {
    if (/^[\p{L}\p{N} _.:/@+-]$/u.test(character)) return character
    const code = character.codePointAt(0)!
    return `\\U${(code >= 0xd800 && code <= 0xdfff ? 0xfffd : code).toString(16).padStart(8, "0")}`
  }).join("")
