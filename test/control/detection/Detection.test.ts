import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Detection, type Watching } from "../../../src/control/detection/Detection.ts"
import type { Second } from "../../../src/control/evidence/Observations.ts"
import type { FindingEvent } from "../../../src/domain/loop/Finding.ts"
import { Random } from "../../support/Random.ts"
import { checkout, errorRatio, secondOf, startMillis, volume } from "./Scenario.ts"

const run = (watching: ReadonlyArray<Watching>, seconds: Iterable<Second>): ReadonlyArray<FindingEvent> => {
  const detection = new Detection(watching)
  return [...seconds].flatMap((second) => detection.step(second))
}

/** Seconds of one subject with the items of `at`. */
const rates = (count: number, at: (second: number) => number): ReadonlyArray<Second> =>
  Array.from({ length: count }, (_, second) => secondOf(second, [[checkout, at(second)]]))

const story = (events: ReadonlyArray<FindingEvent>) =>
  events
    .filter(({ _tag }) => _tag !== "FindingChanged")
    .map(({ _tag, finding }) => [_tag, finding.kind, finding.subject.service, (finding.since - startMillis) / 1000])

describe("detection", () => {
  it("replays a recorded series to the same findings", () => {
    const read = (name: string) => readFileSync(fileURLToPath(new URL(`recorded/${name}`, import.meta.url)), "utf8").trim()
    const seconds = read("storm.jsonl")
      .split("\n")
      .map((line) => JSON.parse(line) as Second)
    const events = run([volume(), errorRatio({ by: ["tenant"] })], seconds)
    assert.deepStrictEqual(
      JSON.parse(
        JSON.stringify(events.map(({ _tag, finding: { evidence, ...finding } }) => ({ _tag, ...finding, evidence: evidence.length })))
      ),
      JSON.parse(read("storm.findings.json"))
    )
  })

  it("finds nothing in a constant series, whatever its level, and nothing in noise around one", () => {
    for (const level of [1, 7, 1e6])
      assert.deepStrictEqual(
        run(
          [volume({ direction: "both" })],
          rates(1000, () => level)
        ),
        []
      )
    for (let seed = 0; seed < 20; seed++) {
      const random = new Random(seed)
      const noisy = rates(1000, () => Math.round(200 * (0.8 + 0.4 * random.next())))
      assert.deepStrictEqual(run([volume({ direction: "both" })], noisy), [], `seed ${seed}`)
    }
  })

  it("finds a step of 20 times within 10 s after the warm-up, and closes it within 20 s after its end", () => {
    for (let seed = 0; seed < 20; seed++) {
      const random = new Random(seed)
      const level = 5 + random.int(5000)
      const from = 61 + random.int(100)
      const to = from + 60
      const jitter = 0.2 * random.next()
      const at = (second: number) => Math.round(level * (second >= from && second < to ? 20 : 1) * (1 + jitter * (random.next() - 0.5)))
      const events = run([volume()], rates(to + 60, at))
      const [opened, closed] = [events[0]!, events.at(-1)!]
      assert.deepStrictEqual([opened._tag, closed._tag], ["FindingOpened", "FindingClosed"], `seed ${seed}`)
      const told = (opened.finding.evidence.at(-1)![0] - startMillis) / 1000
      assert.isAtMost(told, from + 10)
      assert.isAtLeast((opened.finding.since - startMillis) / 1000, from)
      assert.isAtMost((closed.finding.evidence.at(-1)![0] - startMillis) / 1000, to + 20)
      assert.isAbove(Math.max(...events.map(({ finding }) => finding.score)), 0.9)
      assert.closeTo(opened.finding.expected! / level, 1, 0.2)
    }
  })

  it("gives the same findings and scores for a series and for its multiples", () => {
    for (let seed = 0; seed < 10; seed++) {
      const shape = (scale: number) => {
        const random = new Random(seed)
        return rates(400, (second) => scale * Math.round(100 * (0.9 + 0.2 * random.next()) * (second > 200 && second < 260 ? 6 : 1)))
      }
      const [one, thousand] = [1, 1024].map((scale) => run([volume()], shape(scale)))
      assert.isAbove(one!.length, 1)
      assert.deepStrictEqual(
        one!.map(({ _tag, finding }) => [_tag, finding.id, finding.score.toFixed(9)]),
        thousand!.map(({ _tag, finding }) => [_tag, finding.id, finding.score.toFixed(9)])
      )
    }
  })

  it("does not learn what is wrong while it lasts: ten minutes of a storm are one finding", () => {
    const events = run(
      [volume()],
      rates(800, (second) => (second >= 100 && second < 700 ? 2000 : 100))
    )
    assert.deepStrictEqual(story(events), [
      ["FindingOpened", "volume", "checkout", 100],
      ["FindingClosed", "volume", "checkout", 100]
    ])
    assert.isBelow(events.at(-1)!.finding.expected!, 150)
  })

  it("finds a series that has gone quiet, where it watches downwards", () => {
    const seconds = [...rates(200, () => 500), ...Array.from({ length: 30 }, (_, i) => secondOf(200 + i, []))]
    assert.deepStrictEqual(
      story(run([volume({ direction: "down" })], seconds)).map(([tag]) => tag),
      ["FindingOpened"]
    )
    assert.deepStrictEqual(run([volume({ direction: "up" })], seconds), [])
  })

  it("opens when the alarm has lasted, closes when it has been over, and joins what flickers", () => {
    const ratio = (second: number) => (second >= 10 && second < 30 && second % 4 !== 3 ? 50 : 0)
    const seconds = Array.from({ length: 60 }, (_, second) => secondOf(second, [[checkout, 100, ratio(second)]]))
    const watch = errorRatio({ window: "1s", for: "3s", clear: "5s" })
    const events = run([watch], seconds)
    assert.deepStrictEqual(story(events), [
      ["FindingOpened", "error_ratio", "checkout", 12],
      ["FindingClosed", "error_ratio", "checkout", 12]
    ])
    assert.strictEqual((events.at(-1)!.finding.until! - startMillis) / 1000, 30)
  })

  it("puts subjects together by what it is told, and leaves out windows with too few items", () => {
    const cart = { ...checkout, service: "cart" }
    const seconds = Array.from({ length: 30 }, (_, second) =>
      secondOf(second, [
        [checkout, 10, 2],
        [cart, 2, 2]
      ])
    )
    const by = (settings: object) => story(run([errorRatio({ window: "2s", ...settings })], seconds)).map(([, , service]) => service)
    assert.deepStrictEqual(by({}), ["checkout", "cart"])
    assert.deepStrictEqual(by({ by: ["tenant"] }), ["*"])
    assert.deepStrictEqual(by({ min_items: 20 }), ["checkout"])
  })

  it("takes a second without agents for unknown, and closes a finding of which nothing more is heard", () => {
    const storm = Array.from({ length: 20 }, (_, second) => secondOf(second, [[checkout, 10, 9]]))
    const silence = Array.from({ length: 20 }, (_, i) => secondOf(20 + i, [], 0))
    assert.deepStrictEqual(
      story(run([errorRatio()], [...storm, ...silence])).map(([tag]) => tag),
      ["FindingOpened", "FindingClosed"]
    )
    assert.deepStrictEqual(run([volume({ direction: "both" })], [...rates(100, () => 50), ...silence]), [])
  })

  it("goes on after a restart where it stood, also in the middle of a finding", () => {
    const seconds = rates(300, (second) => (second >= 120 && second < 200 ? 2000 : 100))
    const whole = story(run([volume()], seconds))
    for (const cut of [100, 130, 150, 199, 205]) {
      const first = new Detection([volume()])
      const before = seconds.slice(0, cut).flatMap((second) => first.step(second))
      const second = new Detection([volume()], JSON.parse(JSON.stringify(first.memory())))
      const after = seconds.slice(cut).flatMap((one) => second.step(one))
      assert.deepStrictEqual(
        story([...before, ...after]).map(([tag]) => tag),
        whole.map(([tag]) => tag),
        `cut at ${cut}`
      )
      assert.deepStrictEqual(
        second.open().map(({ id }) => id),
        []
      )
    }
  })

  it("begins anew where a detector's settings have changed", () => {
    const first = new Detection([errorRatio()])
    for (let second = 0; second < 20; second++) first.step(secondOf(second, [[checkout, 10, 9]]))
    assert.strictEqual(first.open().length, 1)
    assert.deepStrictEqual(new Detection([errorRatio({ above: 0.5 })], first.memory()).open(), [])
    assert.strictEqual(new Detection([errorRatio()], first.memory()).open().length, 1)
  })
})
