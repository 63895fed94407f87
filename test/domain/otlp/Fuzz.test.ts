import { assert, it } from "@effect/vitest"
import { fuzzOnce } from "../../support/otlp/Fuzz.ts"

it("survives mutated requests, and reads those that are still whole as the reference decoder does", () => {
  const tally = { runs: 0, malformed: 0, accepted: 0, compared: 0 }
  for (let seed = 1; seed <= 2000; seed++) {
    try {
      fuzzOnce(seed, tally)
    } catch (error) {
      throw new Error(`seed ${seed} (npm run fuzz:otlp -- --seed ${seed} --runs 1)`, { cause: error })
    }
  }
  assert.isAbove(tally.malformed, 200)
  assert.isAbove(tally.compared, 200)
})
