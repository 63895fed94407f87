import { assert, describe, it } from "@effect/vitest"
import { intake, Intake } from "../../../src/domain/otlp/Intake.ts"
import { Malformed } from "../../../src/domain/otlp/Malformed.ts"
import { validate } from "../../../src/domain/otlp/Validator.ts"
import { maxDepth } from "../../../src/domain/otlp/Wire.ts"
import type { Signal } from "../../../src/domain/Signal.ts"
import { Random } from "../../support/otlp/Random.ts"
import { decode } from "../../support/otlp/Reference.ts"

const lengths = { tenantKey: "tenant", validate: "lengths" } as const

/** Every place where an AnyValue can stand: the field numbers from the request down to it. */
const places: ReadonlyArray<readonly [name: string, signal: Signal, path: ReadonlyArray<number>]> = [
  ["resource of spans", "traces", [1, 1, 1, 2]],
  ["resource of logs", "logs", [1, 1, 1, 2]],
  ["resource of metrics", "metrics", [1, 1, 1, 2]],
  ["scope of spans", "traces", [1, 2, 1, 3, 2]],
  ["scope of logs", "logs", [1, 2, 1, 3, 2]],
  ["scope of metrics", "metrics", [1, 2, 1, 3, 2]],
  ["span", "traces", [1, 2, 2, 9, 2]],
  ["event", "traces", [1, 2, 2, 11, 3, 2]],
  ["link", "traces", [1, 2, 2, 13, 4, 2]],
  ["log body", "logs", [1, 2, 2, 5]],
  ["log record", "logs", [1, 2, 2, 6, 2]],
  ["metric metadata", "metrics", [1, 2, 2, 12, 2]],
  ["gauge point", "metrics", [1, 2, 2, 5, 1, 7, 2]],
  ["sum point", "metrics", [1, 2, 2, 7, 1, 7, 2]],
  ["histogram point", "metrics", [1, 2, 2, 9, 1, 9, 2]],
  ["exponential histogram point", "metrics", [1, 2, 2, 10, 1, 1, 2]],
  ["summary point", "metrics", [1, 2, 2, 11, 1, 7, 2]],
  ["exemplar of a gauge", "metrics", [1, 2, 2, 5, 1, 5, 7, 2]],
  ["exemplar of a sum", "metrics", [1, 2, 2, 7, 1, 5, 7, 2]],
  ["exemplar of a histogram", "metrics", [1, 2, 2, 9, 1, 8, 7, 2]],
  ["exemplar of an exponential histogram", "metrics", [1, 2, 2, 10, 1, 11, 7, 2]]
]

const varint = (value: number, padding = 0): Array<number> => {
  const bytes = []
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128)
  for (bytes.push(value); padding > 0; padding--) {
    bytes[bytes.length - 1]! |= 128
    bytes.push(0)
  }
  return bytes
}

/** Fields that no message of OTLP has, of every wire type. */
const strangers = (rng: Random): Array<number> =>
  rng
    .many(3, () => {
      const text = [...rng.bytes(rng.below(200))]
      return rng.pick([
        [0xf8, 1, 5],
        [0xf9, 1, 1, 2, 3, 4, 5, 6, 7, 8],
        [0xfd, 1, 1, 2, 3, 4],
        [0xfa, 1, ...varint(text.length), ...text]
      ])
    })
    .flat()

type Wrap = (field: number, payload: ReadonlyArray<number>) => Array<number>

const bare: Wrap = (field, payload) => [(field << 3) | 2, ...varint(payload.length), ...payload]

const dressed =
  (rng: Random): Wrap =>
  (field, payload) => [
    ...(rng.chance(0.1) ? strangers(rng) : []),
    (field << 3) | 2,
    ...varint(payload.length, rng.chance(0.05) ? 1 : 0),
    ...payload,
    ...(rng.chance(0.1) ? strangers(rng) : [])
  ]

/** The fields of the steps that an array or a list of keys and values takes to the next AnyValue. */
const array = [5, 1]
const list = [6, 1, 2]

/** The path of `messages` messages inside an AnyValue; the last step may be cut short. */
const nest = (messages: number, step: () => ReadonlyArray<number>): ReadonlyArray<number> => {
  const path: Array<number> = []
  while (path.length < messages) path.push(...step())
  return path.slice(0, messages)
}

