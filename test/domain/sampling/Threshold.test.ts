import { assert, describe, it } from "@effect/vitest"
import { Bits56 } from "../../../src/domain/sampling/Bits56.ts"
import { setHashRandomness, setTraceIdRandomness } from "../../../src/domain/sampling/Randomness.ts"
import { Carrier } from "../../../src/domain/sampling/Sampler.ts"
import { probabilityOf, setThreshold } from "../../../src/domain/sampling/Threshold.ts"
import { TraceState } from "../../../src/domain/sampling/TraceState.ts"
import { Seeded } from "../../support/Seeded.ts"
import { askGo, hasGo } from "./GoSampling.ts"

if (!hasGo) console.log("Go, or its module pkg/sampling, is not on this machine: thresholds are compared with published vectors only")

const hex = (bits: Bits56, trim = true): string => {
  if (bits.isNever) return ""
  const target = new Uint8Array(14)
  return Buffer.from(target.subarray(0, bits.writeHex(target, 0, trim))).toString("latin1")
}

const parsed = (text: string): Bits56 => {
  const bits = new Bits56()
  assert.isTrue(bits.readHex(Buffer.from(text), 0, text.length), text)
  return bits
}

const threshold = (probability: number, precision: number): Bits56 => {
  const bits = new Bits56()
  assert.isTrue(setThreshold(bits, probability, precision))
  return bits
}

describe("thresholds", () => {
  it("agree with published vectors", () => {
    // OpenTelemetry specification and the tests of the collector's pkg/sampling.
    const vectors: ReadonlyArray<readonly [number, number, string]> = [
      [1, 4, "0"],
      [0.5, 4, "8"],
      [0.1, 4, "e666"],
      [0.01, 4, "fd70a"],
      [1 / 3, 4, "aaab"],
      [2 ** -56, 14, "ffffffffffffff"],
      [1 - 0x456789a * 2 ** -28, 7, "456789a"],
      [1 - 0x456789a * 2 ** -28, 6, "45678a"],
      [1 - 0x456789a * 2 ** -28, 5, "45679"],
      [1 - 0x456789a * 2 ** -28, 1, "4"],
      [1 - 0x456789a * 2 ** -40, 6, "00045678a"],
      [1 - 0x789abcdef * 2 ** -40, 8, "0789abcdf"],
      [1 - 0x789abcdef * 2 ** -40, 1, "08"],
      [1 - 0x12345678 * 2 ** -32, 7, "1234568"]
    ]
    for (const [probability, precision, expected] of vectors) assert.strictEqual(hex(threshold(probability, precision)), expected)
    assert.strictEqual((1 / probabilityOf(parsed("fd70a"))).toFixed(4), "99.9977")
    assert.strictEqual((1 / probabilityOf(parsed("e666"))).toFixed(5), "9.99939")
  })

  it("outside [2^-56, 1] there is none", () => {
    for (const probability of [0, -1, 2 ** -57, 1.0001, Number.NaN]) {
      const bits = new Bits56()
      assert.isFalse(setThreshold(bits, probability, 4))
      assert.isTrue(bits.isNever)
    }
  })

  it("compare and print as 56-bit numbers do", () => {
    const random = new Seeded(56)
    for (let i = 0; i < 2000; i++) {
      const digits = (): string => Array.from({ length: random.between(1, 14) }, () => random.between(0, 15).toString(16)).join("")
      const [a, b] = [digits(), digits()]
      const value = (text: string): bigint => BigInt(`0x${text.padEnd(14, "0")}`)
      assert.strictEqual(parsed(a).isAtMost(parsed(b)), value(a) <= value(b), `${a} ${b}`)
      assert.strictEqual(hex(parsed(a), false), a.padEnd(14, "0"))
      assert.strictEqual(probabilityOf(parsed(a)), Number(2n ** 56n - value(a)) / 2 ** 56)
    }
    for (const text of ["", "g", "123456789012345", "0x1", " 1"])
      assert.isFalse(new Bits56().readHex(Buffer.from(text), 0, text.length), text)
  })

  it.skipIf(!hasGo)("agree with the collector's module, digit by digit", () => {
    const random = new Seeded(161)
    const cases = Array.from({ length: 5000 }, () => ({
      probability: Math.max(random.next() ** random.between(1, 40), 2 ** -56),
      precision: random.between(1, 14)
    }))
    const answers = askGo(cases.map(({ probability, precision }) => `threshold ${probability} ${precision}`))!
    for (const [i, { probability, precision }] of cases.entries()) {
      const [text, share] = answers[i]!.split(" ")
      const ours = threshold(probability, precision)
      assert.strictEqual(hex(ours), text, `${probability} ${precision}`)
      assert.strictEqual(probabilityOf(ours), Number(share))
    }
  })
})

