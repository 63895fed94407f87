import { elementTag, keyTag, sizeOfAny, valueTag, writeAny } from "./AnyValue.ts"
import { Expr } from "./Expr.ts"
import { F, Failure, Tag, X } from "./Value.ts"
import { varintSize, writeVarint } from "../otlp/Write.ts"
import type { Workspace } from "./Workspace.ts"

/** A list literal, or with `keys` a map literal, with elements that are only known at run time. */
export class Collection extends Expr {
  private readonly keys: ReadonlyArray<Uint8Array> | undefined
  private readonly items: ReadonlyArray<Expr>

  constructor(keys: ReadonlyArray<string> | undefined, items: ReadonlyArray<Expr>) {
    super()
    this.keys = keys?.map((key) => new Uint8Array(Buffer.from(key)))
    this.items = items
  }

  eval(ws: Workspace): number {
    // Elements write to the arena while they are computed, so all come first and are then laid side by side.
    const { items, keys } = this
    const tags: Array<number> = []
    const places: Array<number> = []
    let size = 0
    for (const [i, item] of items.entries()) {
      const tag = item.eval(ws)
      if (tag === Tag.Error) return tag
      const value = sizeOfAny(tag)
      if (value < 0) return ws.fail(Failure.Unsupported)
      tags.push(tag)
      places.push(X[0]!, X[1]!, X[2]!, F[0]!)
      size += value + 20 + (keys?.[i]!.length ?? 0)
    }
    ws.reserve(size)
    const start = ws.end
    for (const [i, tag] of tags.entries()) {
      X[0] = places[4 * i]!
      X[1] = places[4 * i + 1]!
      X[2] = places[4 * i + 2]!
      F[0] = places[4 * i + 3]!
      const value = sizeOfAny(tag)
      const { arena } = ws
      arena[ws.end++] = elementTag
      if (keys !== undefined) {
        const key = keys[i]!
        ws.end = writeVarint(arena, ws.end, 2 + varintSize(key.length) + key.length + varintSize(value) + value)
        arena[ws.end++] = keyTag
        ws.end = writeVarint(arena, ws.end, key.length)
        arena.set(key, ws.end)
        ws.end += key.length
        arena[ws.end++] = valueTag
      }
      ws.end = writeVarint(arena, ws.end, value)
      writeAny(ws, tag)
    }
    X[0] = 1
    X[1] = start
    X[2] = ws.end
    return keys === undefined ? Tag.List : Tag.Map
  }
}
