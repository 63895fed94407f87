import * as Console from "effect/Console"
import type * as Effect from "effect/Effect"
import { kinds } from "../../domain/config/ComponentType.ts"
import { builtIn } from "../BuiltIn.ts"

interface Row {
  readonly kind: string
  readonly type: string
  readonly aliases: ReadonlyArray<string>
  readonly signals: ReadonlyArray<string>
  readonly description: string
}

const rows: ReadonlyArray<Row> = builtIn
  .toSorted((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || a.type.localeCompare(b.type))
  .map((component) => ({
    kind: component.kind,
    type: component.type,
    aliases: component.aliases ?? [],
    signals: "signals" in component ? component.signals : [],
    description: component.description
  }))

/** The JSON form is for programs: fields are added, never renamed. */
export const printComponents = (json: boolean): Effect.Effect<void> => Console.log(json ? JSON.stringify(rows, undefined, 2) : table())

const table = (): string => {
  const cells = rows.map((row) => [row.kind, [row.type, ...row.aliases].join(", "), row.signals.join(", "), row.description])
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((cell) => cell[column]!.length)))
  return cells
    .map((cell) =>
      cell
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd()
    )
    .join("\n")
}