describe("randomness", () => {
  it("is the end of the trace ID", () => {
    const bits = new Bits56()
    assert.isTrue(setTraceIdRandomness(bits, Buffer.from("0102030405060708090a0b0c0d0e0f10", "hex"), 0, 16))
    assert.strictEqual(hex(bits, false), "0a0b0c0d0e0f10")
    assert.isFalse(setTraceIdRandomness(bits, new Uint8Array(16), 0, 16))
    assert.isFalse(setTraceIdRandomness(bits, new Uint8Array(8).fill(1), 0, 8))
  })

  it("of a hash is FNV-1a, its deciding bits first", () => {
    let hash = 0x811c9dc5n
    for (const byte of [0, 0, 0, 0, ...Buffer.from("foobar")]) hash = ((hash ^ BigInt(byte)) * 0x01000193n) & 0xffffffffn
    const deciding = hash & 0x3fffn
    const others = hash >> 18n
    const expected = ((0x3fffn - deciding) << 42n) | ((others ^ (others << 10n)) << 14n) | deciding
    const bits = new Bits56()
    setHashRandomness(bits, Buffer.from("foobar"), 0, 6, 0)
    assert.strictEqual(hex(bits, false), expected.toString(16).padStart(14, "0"))
  })
})

const roundTrip = (text: string): string => {
  const bytes = Buffer.from(text)
  const carrier = new Carrier()
  const state = new TraceState()
  state.read(bytes, 0, bytes.length, carrier)
  if (!carrier.isValid) return "invalid"
  const target = new Uint8Array(TraceState.maxWritten)
  return `valid ${Buffer.from(target.subarray(0, state.write(target, 0, carrier))).toString()}`
}

/** The module repeats digits as they came; here they are written anew: lower case, a threshold without zeros at the end. */
const canonical = (state: string): string =>
  state
    .replace(/\bth:([0-9a-fA-F]+)/, (_, digits: string) => `th:${digits.toLowerCase().replace(/0+$/, "") || "0"}`)
    .replace(/\brv:([0-9a-fA-F]{14})/, (_, digits: string) => `rv:${digits.toLowerCase()}`)

/** The same key twice is against both grammars, and each reader may take what it likes. */
const isRepeating = (state: string): boolean => ["ot=", "th:", "rv:"].some((part) => state.split(part).length > 2)

const fragments = [
  "ot=",
  "th:",
  "rv:",
  "0123456789abcd",
  "c",
  "FD70A",
  ";",
  ",",
  "a=1",
  "t@s=v",
  " ",
  "\t",
  "=",
  ":",
  "ex:p",
  "Z",
  "_",
  "ot",
  "é"
]

describe("tracestate", () => {
  it("has ot first, with what else it held; the rest follows unchanged", () => {
    assert.strictEqual(roundTrip("a=1, ot=x:y;th:c;rv:0123456789abcd ,b=2"), "valid ot=rv:0123456789abcd;th:c;x:y,a=1,b=2")
    assert.strictEqual(roundTrip("a=1"), "valid a=1")
    for (const text of ["ot=th:", "ot=rv:1", "ot=th:c;", "A=1", "a", "ot=th:xyz", `a=${"x".repeat(257)}`]) {
      assert.strictEqual(roundTrip(text), "invalid", text)
    }
  })

  it.skipIf(!hasGo)("is read and written as the collector's module does", () => {
    const random = new Seeded(7)
    const noise = Array.from({ length: 5000 }, () => Array.from({ length: random.between(1, 9) }, () => random.pick(fragments)).join(""))
    const usual = Array.from({ length: 1000 }, () => {
      const own = ["th:c", "rv:0123456789ABCD", "x:y", "z:1"].filter(() => random.next() < 0.5).join(";")
      const members = [`ot=${own}`, "a=1", "b@c=2 3", "d*/_-=~"].filter(() => random.next() < 0.8)
      return members.join(random.pick([",", " , ", ",,"]))
    })
    const states = [...noise, ...usual].filter((state) => !isRepeating(state))
    const answers = askGo(states.map((state) => `state ${state}`))!
    assert.isAbove(answers.filter((answer) => answer.startsWith("valid")).length, 500)
    for (const [i, state] of states.entries()) assert.strictEqual(roundTrip(state), canonical(answers[i]!), JSON.stringify(state))
  })
})
