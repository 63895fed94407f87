/** The command line that both benchmarks share. */
import { parseArgs } from "node:util"
import { type Case, compressions, loads, pipelines, plain, protocols, signals } from "./Case.ts"
import { defaults, type Settings } from "./measure.ts"

export const sharedHelp = `  --pipelines pass,transform,filter,routing   every combination of these six lists is measured,
  --protocols http,grpc                       instead of the default selection
  --compressions none,gzip,zstd
  --loads saturated,rate,latency
  --signals traces,logs,metrics
  --items 10,100,1000                         items in a request
  --seconds 3    length of a window           --warmup 2.5   before it
  --rate 30000   items a second               --connections 8
  --json         the results as JSON, one line, on standard output`

export interface Options {
  /** Undefined: the default selection. */
  readonly cases: ReadonlyArray<Case> | undefined
  readonly settings: Settings
  readonly rounds: number
  readonly json: boolean
  /** Each case is measured without and with observation, in turns. */
  readonly observe: boolean
}

const text = { type: "string" } as const

/** One of `known`, or what else to say; ends the process, since nothing can be measured. */
const wrong = (option: string, value: string, expected: string): never => {
  process.stderr.write(`--${option} ${value}: expected ${expected}\n`)
  process.exit(64)
}

const list = <A extends string>(option: string, value: string | undefined, known: ReadonlyArray<A>): ReadonlyArray<A> | undefined =>
  value?.split(",").map((word) => known.find((one) => one === word) ?? wrong(option, word, known.join(", ")))

const number = (option: string, value: string | undefined, fallback: number): number => {
  if (value === undefined) return fallback
  const parsed = Number(value)
  return parsed > 0 ? parsed : wrong(option, value, "a positive number")
}

export const parse = (usage: string, defaultRounds: number): Options => {
  const { values } = parseArgs({
    options: {
      pipelines: text,
      protocols: text,
      compressions: text,
      loads: text,
      signals: text,
      items: text,
      seconds: text,
      warmup: text,
      rate: text,
      connections: text,
      rounds: text,
      json: { type: "boolean", default: false },
      observe: { type: "boolean", default: false },
      help: { type: "boolean", default: false }
    }
  })
  if (values.help) {
    process.stdout.write(usage)
    process.exit(0)
  }
  const chosen = {
    pipeline: list("pipelines", values.pipelines, pipelines),
    protocol: list("protocols", values.protocols, protocols),
    compression: list("compressions", values.compressions, compressions),
    load: list("loads", values.loads, loads),
    signal: list("signals", values.signals, signals),
    items: values.items?.split(",").map((word) => number("items", word, 0))
  }
  const isChosen = Object.values(chosen).some((values) => values !== undefined)
  return {
    cases: isChosen ? combinations(chosen) : undefined,
    settings: {
      windowMillis: 1000 * number("seconds", values.seconds, defaults.windowMillis / 1000),
      warmupMillis: 1000 * number("warmup", values.warmup, defaults.warmupMillis / 1000),
      rate: number("rate", values.rate, defaults.rate),
      connections: number("connections", values.connections, defaults.connections)
    },
    rounds: number("rounds", values.rounds, defaultRounds),
    json: values.json,
    observe: values.observe
  }
}

const combinations = (chosen: {
  readonly [K in Exclude<keyof Case, "observe">]: ReadonlyArray<Case[K]> | undefined
}): ReadonlyArray<Case> =>
  (Object.keys(chosen) as Array<keyof typeof chosen>).reduce<ReadonlyArray<Case>>(
    (cases, key) => cases.flatMap((it) => (chosen[key] ?? [plain[key]]).map((value) => ({ ...it, [key]: value }))),
    [plain]
  )
