/** What observation costs: the same case without and with it, in turns, so that what the machine does beside it meets both alike. */
import { type Case, describeCase } from "./Case.ts"
import { measure } from "./measure.ts"
import type { Options } from "./Options.ts"
import { fixed, table } from "./Table.ts"

const median = (values: ReadonlyArray<number>): number => values.toSorted((a, b) => a - b)[(values.length - 1) >> 1]!

export const compareObserved = async (cases: ReadonlyArray<Case>, { settings, rounds }: Options): Promise<void> => {
  const rows: Array<ReadonlyArray<string>> = []
  for (const it of cases) {
    const [off, on]: [Array<number>, Array<number>] = [[], []]
    for (let round = 0; round < rounds; round++) {
      const turns = [false, true]
      for (const observe of round % 2 === 0 ? turns : turns.toReversed()) {
        const { cpuSecondsPerMillion } = await measure("weir", { ...it, observe }, settings)
        ;(observe ? on : off).push(cpuSecondsPerMillion)
        process.stderr.write(`${describeCase({ ...it, observe })}: ${fixed(cpuSecondsPerMillion, 3)} CPU-s per million items\n`)
      }
    }
    const ratios = on.map((with_, i) => with_ / off[i]!)
    const range = `${fixed(Math.min(...ratios), 2)} to ${fixed(Math.max(...ratios), 2)}`
    rows.push([describeCase(it), fixed(median(off), 3), fixed(median(on), 3), fixed(median(ratios), 2), range])
  }
  const head = ["case", "off, CPU-s/M", "on", "on / off", "of each round"]
  process.stdout.write(`\n${table(head, rows)}\n`)
}
