// Control planes and gateways that are killed at any moment, also in the middle of a rollout: processes, real protocols, light traffic.
// Each time, without an operator, all agents are back as who they were, run what they should run, and the rollout ends by its rules.
import { assert, describe, it } from "@effect/vitest"
import { stringify } from "yaml"
import type { JournalRecordView } from "../../src/layers/api/view/JournalView.ts"
import type { RolloutView } from "../../src/layers/api/view/RolloutView.ts"
import { ControlPlane } from "../support/ControlPlane.ts"
import { until } from "../support/Facts.ts"
import { FleetGateway, markAs, ownMark } from "../support/FleetGateway.ts"
import { Seeded } from "../support/Seeded.ts"
import { scale, seed, timeoutMillis } from "./Scale.ts"

const patience = 120_000

/** Times of a loop that has no time: an agent that is killed comes back before it counts as gone. */
const loop = { apply_timeout: "60s", gone_timeout: "30s", look_interval: "1s" }

class Site implements AsyncDisposable {
  readonly plane: ControlPlane
  readonly gateways: ReadonlyArray<FleetGateway>
  /** By the name of the gateway. */
  readonly uids = new Map<string, string>()

  private constructor(plane: ControlPlane, gateways: ReadonlyArray<FleetGateway>) {
    this.plane = plane
    this.gateways = gateways
  }

  static async start(): Promise<Site> {
    const plane = await ControlPlane.start({ loop })
    const names = ["g1", "g2", "g3", "g4"]
    const gateways = await Promise.all(names.map((name) => FleetGateway.start({ name, opampEndpoint: plane.opampEndpoint })))
    const site = new Site(plane, gateways)
    await site.isOnline()
    for (const { labels, instance_uid } of await plane.agents()) site.uids.set(labels["gateway"]!, instance_uid)
    await site.isMarked(() => ownMark)
    return site
  }

  /** Nobody is missing, nobody is there twice. */
  async isOnline(): Promise<void> {
    await until(
      "all agents are online",
      async () => {
        const agents = await this.plane.agents()
        assert.isAtMost(agents.length, this.gateways.length, "an agent that has come back is who it was")
        return agents.filter(({ status, labels }) => status === "online" && "gateway" in labels).length === this.gateways.length
      },
      patience
    )
  }

  /** Everybody is who it was, and runs what it should run. */
  async hasConverged(): Promise<void> {
    await this.isOnline()
    for (const { labels, instance_uid } of await this.plane.agents())
      assert.strictEqual(instance_uid, this.uids.get(labels["gateway"]!), `the identity of ${labels["gateway"]}`)
    await until(
      "all agents have applied what is desired",
      async () =>
        (await this.plane.agents()).every(
          ({ desired_hash, remote_config: { hash, status } }) => desired_hash === null || (hash === desired_hash && status === "APPLIED")
        ),
      patience
    )
  }

  /** What the data says. */
  async isMarked(mark: (gateway: FleetGateway) => string): Promise<void> {
    for (const gateway of this.gateways)
      await until(`${gateway.name} marks as "${mark(gateway)}", not "${gateway.mark}"`, () => gateway.mark === mark(gateway), patience)
  }

  /** A change by a person, under way. */
  async begin(mark: string, plan: object): Promise<string> {
    const reason = `mark as ${mark}`
    const { rollout } = await this.plane.wish("rollouts", { patch: { merge: markAs(mark) }, plan, reason, by: "a test" })
    await this.plane.wish(`rollouts/${rollout}/approve`, { reason, by: "a test" })
    return rollout!
  }

  /** Waits until the rollout has come to one of the stages. */
  async comesTo(id: string, ...stages: ReadonlyArray<RolloutView["stage"]>): Promise<RolloutView> {
    let rollout: RolloutView | undefined
    await until(
      `${id} is ${stages.join(" or ")}`,
      async () => {
        rollout = await this.plane.rollout(id)
        return rollout !== undefined && stages.includes(rollout.stage)
      },
      patience
    )
    return rollout!
  }

  async killControl(): Promise<void> {
    await this.plane.kill()
    await this.plane.revive()
  }

  async end(): Promise<void> {
    for (const gateway of this.gateways) {
      const exit = await gateway.stop()
      assert.deepStrictEqual(exit, { code: 0, signal: null }, gateway.output)
      assert.match(gateway.output, /dropped 0 \+ returned 0 \+ held 0/)
      if (gateway.wasKilled) continue
      assert.isAbove(gateway.ledger.accepted.size, 0)
      assert.deepStrictEqual(gateway.ledger.missing(), [], `lost by ${gateway.name}, seed ${seed}`)
      assert.deepStrictEqual(gateway.ledger.repeated(), [], `doubled by ${gateway.name}, seed ${seed}`)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.gateways.map((gateway) => gateway[Symbol.asyncDispose]()))
    await this.plane[Symbol.asyncDispose]()
  }
}

const stages = ["proposed", "applying", "observing", "held", "promoting", "promoted", "expired", "reverted", "refused", "aborted"]

