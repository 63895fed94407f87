import { assert, describe, it } from "@effect/vitest"
import { configFor } from "../../../src/domain/loop/AgentConfig.ts"
import { type Json, type Patch, patchContentType } from "../../../src/domain/loop/Patch.ts"
import { makeRevision } from "../../../src/domain/loop/Revise.ts"
import { areDisjoint, matches } from "../../../src/domain/loop/Selector.ts"
import { commonPath } from "../../../src/domain/loop/Writers.ts"

const merging = (merge: { readonly [section: string]: Json }): Patch => ({ merge, append: [] })
const appending = (...path: ReadonlyArray<string>): Patch => ({ merge: {}, append: [{ path, value: 1 }] })

describe("Writers", () => {
  it("finds the value that two patches want to write", () => {
    const one = merging({ processors: { a: { x: 1, list: [1] } } })
    assert.strictEqual(commonPath(one, merging({ processors: { a: { x: 2 } } })), "processors.a.x")
    assert.strictEqual(commonPath(one, merging({ processors: { a: null } })), "processors.a.x")
    assert.strictEqual(commonPath(merging({ processors: { a: {} } }), one), "processors.a.x")
    assert.isUndefined(commonPath(one, merging({ processors: { a: { y: 1 } }, exporters: { a: { x: 1 } } })))
    assert.strictEqual(commonPath(one, appending("processors", "a", "list")), "processors.a.list")
    assert.strictEqual(commonPath(appending("processors", "a", "list"), one), "processors.a.list")
    assert.isUndefined(commonPath(appending("processors", "a", "list"), appending("processors", "a", "list")))
    assert.isUndefined(commonPath(merging({}), one))
  })
})

describe("Selector", () => {
  it("matches labels, and knows what can never overlap", () => {
    assert.isTrue(matches({}, { a: "1" }))
    assert.isTrue(matches({ a: "1" }, { a: "1", b: "2" }))
    assert.isFalse(matches({ a: "1", c: "3" }, { a: "1", b: "2" }))
    assert.isFalse(matches({ constructor: "1" }, {}))
    assert.isTrue(areDisjoint({ a: "1" }, { a: "2" }))
    assert.isFalse(areDisjoint({ a: "1" }, { b: "2" }))
  })
})

describe("configFor", () => {
  const revision = (timeout: string) =>
    makeRevision({
      patch: merging({ processors: { batch: { timeout } } }),
      parents: [],
      author: { kind: "person", name: "ada" },
      reason: "try",
      timeToLiveMillis: null,
      createdAt: 5
    })

  it("has the document as it was pushed and a patch per revision, in their order", () => {
    const [first, second] = [revision("1s"), revision("2s")]
    const files = configFor("a: 1 # mine\n", [
      { revision: second, order: 2, expiresAt: 99 },
      { revision: first, order: 1, expiresAt: null }
    ])
    assert.deepStrictEqual(files, [
      { name: "", body: "a: 1 # mine\n", contentType: "text/yaml" },
      {
        name: `revision/${first.id}`,
        body: `{"revision":"${first.id}","order":1,"expiresAt":null,"merge":{"processors":{"batch":{"timeout":"1s"}}},"append":[]}`,
        contentType: patchContentType
      },
      {
        name: `revision/${second.id}`,
        body: `{"revision":"${second.id}","order":2,"expiresAt":99,"merge":{"processors":{"batch":{"timeout":"2s"}}},"append":[]}`,
        contentType: patchContentType
      }
    ])
    assert.deepStrictEqual(configFor(undefined, []), [])
  })

  it("names revisions by their content", () => {
    assert.match(revision("1s").id, /^[0-9a-f]{16}$/)
    assert.strictEqual(revision("1s").id, revision("1s").id)
    assert.notStrictEqual(revision("1s").id, revision("2s").id)
  })
})
