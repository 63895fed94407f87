import { assert, describe, it } from "@effect/vitest"
import { intake, Intake, maxItems, maxTenants, TooManyItems } from "../../../src/domain/otlp/Intake.ts"
import { Malformed } from "../../../src/domain/otlp/Malformed.ts"
import { lengthField } from "../../../src/domain/otlp/Write.ts"
import { signals } from "../../../src/domain/Signal.ts"
import { distort } from "../../support/otlp/Distort.ts"
import { randomRequest } from "../../support/otlp/Payloads.ts"
import { Random } from "../../support/otlp/Random.ts"
import { decode, encode, groupsOf, itemsOf, type Plain } from "../../support/otlp/Reference.ts"

const lengths = { tenantKey: "tenant", validate: "lengths" } as const
const full = { tenantKey: "tenant", validate: "full" } as const

const pieces = (result: ReturnType<typeof intake>) => {
  if (result instanceof Malformed) throw new Error(String(result))
  return result
}

const tenantOf = (resource: Plain): string => {
  const attributes = (resource["attributes"] ?? []) as ReadonlyArray<{ key: string; value?: { stringValue?: string } }>
  return attributes.find(({ key }) => key === "tenant")?.value?.stringValue || "default"
}

const bytesOf = (...parts: ReadonlyArray<ReadonlyArray<number> | Uint8Array>) => Uint8Array.from(parts.flatMap((part) => [...part]))
const message = (field: number, ...parts: ReadonlyArray<ReadonlyArray<number> | Uint8Array>) => {
  const payload = bytesOf(...parts)
  assert.isBelow(payload.length, 128)
  return bytesOf([(field << 3) | 2, payload.length], payload)
}

