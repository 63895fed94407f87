import { assert, describe, it } from "@effect/vitest"
import { age, bytes, quantity, span } from "../../src/console/Format.ts"
import { legible } from "../../src/console/Legible.ts"

describe("numbers of the console", () => {
  it("have three digits and a prefix", () => {
    const told = [0, 0.004, 0.25, 9.96, 12.4, 999, 999.6, 1000, 1234, 12_345, 999_600, 1_920_000, 5e15, 5e18].map(quantity)
    assert.deepStrictEqual(told, [
      "0",
      "0",
      "0.25",
      "10",
      "12",
      "999",
      "1000",
      "1 k",
      "1.23 k",
      "12.3 k",
      "1000 k",
      "1.92 M",
      "5 P",
      "5000 P"
    ])
    assert.deepStrictEqual([bytes(12), bytes(1_640_000), quantity(Number.NaN)], ["12 B", "1.64 MB", "?"])
  })

  it("tell ages in whole units", () => {
    const second = 1000
    assert.deepStrictEqual([-5, 59 * second, 61 * second, 3600 * second, 86_400 * 3 * second].map(age), [
      "0 s",
      "59 s",
      "1 min 1 s",
      "1 h 0 min",
      "3 d"
    ])
    assert.deepStrictEqual([120 * second, 90 * second, 500].map(span), ["2 min", "1 min 30 s", "500 ms"])
  })
})

describe("names of the network", () => {
  it("show what cannot be seen, and are cut", () => {
    assert.strictEqual(legible("a\u202eb\u200bc\nd\u0000"), "a\\u202eb\\u200bc\\nd\\u0000")
    assert.strictEqual(legible("é 日本 🙂"), "é 日本 🙂")
    assert.strictEqual(legible("xxxxx", 3), "xxx… (2 more characters)")
    assert.strictEqual(legible(""), "(empty)")
  })
})
