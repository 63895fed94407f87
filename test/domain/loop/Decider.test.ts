import { assert, describe, it } from "@effect/vitest"
import type { Rollout } from "../../../src/domain/loop/Rollout.ts"
import { replay } from "../../../src/domain/loop/Replay.ts"
import { tell } from "../../../src/domain/loop/Tell.ts"
import { planOf } from "./Evidence.ts"
import { findingOf } from "./Samples.ts"
import { rulesOf, storm, World } from "./World.ts"

/** Four agents, one rule, one storm: a rollout that is being applied. */
const stormy = (rule: object = {}, agents = 4): World => {
  const world = new World()
  world.agents(agents)
  world.send({ _tag: "RulesLoaded", rules: rulesOf({ storm: { ...storm, ...rule } }) })
  world.send({ _tag: "FindingOpened", finding: findingOf() })
  return world
}

const observing = (rule?: object): World => {
  const world = stormy(rule)
  world.report()
  return world
}

const promoted = (rule?: object): World => {
  const world = observing(rule)
  world.answer(world.tick(65_000), 0.3)
  world.report()
  return world
}

const endOf = ({ stage }: Rollout): string => ("reason" in stage ? `${stage._tag}: ${stage.reason}` : stage._tag)
const exposed = (world: World): ReadonlyArray<string> =>
  [...world.offers].flatMap(([uid, revisions]) => (revisions.length > 0 ? [uid] : []))
const patch = { merge: { processors: { "batch/x": { timeout: "1s" } } }, append: [] }

