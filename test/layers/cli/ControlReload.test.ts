// SIGHUP to `weir control`: another detector and another rule are at work at once; what is wrong changes nothing, and is said with its place.
import { assert, describe, it } from "@effect/vitest"
import { Backend } from "../../support/Backend.ts"
import { ControlPlane } from "../../support/ControlPlane.ts"
import { until } from "../../support/Facts.ts"
import { FleetGateway, markAs } from "../../support/FleetGateway.ts"

const patience = 60_000

const threshold = (above: number) => ({ metric: "received.items", kind: "volume", above, window: "2s", for: "1s", clear: "3s" })

const rule = (when: string) => ({ when, action: { merge: markAs("by the rule") }, goal: { metric: "received.items", direction: "down" } })

describe("weir control, told to read its configuration again", () => {
  it("takes other detectors and rules, and refuses what is wrong", { timeout: 300_000 }, async () => {
    await using plane = await ControlPlane.start({ weir: { detectors: { "threshold/volume": threshold(1e6) } } })
    await using gateway = await FleetGateway.start({ name: "g1", opampEndpoint: plane.opampEndpoint })
    const says = (what: RegExp) => until(`it says ${what}, not only:\n${plane.output}`, () => what.test(plane.output), patience)
    const open = async () => (await plane.findings()).open
    await until("traffic is delivered", () => gateway.ledger.delivered > 100, patience)
    assert.deepStrictEqual(await open(), [])

    const detectors = { "threshold/volume": threshold(1) }
    plane.reload({ weir: { detectors } })
    await until("the lower limit is crossed", async () => (await open()).length === 1, patience)
    const [finding] = await open()
    assert.strictEqual(finding!.expected, 1)
    assert.deepStrictEqual(await plane.rollouts(), [])

    plane.reload({ weir: { detectors, rules: { calm: rule('finding.kind == "volume"') } } })
    await until("the rule has proposed", async () => (await plane.rollouts()).length === 1, patience)
    assert.strictEqual((await plane.rollouts())[0]!.rule, "calm")
    assert.strictEqual((await plane.rollouts())[0]!.finding, finding!.id, "a reload ends no finding")

    plane.reload({ weir: { detectors, rules: { calm: rule('finding.sort == "volume"') } } })
    await says(/refused, the running configuration stays:\n +\S+:\d+:\d+: error: "weir"\.rules\.calm\.when .*unknown path finding\.sort/s)
    plane.reload({ weir: { detectors: { "threshold/volume": { ...threshold(1), metric: "received.item" } } } })
    await says(/\S+:\d+:\d+: error: .*threshold\/volume.*metric .*received\.items/s)
    assert.strictEqual((await open())[0]!.id, finding!.id)

    plane.reload({ weir: { detectors }, loop: { apply_timeout: "5s" } })
    await says(/control\.loop has changed, which counts from the next start on/)

    let elsewhere = 0
    const other = await Backend.start({ protocol: "http", onDelivery: () => elsewhere++ })
    plane.reload({ weir: { detectors }, observations: { endpoint: `${other.endpoint}/v1/metrics` } })
    await until("agents observe for somebody else", () => elsewhere > 0, patience)
    await other.kill()

    plane.reload({ weir: { detectors: {} } })
    await until("what no detector looks at is over", async () => (await open()).length === 0, patience)
    assert.strictEqual(plane.output.match(/reloaded \(SIGHUP\)/g)!.length, 5)
    assert.strictEqual(plane.output.match(/refused/g)!.length, 2)
  })
})
