import { assert, describe, it } from "@effect/vitest"
import {
  AgentToServer,
  AnyValue,
  ComponentHealth,
  ConnectionSettingsOffers,
  decode,
  encode,
  KeyValue,
  MalformedMessage,
  maxElements,
  maxNesting,
  type MessageType,
  ServerToAgent
} from "../../../src/opamp.ts"
import { deepHealth } from "../../support/opamp/deepHealth.ts"
import { encodeReference, type Plain, randomMessage, typeOf, withoutDefaults } from "../../support/opamp/Reference.ts"
import { agentVectors, fromHex, instanceUid, serverVectors, toHex } from "../../support/opamp/Vectors.ts"
import { Random } from "../../support/Random.ts"

const hexOf = (hex: string, type: MessageType<unknown>) => decode(type, fromHex(hex))

const decoded = <A>(type: MessageType<A>, bytes: Uint8Array): A => {
  const value = decode(type, bytes)
  if (value instanceof MalformedMessage) throw new Error(String(value))
  return value
}

const refused = <A>(type: MessageType<A>, bytes: Uint8Array): MalformedMessage => {
  const value = decode(type, bytes)
  assert.instanceOf(value, MalformedMessage)
  return value as MalformedMessage
}

describe("messages that opamp-go wrote", () => {
  const vectors = [
    ...agentVectors.map((vector) => ({ ...vector, type: AgentToServer as MessageType<unknown> })),
    ...serverVectors.map((vector) => ({ ...vector, type: ServerToAgent as MessageType<unknown> }))
  ]
  for (const { name, hex, message, type } of vectors) {
    it(`${name} is read and written byte for byte`, () => {
      assert.deepStrictEqual(withoutDefaults(hexOf(hex, type)), message)
      assert.strictEqual(toHex(encode(type, message as never)), hex)
    })
  }

  it("the empty key of a map may be left out", () => {
    const withKey = decoded(ServerToAgent, fromHex("1a0a0a080a060a0012020a00"))
    const without = decoded(ServerToAgent, fromHex("1a080a060a0412020a00"))
    assert.deepStrictEqual(without, withKey)
    assert.deepStrictEqual([...without.remoteConfig!.config!.configMap.keys()], [""])
  })

  it("an empty command and an empty disconnect are there", () => {
    assert.deepStrictEqual(decoded(ServerToAgent, fromHex("4a00")).command, { type: 0 })
    assert.deepStrictEqual(decoded(AgentToServer, fromHex("4a00")).agentDisconnect, {})
    assert.isUndefined(decoded(AgentToServer, new Uint8Array(0)).agentDisconnect)
  })
})

describe("against an independent codec", () => {
  for (const [name, type] of [
    ["AgentToServer", AgentToServer],
    ["ServerToAgent", ServerToAgent],
    ["ConnectionSettingsOffers", ConnectionSettingsOffers],
    ["AnyValue", AnyValue]
  ] as const) {
    it(`${name}: what it writes is read, and what is written is the same bytes`, () => {
      for (let seed = 0; seed < 300; seed++) {
        const plain = randomMessage(typeOf(name), new Random(seed), 6)
        const bytes = encodeReference(name, plain)
        const where = `seed ${seed}`
        assert.deepStrictEqual(withoutDefaults(decoded(type as MessageType<unknown>, bytes)), plain as unknown, where)
        assert.strictEqual(toHex(encode(type as MessageType<unknown>, plain as never)), toHex(bytes), where)
      }
    })
  }

  it("a message cut anywhere, and one with any byte changed, is read or refused, never more", () => {
    for (let seed = 0; seed < 40; seed++) {
      const random = new Random(seed)
      const bytes = encodeReference("AgentToServer", randomMessage(typeOf("AgentToServer"), random, 4))
      for (let i = 0; i < 100; i++) {
        const changed = bytes.slice(0, random.int(bytes.length + 1))
        if (changed.length > 0) changed[random.int(changed.length)] = random.int(256)
        const value = decode(AgentToServer, changed)
        if (value instanceof MalformedMessage) assert.isAtMost(value.offset, changed.length)
        else assert.deepStrictEqual(decoded(AgentToServer, encode(AgentToServer, value)), value, `seed ${seed}`)
      }
    }
  })
})

