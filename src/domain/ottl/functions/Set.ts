import { type Expr, MapPlace, type Place } from "../Expr.ts"
import { Tag } from "../Value.ts"
import type { Workspace } from "../Workspace.ts"
import { Editor, type EditorSpec } from "./Function.ts"

/** `set(target, value)`: nil empties maps, lists and attribute values, and is refused by everything else. */
export class SetEditor extends Editor {
  readonly target: Place
  readonly value: Expr

  constructor(target: Place, value: Expr) {
    super()
    this.target = target
    this.value = value
  }

  run(ws: Workspace): boolean {
    const tag = this.value.eval(ws)
    return tag !== Tag.Error && this.target.write(ws, tag)
  }
}

export const set: EditorSpec = {
  name: "set",
  parameters: [
    { name: "target", kind: "place" },
    { name: "value", kind: "any" }
  ],
  make: (args) => {
    const target = args.place(0)
    if (target instanceof MapPlace) target.table.all = true
    return new SetEditor(target, args.expr(1))
  }
}