describe("intake", () => {
  it("counts and splits by tenant as the reference decoder reads the request", () => {
    for (let seed = 0; seed < 100; seed++) {
      const rng = new Random(seed)
      for (const signal of signals) {
        const plain = randomRequest(signal, rng, { tenants: ["acme", "zeta", "ümlaut"], resources: 6 })
        const bytes = rng.chance(0.5) ? distort(signal, rng, plain) : plain
        const expected = new Map<string, Array<Plain>>()
        const request = decode(signal, bytes)
        assert.deepStrictEqual(request, decode(signal, plain))
        for (const { resource, items } of groupsOf(signal, request)) {
          const tenant = tenantOf(resource)
          expected.set(tenant, [...(expected.get(tenant) ?? []), ...items])
        }
        for (const options of [lengths, full]) {
          const result = pieces(intake(signal, bytes, options))
          for (const { tenant, chunks, items, sizeBytes } of result) {
            const whole = bytesOf(...chunks)
            assert.strictEqual(whole.length, sizeBytes)
            assert.strictEqual(items, expected.get(tenant)?.length ?? 0)
            assert.deepStrictEqual(itemsOf(signal, decode(signal, whole)), expected.get(tenant) ?? [])
            for (const chunk of chunks) assert.strictEqual(chunk.buffer, bytes.buffer)
          }
          assert.strictEqual(
            result.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
            bytes.length
          )
          assert.strictEqual(new Set(result.map(({ tenant }) => tenant)).size, result.length)
        }
      }
    }
  })

  it("gives the same in any number of steps", () => {
    for (let seed = 0; seed < 50; seed++) {
      const rng = new Random(seed)
      for (const signal of signals) {
        const bytes = distort(signal, rng, randomRequest(signal, rng, { tenants: ["a", "b"] }))
        const stepwise = new Intake(signal, bytes, full)
        let result = stepwise.step(1 + rng.below(3))
        let steps = 1
        while (result === undefined) {
          result = stepwise.step(1 + rng.below(3))
          steps++
        }
        assert.deepStrictEqual(result, intake(signal, bytes, full))
        if (bytes.length > 100) assert.isAbove(steps, 5)
      }
    }
  })

  it("keeps the whole request in one chunk when it has one tenant", () => {
    const bytes = encode("logs", { resourceLogs: [{}, { scopeLogs: [{ logRecords: [{}, {}] }] }] })
    assert.deepStrictEqual(intake("logs", bytes, lengths), [
      { tenant: "default", chunks: [bytes], items: 2, sizeBytes: bytes.length }
    ] as never)
    assert.deepStrictEqual(intake("logs", new Uint8Array(0), full), [])
  })

  it("gives unknown top-level fields to the first piece", () => {
    const group = (name: string) =>
      encode("logs", { resourceLogs: [{ resource: { attributes: [{ key: "tenant", value: { stringValue: name } }] } }] })
    const extra = [0xf8, 0x01, 0x05]
    const result = pieces(intake("logs", bytesOf(extra, group("a"), group("b"), extra, group("b"), group("a"), extra), lengths))
    assert.deepStrictEqual(
      result.map(({ tenant, chunks }) => [tenant, bytesOf(...chunks)] as const),
      [
        ["a", bytesOf(extra, group("a"), extra, group("a"), extra)],
        ["b", bytesOf(group("b"), group("b"))]
      ]
    )
  })

  it("joins a resource that is split over several fields, and counts the last of several data fields", () => {
    const tenant = message(1, message(1, [10, 6], new TextEncoder().encode("tenant"), message(2, message(1, [97]))))
    const request = message(1, message(1), message(2, message(2), message(2)), tenant)
    assert.deepStrictEqual(
      pieces(intake("traces", request, full)).map((piece) => [piece.tenant, piece.items]),
      [["a", 2]]
    )
    const metric = message(1, message(2, message(2, message(5, message(1), message(1)), message(7, message(1)))))
    assert.strictEqual(pieces(intake("metrics", metric, full))[0]!.items, 1)
  })

  it("refuses what is malformed, and says where", () => {
    const cases: ReadonlyArray<readonly [string, Uint8Array, number, string]> = [
      ["a length that lies", bytesOf([10, 5, 18]), 1, "field 1 claims 5 bytes, 1 are left"],
      ["a tag that is cut off", bytesOf([0x80]), 0, "a field tag is cut off"],
      [
        "a varint of eleven bytes",
        bytesOf([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0]),
        0,
        "a field tag is a varint of more than ten bytes"
      ],
      ["field number 0", bytesOf([2, 0]), 0, "a field number is outside 1 to 536870911"],
      ["a group", bytesOf([0xfb, 0x01]), 0, "field 31 has wire type 3; expected 0, 1, 2 or 5"],
      ["a wrong wire type", bytesOf([8, 1]), 0, "field 1 has wire type 0; expected 2"],
      ["a length of 2^63", bytesOf([10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]), 1, "field 1 claims"]
    ]
    for (const [name, bytes, offset, text] of cases) {
      const result = intake("traces", bytes, lengths)
      assert.instanceOf(result, Malformed, name)
      assert.strictEqual(result.offset, offset, name)
      assert.include(result.message, text, name)
    }
  })

  it("remembers a tenant's name beyond the memory that it came in", () => {
    const body = Buffer.from(
      encode("logs", { resourceLogs: [{ resource: { attributes: [{ key: "tenant", value: { stringValue: "aaaa" } }] } }] })
    )
    assert.strictEqual(pieces(intake("logs", body, lengths))[0]!.tenant, "aaaa")
    body.write("bbbb", body.indexOf("aaaa"))
    assert.strictEqual(pieces(intake("logs", body, lengths))[0]!.tenant, "bbbb")
  })

  it("refuses more tenants than it may make batches of", () => {
    const tenants = (count: number) =>
      encode("logs", {
        resourceLogs: Array.from({ length: count }, (_, i) => ({
          resource: { attributes: [{ key: "tenant", value: { stringValue: `t${i}` } }] }
        }))
      })
    assert.strictEqual(pieces(intake("logs", tenants(maxTenants), lengths)).length, maxTenants)
    assert.instanceOf(intake("logs", tenants(maxTenants + 1), lengths), Malformed)
  })

  it("stops at more items than anybody sends in one request", () => {
    const items = (count: number) =>
      lengthField(
        2,
        new Uint8Array(2 * count).map((_, i) => (i % 2 === 0 ? 18 : 0))
      )
    const half = lengthField(1, items(maxItems / 2))
    assert.strictEqual(pieces(intake("traces", Buffer.concat([half, half]), lengths))[0]!.items, maxItems)
    assert.instanceOf(intake("traces", Buffer.concat([half, half, lengthField(1, items(1))]), lengths), TooManyItems)
    const stepwise = new Intake("traces", lengthField(1, items(2 * maxItems)), lengths)
    let fields = 0
    for (let result = stepwise.step(1000); !(result instanceof TooManyItems); result = stepwise.step(1000)) {
      assert.isUndefined(result)
      fields += 1000
    }
    assert.isBelow(fields, maxItems + 2000)
  })
})
