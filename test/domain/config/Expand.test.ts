import { assert, describe, it } from "@effect/vitest"
import { expand } from "../../../src/domain/config/Expand.ts"
import { nodeAt, toUnknown } from "../../../src/domain/config/Node.ts"
import { parse } from "../../../src/domain/config/Parse.ts"
import { formatProblem } from "../../../src/domain/config/Problem.ts"
import { formatLocation, Source } from "../../../src/domain/config/Source.ts"
import { lookups } from "./Samples.ts"

const env = {
  PORT: "4317",
  NAME: "eu",
  EMPTY: "",
  URL_eu: "https://eu",
  INNER: "${env:NAME}",
  MAP: "{a: 1}",
  NOT_YAML: "[::1]:4317",
  QUOTED: "'017'",
  COMMENT: "abc # c",
  PASSWORD: "hunter${2}",
  VIA: "${env:UNSET}"
}
const files = { "token.txt": "s3cret\n", "map.yaml": "endpoint: ${env:NAME}:1\nlist: [1]\n", "broken.yaml": "a: [" }

const run = (text: string) => expand(parse(new Source("a.yaml", text)).root!, lookups(env, files))
const value = (text: string) => {
  const { root, problems } = run(`v: ${text}`)
  assert.deepStrictEqual(problems.map(formatProblem), [])
  return (toUnknown(root) as { v: unknown }).v
}
const faults = (text: string) => run(text).problems.map(formatProblem)

describe("Expand", () => {
  it("keeps the type of a whole value", () => {
    assert.strictEqual(value("${env:PORT}"), 4317)
    assert.strictEqual(value("${PORT}"), 4317)
    assert.deepStrictEqual(value("${env:MAP}"), { a: 1 })
    assert.strictEqual(value("${env:EMPTY}"), null)
    assert.strictEqual(value("${env:NOT_YAML}"), "[::1]:4317")
    assert.deepStrictEqual(value("${file:map.yaml}"), { endpoint: "eu:1", list: [1] })
  })

  it("keeps what YAML reads as text as it is, as the collector does", () => {
    assert.strictEqual(value("${env:QUOTED}"), "'017'")
    assert.strictEqual(value("${env:COMMENT}"), "abc # c")
    assert.strictEqual(value("${file:token.txt}"), "s3cret")
    assert.strictEqual(value("${file:broken.yaml}"), "a: [")
  })

  it("remembers the text behind a value that YAML reads as something else", () => {
    assert.strictEqual(nodeAt(run("v: ${env:PORT}").root, ["v"])!.expandedFrom, "4317")
    assert.strictEqual(nodeAt(run("v: ${env:EMPTY}").root, ["v"])!.expandedFrom, "")
  })

  it("is text inside text", () => {
    assert.strictEqual(value("localhost:${env:PORT}"), "localhost:4317")
    assert.strictEqual(value("Bearer ${file:token.txt}"), "Bearer s3cret")
    assert.strictEqual(value('"${env:EMPTY}-${env:NAME}"'), "-eu")
  })

  it("takes defaults for what is not set, and only then", () => {
    assert.strictEqual(value("${env:NONE:-5s}"), "5s")
    assert.strictEqual(value("${env:NONE:-}"), null)
    assert.strictEqual(value("${env:EMPTY:-5s}"), null)
    assert.strictEqual(value("x${env:NONE:-http://a:1/}"), "xhttp://a:1/")
  })

  it("nests, inside the braces and in what comes out", () => {
    assert.strictEqual(value("${env:URL_${env:NAME}}"), "https://eu")
    assert.strictEqual(value("${env:NONE:-${env:NAME}}"), "eu")
    assert.strictEqual(value("${env:INNER}"), "eu")
    assert.strictEqual(value("<${env:INNER}>"), "<eu>")
  })

  it("reads $$ as one $, and leaves a lone $ alone", () => {
    assert.strictEqual(value("$${env:NAME}"), "${env:NAME}")
    assert.strictEqual(value("a$$b$c$"), "a$b$c$")
    assert.strictEqual(value("$$$$"), "$$")
  })

  it("places what a file brought in that file, and what a variable brought at its name", () => {
    const { root } = run("a: ${file:map.yaml}\nb: ${env:MAP}\n")
    assert.strictEqual(formatLocation(nodeAt(root, ["a", "list"])!.at), "map.yaml:2:7")
    assert.strictEqual(formatLocation(nodeAt(root, ["b", "a"])!.at), "a.yaml:2:4")
  })

  it("reports everything that cannot be expanded, with its place", () => {
    assert.deepStrictEqual(faults("a: ${env:NONE}\nb: x${file:nowhere}"), [
      'a.yaml:1:4: error: environment variable "NONE" is not set\n    1 | a: ${env:NONE}\n      |    ^^^^^^^^^^^\n      = set it, or give a default: ${env:NONE:-default}',
      'a.yaml:2:4: error: cannot read "nowhere": no such file\n    2 | b: x${file:nowhere}\n      |    ^^^^^^^^^^^^^^^^'
    ])
    assert.match(faults("a: ${http:x}")[0]!, /unknown source "http"/)
    assert.match(faults("a: ${env:1X}")[0]!, /no name of an environment variable/)
    assert.match(faults("a: ${env:X")[0]!, /without its "}"/)
  })

  it("names the expansion, not what stands in the value that it brought", () => {
    assert.deepStrictEqual(faults("a: ${env:PASSWORD}"), [
      'a.yaml:1:4: error: a value from ${env:PASSWORD}: not the name of an environment variable\n    1 | a: ${env:PASSWORD}\n      |    ^^^^^^^^^^^^^^^\n      = a "$" that means itself is written "$$" there too'
    ])
    assert.notInclude(faults("a: x-${env:VIA}").join(), "UNSET")
    assert.notInclude(faults("a: ${env:X_${env:NAME}}").join(), "X_eu")
    assert.include(faults("a: ${env:X_${env:NAME}}").join(), "the environment variable that ${env:X_${env:NAME}} names is not set")
  })

  it("ends expansions that feed themselves", () => {
    const bomb = (text: string) =>
      expand(parse(new Source("a.yaml", text)).root!, lookups({ A: "${A}", B: "${B}${B}", C: "[$B, '${C}', '${C}']" })).problems
    assert.match(bomb("a: ${A}")[0]!.message, /too many nested expansions/)
    assert.match(bomb("a: x${B}")[0]!.message, /too many nested expansions/)
    assert.isAtMost(bomb("a: ${C}").length, 100)
  })
})
