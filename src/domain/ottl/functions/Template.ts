import type { Pattern } from "../regex/Pattern.ts"
import type { Workspace } from "../Workspace.ts"

/** A replacement text in Go's template syntax: literal pieces and group numbers; `$1x` means the group named "1x", which is none. */
export type Template = ReadonlyArray<Uint8Array | number>

/** `$1`, `${1}`, `$name`, `${name}`, `$$`; the longest name counts, and a group that does not exist is empty. */
export const parseTemplate = (text: string, groupNames: ReadonlyArray<string | undefined>): Template => {
  const parts: Array<Uint8Array | number> = []
  let literal = ""
  for (let at = 0; at < text.length;) {
    const match = /^\$(?:(\$)|\{(\w+)\}|(\w+))/.exec(text.slice(at))
    if (match === null) {
      literal += text[at++]
      continue
    }
    at += match[0].length
    if (match[1] !== undefined) {
      literal += "$"
      continue
    }
    const name = match[2] ?? match[3]!
    const group = /^\d+$/.test(name) ? Number(name) : groupNames.indexOf(name)
    if (group < 0 || group >= groupNames.length) continue
    if (literal !== "") parts.push(new Uint8Array(Buffer.from(literal)))
    literal = ""
    parts.push(group)
  }
  if (literal !== "") parts.push(new Uint8Array(Buffer.from(literal)))
  return parts
}

/** Appends the template to the arena, with the groups of the pattern's last match in `where`. */
export const expand = (ws: Workspace, template: Template, pattern: Pattern, where: number): void => {
  const { groups } = pattern
  for (const part of template) {
    if (typeof part === "number") {
      const start = groups[2 * part]!
      const end = groups[2 * part + 1]!
      if (start < 0) continue
      ws.reserve(end - start)
      ws.append(where, start, end)
    } else {
      ws.reserve(part.length)
      ws.arena.set(part, ws.end)
      ws.end += part.length
    }
  }
}
