// `npm run fuzz:otlp`: mutated OTLP requests through everything that reads bytes from strangers, held against the reference decoder.
// `--seed N` where to start (default 1), `--seconds S` how long (default 10) or `--runs N` how often. A failing seed is printed; run it
// again with `--seed N --runs 1`.
import { parseArgs } from "node:util"
import { fuzzOnce } from "../../test/support/otlp/Fuzz.ts"

const { values } = parseArgs({ options: { seed: { type: "string" }, seconds: { type: "string" }, runs: { type: "string" } } })
const first = Number(values.seed ?? 1)
const runs = values.runs === undefined ? Infinity : Number(values.runs)
const deadline = performance.now() + (values.runs === undefined ? Number(values.seconds ?? 10) * 1000 : Infinity)

/** No request takes longer than this: a slower one counts as a hang. */
const longestMillis = 2000

const tally = { runs: 0, malformed: 0, accepted: 0, compared: 0 }
for (let seed = first; seed < first + runs && performance.now() < deadline; seed++) {
  const started = performance.now()
  try {
    fuzzOnce(seed, tally)
  } catch (error) {
    console.error(`fuzz:otlp: seed ${seed} failed:`, error)
    process.exit(1)
  }
  if (performance.now() - started > longestMillis) {
    console.error(`fuzz:otlp: seed ${seed} took ${Math.round(performance.now() - started)} ms`)
    process.exit(1)
  }
}
console.log(
  `fuzz:otlp: ${tally.runs} requests from seed ${first} on: ${tally.malformed} refused as malformed, ${tally.accepted} accepted, ` +
    `${tally.compared} of these compared with the reference decoder`
)
