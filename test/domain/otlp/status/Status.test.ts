import { assert, describe, it } from "@effect/vitest"
import protobuf from "protobufjs"
import { GrpcCode } from "../../../../src/domain/GrpcCode.ts"
import { decodeStatus, encodeStatus, maxMessageBytes } from "../../../../src/domain/otlp/status/Status.ts"
import { decodeStatusJson, encodeStatusJson } from "../../../../src/domain/otlp/status/StatusJson.ts"
import { randomBytes, seeded } from "./random.ts"

// The public schema of google.rpc, read by protobufjs: the independent side of these tests.
const schema = protobuf.parse(`
  syntax = "proto3";
  package google.rpc;
  message Any { string type_url = 1; bytes value = 2; }
  message Duration { int64 seconds = 1; int32 nanos = 2; }
  message RetryInfo { Duration retry_delay = 1; }
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
`).root
const Status = schema.lookupType("google.rpc.Status")
const RetryInfo = schema.lookupType("google.rpc.RetryInfo")
const retryInfoUrl = "type.googleapis.com/google.rpc.RetryInfo"

const retryInfo = (seconds: number, nanos: number) => ({
  typeUrl: retryInfoUrl,
  value: RetryInfo.encode({ retryDelay: { seconds, nanos } }).finish()
})

describe("Status", () => {
  it("is read by protobufjs as it was meant", () => {
    for (const retryAfterMillis of [0, 1, 999, 1000, 1500, 5000, 86_400_000]) {
      const bytes = encodeStatus({ code: GrpcCode.UNAVAILABLE, message: "queue is full: größer", retryAfterMillis })
      const status = Status.toObject(Status.decode(bytes)) as {
        code: number
        message: string
        details: Array<{ typeUrl: string; value: Uint8Array }>
      }
      assert.strictEqual(status.code, 14)
      assert.strictEqual(status.message, "queue is full: größer")
      assert.strictEqual(status.details.length, 1)
      assert.strictEqual(status.details[0]!.typeUrl, retryInfoUrl)
      const info = RetryInfo.toObject(RetryInfo.decode(status.details[0]!.value), { longs: Number, defaults: true }) as {
        retryDelay: { seconds: number; nanos: number }
      }
      assert.strictEqual(info.retryDelay.seconds * 1000 + info.retryDelay.nanos / 1e6, retryAfterMillis)
    }
  })

  it("has no details without a retry hint, and byte for byte what protobufjs writes", () => {
    const status = { code: GrpcCode.INVALID_ARGUMENT, message: "no" }
    assert.deepStrictEqual(Buffer.from(encodeStatus(status)), Buffer.from(Status.encode(status).finish()))
    assert.strictEqual(encodeStatus({ code: 0, message: "" }).length, 0)
  })

  it("reads what protobufjs wrote, the hint among other details", () => {
    const other = { typeUrl: "type.googleapis.com/google.rpc.DebugInfo", value: new Uint8Array([10, 2, 104, 105]) }
    const bytes = Status.encode({ code: 8, message: "slow down", details: [other, retryInfo(5, 250_000_000), other] }).finish()
    assert.deepStrictEqual(decodeStatus(bytes), { code: 8, message: "slow down", retryAfterMillis: 5250 })
    assert.deepStrictEqual(decodeStatus(Status.encode({ code: -1, message: "x", details: [other] }).finish()), {
      code: -1,
      message: "x",
      retryAfterMillis: undefined
    })
  })

  it("has no hint where the delay is negative, absurd or absent", () => {
    for (const detail of [retryInfo(-1, 0), retryInfo(0, -5), retryInfo(2 ** 52, 0), { typeUrl: retryInfoUrl, value: new Uint8Array(0) }]) {
      assert.strictEqual(decodeStatus(Status.encode({ code: 14, details: [detail] }).finish())?.retryAfterMillis, undefined)
    }
  })

  it("survives a round trip in JSON, with the hint as protobuf writes a Duration", () => {
    const status = { code: 14, message: 'say "when"', retryAfterMillis: 1050 }
    const text = new TextDecoder().decode(encodeStatusJson(status))
    assert.deepStrictEqual(JSON.parse(text), {
      code: 14,
      message: 'say "when"',
      details: [{ "@type": retryInfoUrl, retryDelay: "1.050s" }]
    })
    assert.deepStrictEqual(decodeStatusJson(encodeStatusJson(status)), status)
    assert.strictEqual(decodeStatusJson(encodeStatusJson({ code: 8, message: "", retryAfterMillis: 3000 }))?.retryAfterMillis, 3000)
  })

  it("answers undefined to bytes that are no status, and cuts long messages", () => {
    for (const bytes of [
      [0x12, 0x05, 0x61],
      [0x08],
      [0x0b],
      [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
      [0x00, 0x01]
    ]) {
      assert.strictEqual(decodeStatus(Uint8Array.from(bytes)), undefined)
    }
    for (const text of ["", "[]", "null", "7", "{", '{"code":14', "<html>"]) {
      assert.strictEqual(decodeStatusJson(new TextEncoder().encode(text)), undefined)
    }
    const long = "x".repeat(1_000_000)
    assert.strictEqual(decodeStatus(encodeStatus({ code: 2, message: long }))?.message.length, maxMessageBytes)
    assert.strictEqual(decodeStatusJson(encodeStatusJson({ code: 2, message: long }))?.message.length, maxMessageBytes)
  })

  it("agrees with protobufjs on mutated statuses, and never throws", () => {
    const random = seeded(7)
    const valid = Status.encode({ code: 14, message: "hello", details: [retryInfo(3, 5_000_000)] }).finish()
    for (let i = 0; i < 20_000; i++) {
      const bytes = i % 2 === 0 ? randomBytes(random, 40) : valid.slice()
      for (let n = random(3); n > 0; n--) bytes[random(bytes.length)] = random(256)
      const mine = decodeStatus(bytes)
      decodeStatusJson(bytes)
      if (mine === undefined) continue
      let theirs: { code: number } | undefined
      try {
        theirs = Status.toObject(Status.decode(bytes), { defaults: true }) as { code: number }
      } catch {
        // protobufjs also looks into details that we ignore.
        continue
      }
      assert.strictEqual(mine.code, theirs.code)
    }
  })
})