/** Without a gap, in the order of time; each rollout goes forward, is judged once, and comes out of a replay as it is recorded. */
const assertStory = async (plane: ControlPlane, journal: ReadonlyArray<JournalRecordView>): Promise<void> => {
  journal.forEach(({ id }, i) => assert.strictEqual(id, i + 1))
  journal.reduce((before, { at_unix_millis: at }) => {
    assert.isAtLeast(at, before)
    return at
  }, 0)
  for (const rollout of new Set(journal.flatMap(({ rollout: about }) => about ?? []))) {
    const entries = journal.filter((record) => record.rollout === rollout)
    const of = (kind: string) => entries.filter((record) => record.kind === kind)
    assert.isAtMost(of("verdict").length, 1, `verdicts of ${rollout}`)
    assert.isAtMost(of("assignment").length, 1, `assignments of ${rollout}`)
    const passed = of("action").map(({ entry }) => stages.indexOf((entry as { readonly stage: string }).stage))
    assert.deepStrictEqual(
      passed,
      [...new Set(passed)].toSorted((a, b) => a - b),
      `stages of ${rollout}`
    )
    assert.isTrue((await plane.replay(rollout)).is_same, `the replay of ${rollout}`)
  }
}

describe("a control plane that is killed", () => {
  it("in every stage of a rollout goes on where it stood", { timeout: timeoutMillis }, async () => {
    await using site = await Site.start()
    const { plane } = site
    const id = await site.begin("one", { look_after: "4s", canary: { count: 2 } })
    await site.killControl()
    await site.comesTo(id, "applying", "observing")
    await site.killControl()
    const { arms } = await site.comesTo(id, "observing")
    await site.killControl()
    // What was observed before the kill is gone, so that there may be no verdict; then it is a person's to decide.
    const { stage } = await site.comesTo(id, "held", "promoting", "promoted")
    if (stage === "held") {
      await site.hasConverged()
      await site.isMarked(({ name }) => (arms.canary.includes(site.uids.get(name)!) ? "one" : ownMark))
      await plane.wish(`rollouts/${id}/approve`, { reason: "", by: "a test" })
    }
    await site.killControl()
    await site.comesTo(id, "promoted")
    await site.hasConverged()
    await site.isMarked(() => "one")
    await plane.wish(`rollouts/${id}/rollback`, { reason: "enough", by: "a test" })
    await site.killControl()
    assert.strictEqual((await site.comesTo(id, "reverted")).stage, "reverted")
    await site.hasConverged()
    await site.isMarked(() => ownMark)
    await assertStory(plane, await plane.journal())
    await site.end()
  })

  it("leaves agents with what worked last, over their own restart, and without what has expired", { timeout: timeoutMillis }, async () => {
    await using site = await Site.start()
    const { plane, gateways } = site
    const document = stringify(markAs("pushed"))
    await plane.wish("push", { agents: { labels: {} }, document, now: true, reason: "", by: "a test" })
    await site.hasConverged()
    await site.isMarked(() => "pushed")
    const id = await site.begin("for a while", { look_after: "2s", canary: { count: 2 }, ttl: "20s" })
    await site.comesTo(id, "promoted", "expired")
    await plane.kill()
    const [first] = gateways
    await first!.kill()
    first!.mark = ""
    await first!.revive()
    await site.isMarked(() => "pushed")
    await plane.revive()
    await site.comesTo(id, "expired")
    await site.hasConverged()
    assert.deepStrictEqual(
      (await plane.agents()).flatMap(({ revisions }) => revisions),
      []
    )
    await site.isMarked(() => "pushed")
    await assertStory(plane, await plane.journal())
    await site.end()
  })
})

describe("a fleet whose members are killed at random", () => {
  it("converges", { timeout: timeoutMillis }, async () => {
    const random = new Seeded(seed)
    await using site = await Site.start()
    const { plane, gateways } = site
    const moment = (most: number) => new Promise((resolve) => setTimeout(resolve, random.between(0, most)))
    const fail = async (one: ControlPlane | FleetGateway): Promise<void> => {
      await one.kill()
      await moment(2000)
      await one.revive()
    }
    const seen = new Map<string, number>()
    for (let round = 0; round < scale(2, 25); round++) {
      const id = await site.begin(`round ${round}`, { look_after: "3s", canary: { count: 2 } })
      for (let faults = random.between(1, 3); faults > 0; faults--) {
        await moment(4000)
        const gateway = random.pick(gateways)
        if (random.next() < 0.5) await fail(plane)
        else if (random.next() < 0.7) await fail(gateway)
        else await Promise.all([fail(plane), fail(gateway)])
      }
      const { stage } = await site.comesTo(id, "held", "promoted", "reverted")
      seen.set(stage, (seen.get(stage) ?? 0) + 1)
      if (stage === "held") await plane.wish(`rollouts/${id}/abort`, { reason: "no verdict", by: "a test" })
      if (stage === "promoted") {
        await site.hasConverged()
        await site.isMarked(() => `round ${round}`)
        await plane.wish(`rollouts/${id}/rollback`, { reason: "the next one comes", by: "a test" })
      }
      await site.hasConverged()
      await site.isMarked(() => ownMark)
    }
    console.log(`rollouts under kills: ${[...seen].map(([stage, count]) => `${count} ${stage}`).join(", ")}`)
    await assertStory(plane, await plane.journal())
    await site.end()
  })
})
