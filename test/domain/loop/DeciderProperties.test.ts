import { assert, describe, it } from "@effect/vitest"
import { canonicalJson } from "../../../src/domain/loop/Canonical.ts"
import { decide } from "../../../src/domain/loop/Decider.ts"
import type { Effect } from "../../../src/domain/loop/Effect.ts"
import type { Json } from "../../../src/domain/loop/Patch.ts"
import { defaultLimits, type State } from "../../../src/domain/loop/State.ts"
import { Random } from "../../support/Random.ts"
import { planOf } from "./Evidence.ts"
import { findingOf } from "./Samples.ts"
import { rulesOf, storm, World } from "./World.ts"

const timeouts = (value: string) => ({ merge: { processors: { "batch/x": { timeout: value } } } })

const ruleSets = [
  rulesOf({
    storm,
    slow: { ...storm, when: 'finding.kind == "latency"', action: timeouts("1s"), priority: 1 },
    rival: { ...storm, when: "finding.score > 0.5", action: timeouts("2s"), ttl: "2m" },
    whole: { ...storm, when: "finding.score > 0.8", action: { merge: { processors: { "batch/x": [1] } } }, mode: "propose" },
    eu: { ...storm, action: timeouts("3s"), scope: { agents: { region: "eu" } } },
    us: { ...storm, action: timeouts("4s"), scope: { agents: { region: "us" } }, canary: { fraction: 0.5 } }
  }),
  rulesOf({ eu: { ...storm, action: timeouts("3s"), scope: { agents: { region: "eu" } } } }),
  rulesOf({})
]

/** One random step in a world; what the world asked for lately is answered, late, never, or wrongly. */
const step = (world: World, random: Random, open: Array<Effect>): void => {
  const uid = () => `agent-${random.int(9)}`
  const rollout = () => (world.rollouts.length > 0 && random.chance(0.95) ? random.pick(world.rollouts).id : "unknown")
  const finding = () =>
    findingOf({
      id: `finding-${random.int(6)}`,
      kind: random.pick(["volume", "latency", "error_ratio"]),
      score: random.next(),
      tenant: random.pick(["a", "b", "_other"])
    })
  const plan = () =>
    planOf({
      goal: random.chance(0.5) ? undefined : planOf().goal,
      scope: random.chance(0.5) ? {} : { region: "eu" },
      lookAfterMillis: 30_000,
      timeToLiveMillis: 60_000 * (1 + random.int(5))
    })
  const agent = () => {
    const name = uid()
    world.send({
      _tag: "AgentChanged",
      uid: name,
      key: `key-${name}`,
      labels: { region: random.pick(["eu", "us"]) },
      online: random.chance(0.85),
      acceptsRemoteConfig: random.chance(0.9)
    })
  }
  const commands = [
    () => world.command({ _tag: "Propose", patch: { ...timeouts(`${random.int(4)}s`), append: [] }, plan: plan(), reason: "try" }),
    () => world.command({ _tag: "Approve", rollout: rollout() }),
    () => world.command({ _tag: "Approve", rollout: rollout() }),
    () => world.command({ _tag: "Pause", rollout: random.chance(0.3) ? undefined : rollout() }),
    () => world.command({ _tag: "Resume", rollout: random.chance(0.5) ? undefined : rollout() }),
    () => world.command({ _tag: "Abort", rollout: rollout(), reason: "enough" }),
    () => world.command({ _tag: "Rollback", rollout: rollout(), reason: "back" }),
    () =>
      world.command({
        _tag: "Push",
        agents: random.chance(0.5) ? { uid: uid() } : { labels: { region: "eu" } },
        document: "a: 1",
        content: { a: 1 }
      })
  ]
  const kind = random.next()
  if (kind < 0.3) open.push(...world.tick(random.int(30_000)))
  else if (kind < 0.42) world.send({ _tag: random.pick(["FindingOpened", "FindingChanged"]), finding: finding() })
  else if (kind < 0.45) world.send({ _tag: "FindingClosed", finding: finding() })
  else if (kind < 0.52) agent()
  else if (kind < 0.53) world.send({ _tag: "AgentRemoved", uid: uid() })
  else if (kind < 0.54) world.send({ _tag: "RulesLoaded", rules: random.pick(ruleSets) })
  else if (kind < 0.62) random.pick(commands)()
  else if (kind < 0.82) world.report(random.chance(0.97) ? "APPLIED" : "FAILED", random.chance(0.5) ? undefined : [uid()])
  else if (kind < 0.84) world.send({ _tag: "AgentStatus", uid: uid(), revisions: [rollout(), "unknown"], status: "FAILED", message: "no" })
  else world.answer(open.splice(0), random.pick([0.3, 0.5, 1, 3]))
}

