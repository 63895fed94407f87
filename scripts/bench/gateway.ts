// `npm run bench:gateway`: what Weir costs and how much it delays, case by case. docs/performance.md explains the method.
import { type Case, describeCase, plain, protocols } from "./Case.ts"
import { type Measured, measure, measureDirect } from "./measure.ts"
import { parse, sharedHelp } from "./Options.ts"
import { type Quantiles } from "./Quantiles.ts"
import { compareObserved } from "./observed.ts"
import { fixed, table } from "./Table.ts"

const observeHelp = `  --observe      what observation costs: each case (pass-through, HTTP, if none is chosen) without and with it,
                 in turns, --rounds 3 of them`
const options = parse(`npm run bench:gateway -- [options]\n\n${sharedHelp}\n${observeHelp}\n`, 1)

const grpc: Case = { ...plain, protocol: "grpc" }
const latency: Case = { ...plain, load: "latency" }

const selection: ReadonlyArray<Case> = [
  ...[plain, grpc].flatMap((it) => [10, 100, 1000].map((items) => ({ ...it, items }))),
  ...[plain, grpc].flatMap((it) => (["transform", "filter", "routing"] as const).map((pipeline) => ({ ...it, pipeline }))),
  ...[plain, grpc].flatMap((it) => (["gzip", "zstd"] as const).map((compression) => ({ ...it, compression }))),
  ...[plain, grpc].map((it): Case => ({ ...it, load: "rate" })),
  ...(["pass", "transform", "filter", "routing"] as const).map((pipeline) => ({ ...latency, pipeline })),
  { ...latency, protocol: "grpc" }
]

if (options.observe) {
  await compareObserved(options.cases ?? [plain], options)
  process.exit(0)
}

const cases = options.cases ?? selection
const direct = new Map<string, Quantiles>()
for (const protocol of protocols) {
  const it = cases.find((one) => one.load === "latency" && one.protocol === protocol)
  if (it !== undefined) direct.set(protocol, await measureDirect({ ...latency, protocol }, options.settings))
}

const results: Array<Measured> = []
for (const [index, it] of cases.entries()) {
  process.stderr.write(`[${index + 1}/${cases.length}] ${describeCase(it)} ... `)
  const result = await measure("weir", it, options.settings)
  results.push(result)
  process.stderr.write(`${fixed(result.cpuSecondsPerMillion, 2)} CPU-s per million items\n`)
}

/** Delivery through the gateway less delivery without it; only where nothing waits for a batch to fill. */
const added = ({ case: it, deliveryMillis }: Measured, quantile: keyof Quantiles): number => {
  const without = direct.get(it.protocol)
  return it.load !== "latency" || deliveryMillis === undefined || without === undefined
    ? Number.NaN
    : deliveryMillis[quantile] - without[quantile]
}

if (options.json) process.stdout.write(`${JSON.stringify({ settings: options.settings, direct: Object.fromEntries(direct), results })}\n`)
else {
  const rows = results.map((result) => [
    describeCase(result.case),
    fixed(result.cpuSecondsPerMillion, 2),
    fixed(result.itemsPerSecond / 1000, 0),
    fixed(result.peakRssMiB, 0),
    fixed(result.answerMillis.p50, 2),
    fixed(result.answerMillis.p99, 2),
    fixed(added(result, "p50"), 2),
    fixed(added(result, "p99"), 2),
    String(result.refusedRequests)
  ])
  const head = ["case", "CPU-s/M", "k items/s", "RSS MiB", "answer p50 ms", "p99", "added p50 ms", "p99", "refused"]
  process.stdout.write(`\n${table(head, rows)}\n\nIn every case all accepted items were delivered.\n`)
}
