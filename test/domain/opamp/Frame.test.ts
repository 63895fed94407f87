import { assert, describe, it } from "@effect/vitest"
import { AgentToServer, decode, frame, MalformedMessage, unframe } from "../../../src/opamp.ts"
import { agentVectors, fromHex } from "../../support/opamp/Vectors.ts"

const message = fromHex(agentVectors[0]!.hex)
const bytesOf = (framed: Uint8Array) => [...(unframe(framed) as Uint8Array)]

describe("WebSocket frames", () => {
  it("have a header of 0 before the message", () => {
    assert.deepStrictEqual([...frame(message)], [0, ...message])
    assert.deepStrictEqual(bytesOf(frame(message)), [...message])
    assert.deepStrictEqual(bytesOf(Uint8Array.of(0)), [])
  })

  it("are taken without a header, as old peers send them", () => {
    assert.deepStrictEqual(bytesOf(message), [...message])
    assert.deepStrictEqual(bytesOf(new Uint8Array(0)), [])
  })

  it("are taken with a zero of up to ten bytes", () => {
    assert.deepStrictEqual(bytesOf(Uint8Array.of(0x80, 0x00, ...message)), [...message])
    assert.deepStrictEqual(bytesOf(Uint8Array.of(...Array(9).fill(0x80), 0x00, ...message)), [...message])
    assert.instanceOf(unframe(Uint8Array.of(...Array(10).fill(0x80), 0x00)), MalformedMessage)
  })

  it("are malformed with another header", () => {
    for (let header = 1; header < 8; header++) {
      const body = unframe(Uint8Array.of(header, ...message)) as Uint8Array
      assert.instanceOf(decode(AgentToServer, body), MalformedMessage)
    }
  })
})
