// `npm run bench:peers`: Weir and the OpenTelemetry Collector in turn on the same pipelines, compared pair by pair.
import { missing, collector } from "../peers/Peers.ts"
import { type Case, describeCase, plain } from "./Case.ts"
import { type Measured, measure } from "./measure.ts"
import { parse, sharedHelp } from "./Options.ts"
import { median } from "./Quantiles.ts"
import type { SubjectName } from "./Subject.ts"
import { fixed, table } from "./Table.ts"

const options = parse(`npm run bench:peers -- [options]\n\n${sharedHelp}\n  --rounds 2     pairs per case, in alternating order\n`, 2)

const absent = missing(collector)
if (absent !== undefined) {
  process.stderr.write(`bench:peers: ${absent}\n`)
  process.exit(69)
}

const selection: ReadonlyArray<Case> = [
  plain,
  { ...plain, pipeline: "transform" },
  { ...plain, protocol: "grpc" },
  { ...plain, compression: "gzip" },
  { ...plain, compression: "zstd" },
  { ...plain, load: "rate" }
]

const cases = (options.cases ?? selection).filter((it) => {
  if (it.pipeline === "routing") process.stderr.write("bench:peers: routing is left out: this Collector has no such connector\n")
  return it.pipeline !== "routing"
})

interface Pair {
  readonly weir: Measured
  readonly collector: Measured
}

const ratio = ({ weir, collector }: Pair): number => collector.cpuSecondsPerMillion / weir.cpuSecondsPerMillion

const pairOf = async (it: Case, round: number): Promise<Pair> => {
  const order: ReadonlyArray<SubjectName> = round % 2 === 0 ? ["weir", "collector"] : ["collector", "weir"]
  const first = await measure(order[0]!, it, options.settings)
  const second = await measure(order[1]!, it, options.settings)
  return round % 2 === 0 ? { weir: first, collector: second } : { weir: second, collector: first }
}

const results: Array<{ readonly case: Case; readonly pairs: ReadonlyArray<Pair> }> = []
for (const [index, it] of cases.entries()) {
  const pairs: Array<Pair> = []
  process.stderr.write(`[${index + 1}/${cases.length}] ${describeCase(it)} ...`)
  for (let round = 0; round < options.rounds; round++) {
    const pair = await pairOf(it, round)
    pairs.push(pair)
    process.stderr.write(
      ` ${fixed(pair.weir.cpuSecondsPerMillion, 2)}:${fixed(pair.collector.cpuSecondsPerMillion, 2)} = 1:${fixed(ratio(pair), 1)}`
    )
  }
  process.stderr.write("\n")
  results.push({ case: it, pairs })
}

if (options.json) process.stdout.write(`${JSON.stringify({ settings: options.settings, results })}\n`)
else {
  const rows = results.map(({ case: it, pairs }) => {
    const ratios = pairs.map(ratio)
    const of = (name: SubjectName, value: (result: Measured) => number) => median(pairs.map((pair) => value(pair[name])))
    return [
      describeCase(it),
      fixed(
        of("weir", (result) => result.cpuSecondsPerMillion),
        2
      ),
      fixed(
        of("collector", (result) => result.cpuSecondsPerMillion),
        2
      ),
      `1:${fixed(median(ratios), 1)}`,
      `${fixed(Math.min(...ratios), 1)}-${fixed(Math.max(...ratios), 1)}`,
      fixed(
        of("weir", (result) => result.itemsPerSecond / 1000),
        0
      ),
      fixed(
        of("collector", (result) => result.itemsPerSecond / 1000),
        0
      ),
      fixed(
        of("weir", (result) => result.peakRssMiB),
        0
      ),
      fixed(
        of("collector", (result) => result.peakRssMiB),
        0
      )
    ]
  })
  const head = ["case", "Weir CPU-s/M", "Collector", "ratio", "range", "Weir k/s", "Collector", "Weir RSS MiB", "Collector"]
  process.stdout.write(`\n${table(head, rows)}\n\nMedians of ${options.rounds} rounds. In every run all accepted items were delivered.\n`)
}