describe("reading", () => {
  it("passes over fields that are not known, and known ones with another wire type", () => {
    const unknown = fromHex("f87f05" + "fa7f020102" + "f97f0000000000000000" + "fd7f00000000" + "1201ff")
    assert.deepStrictEqual(decoded(AgentToServer, unknown), decoded(AgentToServer, new Uint8Array(0)))
  })

  it("tolerates capability bits up to the last", () => {
    const plain: Plain = { instanceUid, capabilities: (1n << 63n) | 0x2001n }
    assert.strictEqual(decoded(AgentToServer, encodeReference("AgentToServer", plain)).capabilities, 0x2001)
  })

  it("reads a sequence number beyond 2^53 as the largest that is exact", () => {
    const bytes = encodeReference("AgentToServer", { sequenceNum: 2n ** 64n - 1n })
    assert.strictEqual(decoded(AgentToServer, bytes).sequenceNum, Number.MAX_SAFE_INTEGER)
  })

  it("merges a sub-message that comes in parts, and the last side of a oneof holds", () => {
    const { health } = decoded(AgentToServer, fromHex("2a020801" + "2a0422024f4b"))
    assert.deepStrictEqual([health!.healthy, health!.status], [true, "OK"])
    assert.deepStrictEqual(decoded(AnyValue, fromHex("0a0161" + "1805")), { intValue: 5n })
  })

  it("keeps nothing of the buffer it has read", () => {
    const bytes = fromHex(agentVectors[0]!.hex)
    const { instanceUid: uid } = decoded(AgentToServer, bytes)
    bytes.fill(0)
    assert.deepStrictEqual(uid, instanceUid)
  })

  it("says where it is malformed and what was expected", () => {
    assert.deepStrictEqual(
      { ...refused(AgentToServer, fromHex("2a050a")) },
      { offset: 1, message: "in AgentToServer: field 5 claims 5 bytes, 1 are left" }
    )
    assert.deepStrictEqual({ ...refused(AgentToServer, fromHex("2a03220541")) }.offset, 3)
    assert.include(refused(AgentToServer, fromHex("01ff")).message, "field number")
  })

  it("refuses health that nests 10000 deep, and takes what may be", () => {
    assert.include(refused(AgentToServer, deepHealth(10_000)).message, `nests deeper than ${maxNesting}`)
    decoded(AgentToServer, deepHealth(maxNesting - 2))
    assert.include(refused(AgentToServer, deepHealth(maxNesting - 1)).message, "ComponentHealth nests deeper")
  })

  it("refuses a message of more elements than may be", () => {
    const empties = new Uint8Array(2 * (maxElements + 1))
    for (let i = 0; i < empties.length; i += 2) empties[i] = (7 << 3) | 2
    assert.include(refused(ComponentHealth, empties).message, `more than ${maxElements} elements`)
    assert.lengthOf(decoded(ComponentHealth, empties.subarray(2)).attributes, maxElements)
  })
})

describe("writing", () => {
  it("does not depend on the order of keys", () => {
    const body = new Uint8Array(0)
    const of = (...keys: ReadonlyArray<string>) =>
      encode(ServerToAgent, { remoteConfig: { config: { configMap: new Map(keys.map((key) => [key, { body, role: key }])) } } })
    assert.strictEqual(toHex(of("b", "", "a")), toHex(of("a", "b", "")))
  })

  it("writes what has presence even where it is the default", () => {
    assert.strictEqual(toHex(encode(KeyValue, { key: "k", value: { boolValue: false } })), "0a016b12021000")
    assert.strictEqual(toHex(encode(KeyValue, { key: "k", value: {} })), "0a016b1200")
  })
})
