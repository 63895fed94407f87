// Gateways whose data path is saturated still obey: what the control plane takes back is gone from every agent within a deadline.
import { assert, describe, it } from "@effect/vitest"
import { stringify } from "yaml"
import { ControlPlane } from "../support/ControlPlane.ts"
import { until } from "../support/Facts.ts"
import { FleetGateway, markAs } from "../support/FleetGateway.ts"
import { Flood, Sink } from "../support/Flood.ts"
import { scale, timeoutMillis } from "./Scale.ts"

/** From the wish until the last agent reports APPLIED. */
const deadlineMillis = 30_000

const shapes = [
  { what: "many small requests", connections: 64, items: 10 },
  { what: "few large requests", connections: 8, items: 2000 }
]

/** Waits until every agent has applied what is desired of it, and gives the time that it took from `since`. */
const applied = async (plane: ControlPlane, since: number): Promise<number> => {
  await until(
    "every agent has applied what is desired",
    async () =>
      (await plane.agents()).every(
        ({ desired_hash, remote_config: { hash, status } }) => desired_hash !== null && hash === desired_hash && status === "APPLIED"
      ),
    120_000
  )
  return performance.now() - since
}

describe("with a saturated data path", () => {
  it.each(shapes)("a revert reaches every agent: $what", { timeout: timeoutMillis }, async ({ connections, items, what }) => {
    await using plane = await ControlPlane.start()
    using sink = await Sink.start()
    const start = (name: string) => FleetGateway.start({ name, opampEndpoint: plane.opampEndpoint, sink: sink.endpoint })
    await using first = await start("g1")
    await using second = await start("g2")
    const gateways = [first, second]
    await until("both are online", async () => {
      const agents = await plane.agents()
      return agents.filter(({ status, accepts_remote_config: takes }) => status === "online" && takes).length === gateways.length
    })
    using _one = await Flood.start({ port: first.port, connections, items })
    using _other = await Flood.start({ port: second.port, connections, items })
    const before = await sink.spans()
    await until("the flood has come through", async () => (await sink.spans()) > before + 100_000, 120_000)

    const by = { reason: "a test", by: "a test" }
    const times: { readonly pushed: Array<number>; readonly reverted: Array<number>; readonly rolledBack: Array<number> } = {
      pushed: [],
      reverted: [],
      rolledBack: []
    }
    for (let round = 0; round < scale(1, 20); round++) {
      const passed = await sink.spans()
      const push = async (document: string): Promise<number> => {
        const since = performance.now()
        await plane.wish("push", { agents: { labels: {} }, document, now: true, ...by })
        return applied(plane, since)
      }
      times.pushed.push(await push(stringify(markAs(`pushed ${round}`))))
      times.reverted.push(await push(""))

      const { rollout } = await plane.wish("rollouts", { patch: { merge: markAs(`promoted ${round}`) }, ...by })
      await plane.wish(`rollouts/${rollout}/approve`, by)
      await until("it is promoted", async () => (await plane.rollout(rollout!))?.stage === "promoted", 120_000)
      const since = performance.now()
      await plane.wish(`rollouts/${rollout}/rollback`, by)
      times.rolledBack.push(await applied(plane, since))
      assert.isAbove(await sink.spans(), passed + 10_000, "the flood goes on")
    }
    const most = (millis: ReadonlyArray<number>) => Math.max(...millis)
    console.log(
      `${what}: at most ${Object.entries(times)
        .map(([name, millis]) => `${name} after ${Math.round(most(millis))} ms`)
        .join(", ")}`
    )
    assert.isBelow(most([...times.reverted, ...times.rolledBack]), deadlineMillis)
    for (const { status } of await plane.agents()) assert.strictEqual(status, "online")
  })
})