const wrapAll = (path: ReadonlyArray<number>, wrap: Wrap): Uint8Array =>
  Uint8Array.from(path.reduceRight((payload: Array<number>, field) => wrap(field, payload), []))

const isTooDeep = (verdict: unknown): boolean => {
  if (!(verdict instanceof Malformed)) return false
  assert.strictEqual(verdict.message, `messages nest more than ${maxDepth} deep`)
  return true
}

describe("the depth of nesting", () => {
  for (const [name, signal, path] of places) {
    it(`has the same limit without and with full validation: ${name}`, () => {
      for (let seed = 0; seed < 300; seed++) {
        const rng = new Random(seed)
        const depth = maxDepth - 3 + rng.below(7)
        const kinds = rng.pick([[array], [list], [array, list]])
        const fields = [...path, ...nest(depth - path.length, () => rng.pick(kinds))]
        const bytes = wrapAll(fields, rng.chance(0.5) ? bare : dressed(rng))
        const expected = validate(signal, bytes)
        const verdict = intake(signal, bytes, lengths)
        assert.strictEqual(isTooDeep(expected), depth > maxDepth, `seed ${seed}, depth ${depth}`)
        if (depth > maxDepth) assert.deepStrictEqual(verdict as unknown, expected)
        else assert.isFalse(verdict instanceof Malformed, `seed ${seed}, depth ${depth}: ${String(verdict)}`)

        const stepwise = new Intake(signal, bytes, lengths)
        let result = stepwise.step(1 + rng.below(3))
        while (result === undefined) result = stepwise.step(1 + rng.below(3))
        assert.deepStrictEqual(result, verdict)
      }
    })
  }

  it("refuses a thousand levels, in the shortest form there is", () => {
    for (const step of [array, list]) {
      for (const [name, signal, path] of places) {
        // Made inside out, since every level holds a copy of those below.
        let inner = Buffer.alloc(0)
        for (const field of [...path, ...nest(1000, () => step)].reverse()) {
          inner = Buffer.concat([Buffer.from([(field << 3) | 2, ...varint(inner.length)]), inner])
        }
        assert.isTrue(isTooDeep(intake(signal, inner, lengths)), name)
      }
    }
  })

  it("is what the reference decoder accepts too", () => {
    for (const [, signal, path] of places) decode(signal, wrapAll([...path, ...nest(maxDepth - path.length, () => array)], bare))
  })

  it("finds a nest behind any number of other values, before any number, and in the last of many items", () => {
    const attribute = bare(9, [
      ...bare(1, [107]),
      ...bare(
        2,
        bare(
          1,
          Array.from({ length: 100 }, () => 120)
        )
      )
    ])
    const many = (count: number) => Array.from({ length: count }, () => attribute).flat()
    const times = [0x39, 1, 2, 3, 4, 5, 6, 7, 8, 0x30, 2]
    const nested = (depth: number) => [...wrapAll([9, 2, ...nest(depth - 5, () => array)], bare)]
    for (const [before, after] of [
      [0, 0],
      [0, 20],
      [20, 0],
      [7, 7]
    ] as const) {
      const request = (depth: number) => {
        const span = bare(2, [...times, ...many(before), ...nested(depth), ...times, ...many(after)])
        const plain = bare(2, many(3))
        return Uint8Array.from(bare(1, bare(2, [...plain, ...plain, ...span])))
      }
      assert.isFalse(intake("traces", request(maxDepth), lengths) instanceof Malformed)
      assert.isTrue(isTooDeep(intake("traces", request(maxDepth + 1), lengths)))
    }
  })

  it("refuses what is malformed inside of what may nest too deep", () => {
    const text = Array.from({ length: 300 }, () => 120)
    const broken = Uint8Array.from(bare(1, bare(2, bare(2, [...bare(9, bare(2, [0x0a, 0xff, 0x7f, ...text]))]))))
    const verdict = intake("logs", broken, lengths)
    assert.isFalse(verdict instanceof Malformed, "field 9 of a log record is a trace id, whose bytes may be any")
    const refused = intake("traces", broken, lengths)
    assert.instanceOf(refused, Malformed)
    assert.strictEqual(refused.message, "field 1 claims 16383 bytes, 300 are left")
  })
})
