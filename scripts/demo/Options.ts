import { parseArgs } from "node:util"

export interface Options {
  /** What the visitors do, and the ids of traces, follow from it. */
  readonly seed: number
  /** Leave everything running at the end, until Ctrl-C. */
  readonly keep: boolean
  /** Print the result as JSON instead of a table; the story goes to standard error. */
  readonly json: boolean
}

export const usage = `npm run demo -- [--seed N] [--keep] [--json]

  --seed N   what the visitors of the shop do (default 1)
  --keep     leave everything running at the end, with the console, until Ctrl-C
  --json     print the result as JSON on standard output, the story on standard error`

/** The options, or what is wrong with them. */
export const readOptions = (args: ReadonlyArray<string>): Options | "help" | { readonly problem: string } => {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seed: { type: "string", default: "1" },
        keep: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false }
      }
    })
    const seed = Number(values.seed)
    if (values.help) return "help"
    if (!Number.isSafeInteger(seed) || seed < 0) return { problem: `--seed ${values.seed}: expected a whole number` }
    return { seed, keep: values.keep, json: values.json }
  } catch (error) {
    return { problem: (error as Error).message }
  }
}
