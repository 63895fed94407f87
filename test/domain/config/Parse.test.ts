import { assert, describe, it } from "@effect/vitest"
import { locate, locateKey, toUnknown } from "../../../src/domain/config/Node.ts"
import { maxSourceLength, parse } from "../../../src/domain/config/Parse.ts"
import { formatProblem } from "../../../src/domain/config/Problem.ts"
import { formatLocation, Source } from "../../../src/domain/config/Source.ts"

const read = (text: string) => parse(new Source("a.yaml", text))
const value = (text: string) => toUnknown(read(text).root!)
const faults = (text: string) => read(text).problems.map(formatProblem)

describe("Parse", () => {
  it("reads values with their types", () => {
    assert.deepStrictEqual(value("a: 1\nb: '1'\nc: true\nd:\ne: [1.5, x]\nf: {g: 0x10}\n4317: port"), {
      a: 1,
      b: "1",
      c: true,
      d: null,
      e: [1.5, "x"],
      f: { g: 16 },
      "4317": "port"
    })
  })

  it("knows where values and keys were written", () => {
    const root = read("receivers:\n  otlp:\n    protocols:\n      - grpc\n      - http\n").root!
    assert.strictEqual(formatLocation(locate(root, ["receivers", "otlp", "protocols", 1])), "a.yaml:5:9")
    assert.strictEqual(formatLocation(locateKey(root, ["receivers", "otlp"])), "a.yaml:2:3")
    assert.strictEqual(formatLocation(locate(root, ["receivers", "otlp", "protocols", 1, "deeper"])), "a.yaml:5:9")
  })

  it("places an empty value at its key", () => {
    assert.strictEqual(formatLocation(locate(read("a:\n  grpc:\n  http:\n").root!, ["a", "http"])), "a.yaml:3:3")
  })

  it("follows aliases and merge keys, the map's own keys first", () => {
    const text = "base: &base {a: 1, b: 1}\nother: &other {b: 2, c: 2}\nx:\n  <<: [*base, *other]\n  a: 9\ny: *base\n"
    assert.deepStrictEqual((value(text) as { x: unknown; y: unknown }).x, { a: 9, b: 1, c: 2 })
    assert.deepStrictEqual((value(text) as { x: unknown; y: unknown }).y, { a: 1, b: 1 })
  })

  it("keeps the key __proto__ a key", () => {
    const plain = value("__proto__: {polluted: true}") as Record<string, unknown>
    assert.deepStrictEqual(Object.keys(plain), ["__proto__"])
    assert.strictEqual(Object.getPrototypeOf(plain), Object.prototype)
  })

  it("reports every error of the text with its place", () => {
    assert.deepStrictEqual(faults("a: 1\na: 2\n"), ["a.yaml:2:1: error: Map keys must be unique\n    2 | a: 2\n      | ^"])
    assert.match(faults("a: [1\nb: 2\n")[0]!, /^a\.yaml:\d+:\d+: error: /)
    assert.match(faults("a: 1\n---\nb: 2\n")[0]!, /multiple documents/)
    assert.match(faults("? [a]\n: 1\n")[0]!, /a key must be a plain name/)
    assert.match(faults("a: *nowhere\n")[0]!, /nowhere/)
  })

  it("tells the first of a cascade of errors, and how many follow; what is not of it is told too", () => {
    const flow = `receivers: {otlp: {protocols: {grpc: {endpoint: "a:1"}}\n${"b: [x]\n".repeat(40)}`
    assert.strictEqual(faults(flow).length, 1)
    assert.match(faults(flow)[0]!, /^a\.yaml:1:19: error: this "\{" is not closed\n/)
    assert.match(faults(flow)[0]!, /more from here on, perhaps only because of this one$/)
    const wrong = faults('a: 1\nb: {c: "x }", d: [1, {e: 2]\nf: 1\n')
    assert.match(wrong[0]!, /^a\.yaml:2:22: error: this "\{" is not closed\n/)
    assert.match(faults("# {\na: 'it''s ['\nb: |\n  {\nc: [1,\n  2\nd: 3\n")[0]!, /^a\.yaml:5:4: error: this "\[" is not closed\n/)
    const mixed = faults("a: 1\na: 2\nb: 1\nb: 2\nc: }\nd: ]\ne: 1\n")
    assert.deepStrictEqual(
      mixed.map((text) => text.split(": error")[0]),
      ["a.yaml:2:1", "a.yaml:4:1", "a.yaml:5:4"]
    )
  })

  it("refuses integers that a number cannot hold exactly", () => {
    assert.deepStrictEqual(value("a: 9007199254740991"), { a: Number.MAX_SAFE_INTEGER })
    assert.match(faults("a: 9007199254740993")[0]!, /a\.yaml:1:4: error: the number is too large/)
    assert.match(faults("a: -9007199254740993")[0]!, /too large/)
  })

  it("ends alias bombs, circles, depth and size as errors", () => {
    const bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for (let i = 1; i < 12; i++) bomb.push(`a${i}: &a${i} [${`*a${i - 1}, `.repeat(10)}]`)
    assert.match(faults(bomb.join("\n"))[0]!, /more than 200000 values/)
    assert.match(faults("a: &a [*a, *a]\n")[0]!, /nested deeper|alias/)
    assert.match(faults("[".repeat(100_000))[0]!, /error: /)
    assert.match(faults(`${"[".repeat(100)}${"]".repeat(100)}`)[0]!, /nested deeper than 64/)
    assert.match(faults("#".repeat(maxSourceLength + 1))[0]!, /larger than 4 MiB/)
  })
})