describe("Decider", () => {
  it("takes a storm from finding to expiry", () => {
    const world = stormy()
    const { canary, control } = world.last()
    assert.strictEqual(canary.length, 2)
    assert.deepStrictEqual(exposed(world).toSorted(), canary.toSorted())
    world.report("APPLIED", canary)
    assert.strictEqual(world.last().stage._tag, "observing")
    // Looks for the guardrails on the way, the comparison at its planned time.
    world.answer(world.tick(10_000), 0.3)
    assert.strictEqual(world.last().stage._tag, "observing")
    const final = world.tick(55_000)
    assert.deepInclude(
      final.find((effect) => effect._tag === "RequestEvidence"),
      { look: 2, units: [...canary, ...control], post: { from: 1_000_000, to: 1_060_000 }, pre: { from: 940_000, to: 1_000_000 } }
    )
    world.answer(final, 0.3)
    assert.strictEqual(world.last().stage._tag, "promoting")
    assert.strictEqual(exposed(world).length, 4)
    world.report()
    assert.strictEqual(world.last().stage._tag, "promoted")
    world.send({ _tag: "FindingClosed", finding: findingOf({ until: world.now }) })
    assert.strictEqual(world.last().stage._tag, "promoted")
    world.tick(599_000)
    assert.strictEqual(world.last().stage._tag, "promoted")
    world.tick(1_000)
    assert.strictEqual(endOf(world.last()), "expired: its time to live is over")
    assert.deepStrictEqual(exposed(world), [])
    assert.deepStrictEqual(world.stages(), ["applying", "observing", "promoting", "promoted", "expired"])
    const again = replay(world.journal)
    assert.isTrue(again.isSame)
    assert.deepStrictEqual(again.verdict, { recorded: "pass", again: "pass" })
    assert.strictEqual(again.looks.length, 2)
    assert.isTrue(again.isSameAssignment)
  })

  it("tells the story in plain lines", () => {
    const world = promoted()
    const { canary, control, id } = world.last()
    const lines = world.journal.map(tell).filter((line) => !/ is offered | says /.test(line))
    assert.deepStrictEqual(
      lines.map((line) => line.replace(/interval .*?\)/, "interval)").replace(/-\d+(\.\d)? %/, "-x %")),
      [
        "baseline/volume finds volume of shop/checkout (traces): 2000 instead of 100, score 0.9",
        `rule storm proposes ${id} for volume of shop/checkout (traces) (goal: delivered.bytes down by at least 40 %); it acts`,
        `revision ${id} changes processors.filter/storm.trace_conditions`,
        `${id}: 2 canary (${canary.join(", ")}), 2 control (${control.join(", ")})`,
        `${id} is applying: goes to 2 canary agents; 2 are the control`,
        `${id} is observing: all canary agents run it; the arms are compared in 60 s`,
        `${id}: look 1 (the planned one): delivered.bytes of the canary is -x % against the control (95 % interval); wanted is -40 %`,
        `${id}: PASS: delivered.bytes of the canary is -x % against the control (95 % interval); wanted is -40 %`,
        `${id} is promoting: delivered.bytes of the canary is -x % against the control (95 % interval); wanted is -40 %`,
        `${id} is promoted: 4 agents run it`
      ]
    )
  })

  it("notices a record that was changed", () => {
    const world = promoted()
    const forged = world.journal.map((entry) => (entry._tag === "look" ? { ...entry, input: { ...entry.input, units: [] } } : entry))
    assert.isFalse(replay(forged).isSame)
    const lied = world.journal.map((entry) => (entry._tag === "verdict" ? { ...entry, judgement: "fail" as const } : entry))
    assert.isFalse(replay(lied).isSame)
  })

  it("reverts what misses its goal, rests the rule and does not try the patch again for a time", () => {
    const world = observing()
    world.answer(world.tick(65_000), 0.9)
    assert.match(endOf(world.last()), /^reverted: delivered\.bytes of the canary is -10/)
    assert.deepStrictEqual(exposed(world), [])
    world.send({ _tag: "FindingChanged", finding: findingOf({ score: 1 }) })
    world.tick(299_000)
    assert.strictEqual(world.rollouts.length, 1)
    world.tick(1_000)
    assert.strictEqual(world.rollouts.length, 2)
  })

  it("does not let another rule try a patch that failed", () => {
    const world = observing()
    world.answer(world.tick(65_000), 0.9)
    world.send({ _tag: "RulesLoaded", rules: rulesOf({ other: storm }) })
    world.tick(1_000)
    world.tick(1_000)
    assert.strictEqual(world.rollouts.length, 1)
    const refusals = world.journal.filter((entry) => entry._tag === "refusal")
    assert.strictEqual(refusals.length, 1)
    assert.match(tell(refusals[0]!), /^other is refused: the same patch was taken back/)
  })

  it("stops the exposure at once where error spans are lost, before the planned look", () => {
    const world = observing()
    world.answer(world.tick(10_000), 0.3, (unit, isCanary) =>
      isCanary
        ? { ...unit, post: { ...unit.post, whole: { ...unit.post.whole, delivered: { ...unit.post.whole.delivered, errors: 0 } } } }
        : unit
    )
    assert.match(endOf(world.last()), /^reverted: guardrail retention\.errors: 0 % of 100 error spans/)
    assert.deepStrictEqual(exposed(world), [])
  })

  it("reverts where a canary agent fails, is silent, or goes away for long", () => {
    const failing = stormy()
    failing.report("FAILED", [failing.last().canary[0]!])
    assert.match(endOf(failing.last()), /^reverted: agent .* could not apply it/)
    const silent = stormy()
    silent.report("APPLIED", [silent.last().canary[0]!])
    silent.tick(119_000)
    assert.strictEqual(silent.last().stage._tag, "applying")
    silent.tick(1_000)
    assert.match(endOf(silent.last()), /^reverted: 1 agents have not applied it within 2 min/)
    const gone = observing()
    const uid = gone.last().canary[0]!
    const away = (online: boolean) => gone.send({ _tag: "AgentChanged", uid, key: uid, labels: {}, online, acceptsRemoteConfig: true })
    away(false)
    gone.tick(29_000)
    away(true)
    gone.tick(29_000)
    away(false)
    assert.strictEqual(gone.last().stage._tag, "observing")
    gone.tick(30_000)
    assert.match(endOf(gone.last()), /^reverted: canary agent .* has been away/)
  })

  it("reverts a promotion that an agent cannot apply, and lets late agents have a promoted change", () => {
    const failing = observing()
    failing.answer(failing.tick(65_000), 0.3)
    failing.report("FAILED", [failing.last().control[0]!])
    assert.match(endOf(failing.last()), /^reverted: agent/)
    const world = promoted()
    world.agents(1, {}, 7)
    assert.deepStrictEqual(world.offers.get("agent-7"), [world.last().id])
  })

  it("concludes nothing without evidence: what a rule wants goes back, what a person wants is held", () => {
    const rules = observing()
    rules.tick(65_000)
    rules.tick(30_000)
    assert.strictEqual(endOf(rules.last()), "reverted: the evidence did not come in time")
    const world = new World()
    world.agents(4)
    world.command({ _tag: "Propose", patch, plan: planOf(), reason: "try" })
    world.command({ _tag: "Approve", rollout: world.last().id })
    world.report()
    world.tick(65_000)
    world.tick(30_000)
    assert.strictEqual(world.last().stage._tag, "held")
    assert.strictEqual(exposed(world).length, 2)
    world.tick(3_600_000)
    assert.match(endOf(world.last()), /^reverted: held without a decision/)
    assert.deepStrictEqual(exposed(world), [])
  })

  it("ends a running rollout with its finding, and proposes again when it comes back", () => {
    const world = observing()
    world.send({ _tag: "FindingClosed", finding: findingOf() })
    assert.strictEqual(endOf(world.last()), "aborted: its finding has ended")
    assert.deepStrictEqual(exposed(world), [])
    world.tick(1_000)
    world.send({ _tag: "FindingOpened", finding: findingOf({ id: "again" }) })
    assert.strictEqual(world.rollouts.length, 2)
  })

  it("takes a finding that nobody speaks of for over, and one that was found again for the same", () => {
    const silent = new World({ silentMillis: 300_000 })
    silent.agents(4)
    silent.send({ _tag: "RulesLoaded", rules: rulesOf({ storm: { ...storm, mode: "propose" } }) })
    silent.send({ _tag: "FindingOpened", finding: findingOf() })
    silent.tick(200_000)
    silent.send({ _tag: "FindingChanged", finding: findingOf({ score: 1 }) })
    silent.tick(200_000)
    assert.strictEqual(silent.last().stage._tag, "proposed")
    silent.tick(100_000)
    assert.strictEqual(endOf(silent.last()), "aborted: its finding has ended")
    assert.deepStrictEqual(silent.state.toldAt, {})
    const again = observing()
    again.send({ _tag: "FindingOpened", finding: findingOf({ id: "again" }) })
    again.send({ _tag: "FindingClosed", finding: findingOf() })
    assert.strictEqual(again.last().stage._tag, "observing")
    again.send({ _tag: "FindingClosed", finding: findingOf({ id: "again" }) })
    assert.strictEqual(endOf(again.last()), "aborted: its finding has ended")
  })

  it("narrows the goal to what the finding is about", () => {
    const world = new World()
    world.agents(4)
    const everywhere = { ...storm, action: { merge: { processors: { batch: {} } } } }
    world.send({ _tag: "RulesLoaded", rules: rulesOf({ everywhere, storm }) })
    world.send({ _tag: "FindingOpened", finding: findingOf({ subject: { tenant: "*", service: "checkout", signal: "traces" } }) })
    assert.deepStrictEqual(
      world.rollouts.map(({ plan }) => plan.narrowing),
      [{ service: "checkout", signal: "traces" }]
    )
    assert.include(world.journal.filter(({ _tag }) => _tag === "refusal").map(tell)[0], "stands for no single one")
  })

  it("never closes a finding by acting on it", () => {
    const world = promoted()
    assert.deepStrictEqual(Object.keys(world.state.findings), [findingOf().id])
    world.tick(600_000)
    assert.deepStrictEqual(Object.keys(world.state.findings), [findingOf().id])
    // It still lasts when the change has expired: so the rule acts again.
    assert.strictEqual(world.rollouts.length, 2)
  })

  it("proposes instead of acting where fewer than 2 + 2 agents can be compared, and says so", () => {
    const world = stormy({}, 3)
    assert.deepInclude(world.last().stage, {
      _tag: "proposed",
      reason: "it would act, but 3 agents are too few to compare: at least 2 canary and 2 control agents are needed"
    })
    assert.deepStrictEqual(exposed(world), [])
    assert.deepStrictEqual(world.command({ _tag: "Approve", rollout: world.last().id }), {
      _tag: "Accepted",
      rollout: world.last().id,
      agents: []
    })
    assert.strictEqual(exposed(world).length, 3)
    world.report()
    assert.strictEqual(world.last().stage._tag, "promoted")
  })

  it("waits for approval in mode propose, and takes no for an answer", () => {
    const world = stormy({ mode: "propose" })
    assert.strictEqual(world.last().stage._tag, "proposed")
    world.command({ _tag: "Abort", rollout: world.last().id, reason: "no" })
    assert.strictEqual(endOf(world.last()), "refused: by ada: no")
    world.tick(1_000)
    assert.strictEqual(world.rollouts.length, 1)
    const late = stormy({ mode: "propose" })
    late.tick(24 * 3_600_000)
    assert.match(endOf(late.last()), /^refused: nobody approved it within 24 h/)
  })

  it("has one writer for a value: the second is refused with the reason, appends to one list are not", () => {
    const world = new World()
    world.agents(4)
    const merging = { ...storm, action: { merge: { processors: { "batch/x": { timeout: "1s" } } } } }
    world.send({
      _tag: "RulesLoaded",
      rules: rulesOf({
        low: { ...merging, action: { merge: { processors: { "batch/x": { timeout: "2s", send_batch_size: 1 } } } } },
        high: { ...merging, priority: 5 },
        adds: storm
      })
    })
    world.send({ _tag: "FindingOpened", finding: findingOf() })
    assert.deepStrictEqual(
      world.rollouts.map(({ rule }) => rule),
      ["high", "adds"]
    )
    const refusals = world.journal.filter((entry) => entry._tag === "refusal").map(tell)
    assert.deepStrictEqual(refusals, [
      `low is refused: rollout ${world.rollouts[0]!.id} writes processors.batch/x.timeout already; one value has one writer`
    ])
    world.send({ _tag: "FindingOpened", finding: findingOf({ id: "other", tenant: "other" }) })
    assert.deepStrictEqual(
      world.rollouts.map(({ rule }) => rule),
      ["high", "adds", "adds"]
    )
  })

  it("keeps to agents in scope that accept configurations", () => {
    const world = new World()
    world.agents(4, { region: "eu" })
    world.agents(4, { region: "us" }, 4)
    world.send({ _tag: "AgentChanged", uid: "agent-0", key: "key-0", labels: { region: "eu" }, online: true, acceptsRemoteConfig: false })
    world.agents(1, { region: "eu" }, 8)
    world.send({ _tag: "RulesLoaded", rules: rulesOf({ storm: { ...storm, scope: { agents: { region: "eu" } } } }) })
    world.send({ _tag: "FindingOpened", finding: findingOf() })
    world.report()
    world.answer(world.tick(65_000), 0.3)
    assert.deepStrictEqual(exposed(world).toSorted(), ["agent-1", "agent-2", "agent-3", "agent-8"])
  })

  it("freezes while paused, but for guardrails and the end of the exposure", () => {
    const world = observing()
    world.command({ _tag: "Pause", rollout: world.last().id })
    world.answer(world.tick(65_000), 0.3)
    assert.strictEqual(world.last().stage._tag, "observing")
    world.command({ _tag: "Resume", rollout: world.last().id })
    world.answer(world.tick(10_000), 0.3)
    assert.strictEqual(world.last().stage._tag, "promoting")
    const forgotten = observing()
    forgotten.command({ _tag: "Pause", rollout: undefined })
    for (let i = 0; i < 10; i++) forgotten.tick(60_000)
    assert.match(endOf(forgotten.last()), /^expired: its time was over before there was a verdict/)
    assert.strictEqual(forgotten.rollouts.length, 1)
    assert.deepStrictEqual(exposed(forgotten), [])
  })

  it("reaches nobody new while it is paused", () => {
    const world = observing()
    world.answer(world.tick(65_000), 0.3)
    const { id } = world.last()
    world.command({ _tag: "Pause", rollout: id })
    world.agents(1, {}, 7)
    assert.strictEqual(exposed(world).length, 4)
    world.command({ _tag: "Resume", rollout: id })
    assert.deepStrictEqual(world.offers.get("agent-7"), [id])
    world.report()
    assert.strictEqual(world.last().stage._tag, "promoted")
  })

  it("counts no deadline down while the loop and a rollout are paused, in whatever order", () => {
    for (const [first, second] of [
      [false, true],
      [true, false]
    ] as const) {
      const world = stormy()
      const { id, stage } = world.last()
      const deadline = "deadline" in stage ? stage.deadline : 0
      const which = (isLoop: boolean) => ({ rollout: isLoop ? undefined : id })
      world.command({ _tag: "Pause", ...which(first) })
      world.tick(10_000)
      world.command({ _tag: "Pause", ...which(second) })
      world.tick(10_000)
      world.command({ _tag: "Resume", ...which(first) })
      world.tick(10_000)
      world.command({ _tag: "Resume", ...which(second) })
      assert.deepInclude(world.last().stage, { deadline: deadline + 30_000 })
    }
  })

  it("answers commands: abort, rollback, and why not", () => {
    const world = observing()
    const { id } = world.last()
    const refusal = (outcome: ReturnType<World["command"]>) => (outcome._tag === "Refused" ? outcome.reason : "")
    assert.match(refusal(world.command({ _tag: "Approve", rollout: id })), /does not wait for approval/)
    assert.match(refusal(world.command({ _tag: "Approve", rollout: "constructor" })), /there is no rollout/)
    assert.strictEqual(world.command({ _tag: "Abort", rollout: id, reason: "enough" })._tag, "Accepted")
    assert.deepStrictEqual(exposed(world), [])
    assert.match(refusal(world.command({ _tag: "Abort", rollout: id, reason: "enough" })), /is over: aborted/)
    const live = promoted()
    assert.match(refusal(live.command({ _tag: "Abort", rollout: live.last().id, reason: "x" })), /roll it back/)
    assert.strictEqual(live.command({ _tag: "Rollback", rollout: live.last().id, reason: "x" })._tag, "Accepted")
    assert.strictEqual(endOf(live.last()), "reverted: rolled back by ada: x")
    assert.deepStrictEqual(exposed(live), [])
    live.tick(1_000)
    assert.strictEqual(live.rollouts.length, 1)
    assert.match(refusal(new World().command({ _tag: "Propose", patch, plan: planOf(), reason: "x" })), /no agent in its scope/)
  })

  it("pushes a document below the patches, but not under a comparison", () => {
    const world = new World()
    world.agents(4)
    const push = (uid: string, document: string, content = {}) => world.command({ _tag: "Push", agents: { uid }, document, content })
    assert.deepStrictEqual(push("agent-1", "processors: {}"), { _tag: "Accepted", rollout: undefined, agents: ["agent-1"] })
    assert.deepInclude(
      world.effects.find((effect) => effect._tag === "Offer"),
      { uid: "agent-1", document: "processors: {}", revisions: [] }
    )
    assert.strictEqual(push("agent-9", "a: 1")._tag, "Refused")
    world.send({
      _tag: "RulesLoaded",
      rules: rulesOf({ storm: { ...storm, action: { merge: { processors: { "batch/x": { timeout: "1s" } } } } } })
    })
    world.send({ _tag: "FindingOpened", finding: findingOf() })
    assert.match(JSON.stringify(push("agent-1", "")), /is comparing some of these agents/)
    world.report()
    world.answer(world.tick(65_000), 0.3)
    world.report()
    assert.match(
      JSON.stringify(push("agent-1", "x", { processors: { "batch/x": { timeout: "9s" } } })),
      /writes processors.batch\/x.timeout above/
    )
    assert.strictEqual(push("agent-1", "", {})._tag, "Accepted")
  })

  it("ignores an answer to an older question", () => {
    const world = observing()
    const early = world.tick(10_000)
    world.tick(10_000)
    const looks = () => world.journal.filter(({ _tag }) => _tag === "look").length
    world.answer(early, 0.3)
    assert.strictEqual(looks(), 0)
    const late = world.tick(10_000)
    world.answer(late, 0.3)
    world.answer(late, 0.3)
    assert.strictEqual(looks(), 1)
  })

  it("takes back what a forgotten agent still runs when it comes back", () => {
    const world = promoted()
    const { id } = world.last()
    world.send({ _tag: "AgentRemoved", uid: "agent-0" })
    world.command({ _tag: "Rollback", rollout: id, reason: "x" })
    world.agents(1)
    assert.isFalse(world.offers.has("agent-0"))
    world.send({ _tag: "AgentStatus", uid: "agent-0", revisions: [id], status: "APPLIED", message: "" })
    assert.deepStrictEqual(world.offers.get("agent-0"), [])
  })

  it("forgets old rollouts, and bounds open findings", () => {
    const world = new World({ remembered: 3, findings: 5 })
    world.agents(4)
    world.send({ _tag: "RulesLoaded", rules: rulesOf({ storm }) })
    for (let i = 0; i < 10; i++) {
      const finding = findingOf({ id: `finding-${i}` })
      world.send({ _tag: "FindingOpened", finding })
      world.send({ _tag: "FindingClosed", finding })
      world.tick(1_000)
    }
    assert.strictEqual(world.rollouts.length, 3)
    for (let i = 0; i < 10; i++) world.send({ _tag: "FindingOpened", finding: findingOf({ id: `open-${i}`, kind: "other" }) })
    assert.strictEqual(Object.keys(world.state.findings).length, 5)
  })
})
