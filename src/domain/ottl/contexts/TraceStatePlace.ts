import { Place } from "../Expr.ts"
import type { Message } from "../Message.ts"
import { Failure, Tag, X } from "../Value.ts"
import type { Workspace } from "../Workspace.ts"
import { Codec } from "./Codec.ts"
import { readField } from "./ReadField.ts"
import { writeField } from "./WriteField.ts"

const keyPattern = /^(?:[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})$/
const valuePattern = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/

/** The members of a W3C tracestate (https://www.w3.org/TR/trace-context/#tracestate-header) in order; `undefined` if it is invalid. */
const parse = (text: string): Array<readonly [string, string]> | undefined => {
  const members: Array<readonly [string, string]> = []
  for (const part of text.split(",")) {
    const member = part.replace(/^[ \t]+|[ \t]+$/g, "")
    if (member === "") continue
    const equals = member.indexOf("=")
    const key = member.slice(0, equals)
    const value = member.slice(equals + 1)
    if (equals < 0 || !keyPattern.test(key) || !valuePattern.test(value) || members.some(([other]) => other === key)) return undefined
    members.push([key, value])
  }
  return members.length > 32 ? undefined : members
}

/**
 * `span.trace_state["key"]`: `""` when the member is missing, nil when the whole tracestate is invalid. Writing moves the member to the
 * front; an invalid key, value or tracestate is left alone without an error, as in the original.
 */
export class TraceStatePlace extends Place {
  private readonly message: Message
  private readonly row: number
  private readonly key: string

  constructor(message: Message, row: number, key: string) {
    super()
    this.message = message
    this.row = row
    this.key = key
  }

  private members(ws: Workspace): Array<readonly [string, string]> | undefined {
    readField(ws, this.message, this.row, Codec.traceState)
    return parse(ws.text(X[0]!, X[1]!, X[2]!))
  }

  eval(ws: Workspace): number {
    const members = this.members(ws)
    if (members === undefined) return Tag.Nil
    return ws.putText(members.find(([key]) => key === this.key)?.[1] ?? "")
  }

  write(ws: Workspace, tag: number): boolean {
    if (tag !== Tag.String) {
      ws.failure = Failure.Type
      return false
    }
    const value = ws.text(X[0]!, X[1]!, X[2]!)
    const members = this.members(ws)
    if (members === undefined || !keyPattern.test(this.key) || !valuePattern.test(value)) return true
    const rest = members.filter(([key]) => key !== this.key)
    if (rest.length > 31) return true
    const text = [[this.key, value], ...rest].map(([key, member]) => `${key}=${member}`).join(",")
    return writeField(ws, this.message, this.row, Codec.traceState, ws.putText(text))
  }
}
