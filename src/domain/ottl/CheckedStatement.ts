import type { Expr, KeyPlace, Literal } from "./Expr.ts"
import type { Editor } from "./functions/Function.ts"

/** What the checker makes of a statement and the builder lowers to a program. */
export interface CheckedStatement {
  /** Absent for a statement that always runs. */
  readonly where: Condition | undefined
  readonly action: Action
}

/** A condition whose names are resolved and whose constants are folded. */
export type Condition =
  | { readonly kind: "constant"; readonly value: boolean }
  | { readonly kind: "compare"; readonly op: number; readonly left: Expr; readonly right: Expr }
  | { readonly kind: "test"; readonly expr: Expr }
  | { readonly kind: "not"; readonly operand: Condition }
  | { readonly kind: "and" | "or"; readonly operands: ReadonlyArray<Condition> }

/** What a statement does once its condition holds; without a constant record or a register it is a call. */
export type Action =
  | { readonly kind: "match" }
  | { readonly kind: "edit"; readonly editor: Editor }
  | { readonly kind: "setConstant"; readonly place: KeyPlace; readonly value: Literal }
  | { readonly kind: "deleteKey"; readonly place: KeyPlace }
