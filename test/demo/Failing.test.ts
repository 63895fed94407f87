import { assert, describe, it } from "@effect/vitest"
import { full } from "../../scripts/demo/Pace.ts"
import { runDemo } from "../../scripts/demo/RunDemo.ts"
import { plainScreen, type Screen } from "../../scripts/demo/Screen.ts"
import { until } from "../support/Facts.ts"

const silent: Screen = plainScreen(() => {})

/** Child processes of this one that have not ended. */
const children = () => process.getActiveResourcesInfo().filter((resource) => resource === "ProcessWrap").length

describe("a demo that does not come to its end", () => {
  it("says which step was not seen in its time, and leaves no process", async () => {
    const hasty = { ...full, stepSeconds: 0.05 }
    const result = await runDemo({ pace: hasty, seed: 1, screen: silent, stop: new AbortController().signal })
    assert.match(result.failure!, /^not seen within 0\.05 s: the processes are up/)
    assert.isUndefined(result.books)
    await until("no child is left", () => children() === 0)
  })

  it("leaves no process when it is stopped in the middle", async () => {
    const stop = new AbortController()
    const stopping: Screen = { ...silent, say: () => stop.abort() }
    const result = await runDemo({ pace: { ...full, stepSeconds: 240 }, seed: 1, screen: stopping, stop: stop.signal })
    assert.strictEqual(result.failure, "stopped before its end")
    await until("no child is left", () => children() === 0)
  })
})