/** Paths that a patch sets, and the values behind them, by a way of its own. */
const written = (value: Json, path = ""): ReadonlyArray<string> =>
  value !== null && typeof value === "object" && !Array.isArray(value)
    ? Object.entries(value).flatMap(([key, inner]) => written(inner, `${path}/${key}`))
    : [path]

const checkOffers = (world: World, effects: ReadonlyArray<Effect>, before: State): void => {
  for (const effect of effects) {
    if (effect._tag !== "Offer") continue
    const { revisions, uid } = effect
    const agent = world.state.agents[uid]!
    assert.isTrue(agent.acceptsRemoteConfig, "offered to an agent that takes nothing")
    const paths = revisions.flatMap(({ revision }) => written(revision.patch.merge).filter((path) => path !== ""))
    for (const [i, path] of paths.entries())
      for (const other of paths.slice(i + 1))
        assert.isFalse(`${path}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${path}/`), `two writers of ${path} and ${other}`)
    for (const { expiresAt, revision } of revisions) {
      const { canary, stage } = world.state.rollouts[revision.id]!
      const isEverybodys = stage._tag === "promoting" || stage._tag === "promoted"
      assert.isTrue(isEverybodys || canary.includes(uid), `${stage._tag} reached ${uid}, which is no canary`)
      assert.isTrue(expiresAt !== null && expiresAt > before.now, "offered beyond its end")
    }
  }
}

/** Whoever takes configurations has been offered nothing that is over. */
const checkWithdrawn = (world: World): void => {
  for (const [uid, revisions] of world.offers) {
    if (world.state.agents[uid]?.acceptsRemoteConfig !== true) continue
    for (const id of revisions) {
      const stage = world.state.rollouts[id]?.stage._tag
      assert.include(["applying", "observing", "held", "promoting", "promoted"], stage, `${uid} still has ${id}`)
    }
  }
}

const run = (seed: number, steps: number): World => {
  const random = new Random(seed)
  const world = new World({ remembered: 10, silentMillis: defaultLimits.silentMillis })
  world.send({ _tag: "RulesLoaded", rules: ruleSets[0]! })
  for (let i = 0; i < 8; i++)
    world.send({
      _tag: "AgentChanged",
      uid: `agent-${i}`,
      key: `key-${i}`,
      labels: { region: i % 2 === 0 ? "eu" : "us" },
      online: true,
      acceptsRemoteConfig: true
    })
  const open: Array<Effect> = []
  for (let i = 0; i < steps; i++) {
    const before = world.state
    const text = JSON.stringify(before)
    const from = world.effects.length
    step(world, random, open)
    checkOffers(world, world.effects.slice(from), before)
    checkWithdrawn(world)
    assert.strictEqual(JSON.stringify(before), text, "an event changed the state that it was given")
  }
  return world
}

const seeds = Array.from({ length: 24 }, (_, i) => i + 1)
const seen = new Map<string, number>()

describe("the decider under random events", () => {
  for (const seed of seeds) {
    it(`keeps its promises and survives JSON, seed ${seed}`, () => {
      const world = run(seed, 160)
      for (const stage of world.stages()) seen.set(stage, (seen.get(stage) ?? 0) + 1)

      // The same events give the same effects, also where the state goes through JSON before each of them.
      let state = world.first
      const effects: Array<Effect> = []
      for (const event of world.events) {
        const [next, out] = decide(JSON.parse(JSON.stringify(state)) as State, event)
        state = next
        effects.push(...out)
      }
      assert.strictEqual(canonicalJson(effects), canonicalJson(world.effects))

      // Every exposure ends when time passes, whatever is silent, paused or away, and everybody is told.
      world.send({ _tag: "RulesLoaded", rules: {} })
      for (let i = 0; i < 40; i++) world.tick(3_600_000)
      for (const { stage } of world.rollouts) assert.include(["expired", "reverted", "refused", "aborted"], stage._tag)
      checkWithdrawn(world)
      for (const [uid, revisions] of world.offers)
        if (world.state.agents[uid]?.acceptsRemoteConfig === true) assert.deepStrictEqual(revisions, [])
    })
  }

  it("came through every stage in these runs", () => {
    for (const stage of ["applying", "observing", "held", "promoting", "promoted", "expired", "reverted", "refused", "aborted"])
      assert.isAbove(seen.get(stage) ?? 0, 0, stage)
  })
})
