import { assert, describe, it } from "@effect/vitest"
import { assign, quota } from "../../../src/domain/loop/Assignment.ts"
import { canonicalJson, sha256Hex } from "../../../src/domain/loop/Canonical.ts"
import { Random } from "../../support/Random.ts"

const units = (n: number) => Array.from({ length: n }, (_, i) => ({ key: `key-${i}`, uid: `uid-${i}` }))

describe("Assignment", () => {
  it("has exact quotas", () => {
    const defaults = [0, 1, 2, 3, 4, 5, 6, 19, 20, 30, 100].map((n) => quota({ kind: "default" }, n))
    assert.deepStrictEqual(defaults, [0, 0, 0, 0, 2, 2, 2, 2, 2, 3, 10])
    assert.deepStrictEqual(
      [4, 10, 100].map((n) => quota({ kind: "fraction", fraction: 0.5 }, n)),
      [2, 5, 50]
    )
    assert.deepStrictEqual(
      [4, 10, 100].map((n) => quota({ kind: "count", count: 20 }, n)),
      [2, 8, 20]
    )
    for (let n = 4; n < 60; n++) {
      const { canary, control } = assign("salt", "r", units(n), { kind: "default" })
      assert.strictEqual(canary.length, quota({ kind: "default" }, n))
      assert.deepStrictEqual(
        [...canary, ...control].toSorted(),
        units(n)
          .map(({ uid }) => uid)
          .toSorted()
      )
    }
  })

  it("has no arms with fewer than 2 + 2 units", () => {
    assert.deepStrictEqual(assign("salt", "r", units(3), { kind: "count", count: 2 }).canary, [])
  })

  it("depends on salt, revision and key alone", () => {
    const random = new Random(3)
    const first = assign("salt", "r", units(20), { kind: "default" })
    for (let i = 0; i < 50; i++) {
      const shuffled = units(20).toSorted(() => random.next() - 0.5)
      assert.deepStrictEqual(assign("salt", "r", shuffled, { kind: "default" }), first)
    }
    const renamed = assign(
      "salt",
      "r",
      units(20).map(({ key, uid }) => ({ key, uid: `new-${uid}` })),
      { kind: "default" }
    )
    assert.deepStrictEqual(
      renamed.canary,
      first.canary.map((uid) => `new-${uid}`)
    )
  })

  it("is fair: every unit is a canary in half of the revisions, whatever the others are", () => {
    const counts = new Map<string, number>()
    const runs = 4000
    for (let i = 0; i < runs; i++)
      for (const uid of assign("salt", `r${i}`, units(4), { kind: "default" }).canary) counts.set(uid, (counts.get(uid) ?? 0) + 1)
    for (const count of counts.values()) assert.isBelow(Math.abs(count / runs - 0.5), 0.03)
  })
})

describe("Canonical JSON", () => {
  it("hashes as FIPS 180-4 says", () => {
    assert.strictEqual(sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    assert.strictEqual(sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  })

  it("does not depend on the order of keys, nor on absent ones", () => {
    assert.strictEqual(canonicalJson({ b: [{ d: 1, c: undefined }], a: null }), '{"a":null,"b":[{"d":1}]}')
    assert.strictEqual(canonicalJson({ a: null, b: [{ d: 1 }] }), canonicalJson({ b: [{ d: 1, c: undefined }], a: null }))
  })
})
