// Bytes that opamp-go wrote for the messages beside them.
import { AgentCapability, type AgentToServer, type Init, parseUid, type ServerToAgent } from "../../../src/opamp.ts"

export const fromHex = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")

export const uidText = "0192a3b4-c5d6-7e8f-9a0b-1c2d3e4f5061"

export const instanceUid = parseUid(uidText)!

export interface Vector<A> {
  readonly name: string
  readonly hex: string
  readonly message: Init<A>
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

export const agentVectors: ReadonlyArray<Vector<AgentToServer>> = [
  {
    name: "a heartbeat",
    hex: "0a100192a3b4c5d67e8f9a0b1c2d3e4f506110ac02208770",
    message: { instanceUid, sequenceNum: 300, capabilities: 0x3807 }
  },
  {
    name: "a disconnect",
    hex: "0a100192a3b4c5d67e8f9a0b1c2d3e4f5061100120014a00",
    message: { instanceUid, sequenceNum: 1, capabilities: 1, agentDisconnect: {} }
  },
  {
    name: "a description and health",
    hex: "0a100192a3b4c5d67e8f9a0b1c2d3e4f50611a160a140a0c736572766963652e6e616d6512040a0267772081102a16080111010000000000000032090a0161120422024f4b",
    message: {
      instanceUid,
      capabilities: AgentCapability.ReportsStatus | AgentCapability.ReportsHealth,
      agentDescription: { identifyingAttributes: [{ key: "service.name", value: { stringValue: "gw" } }] },
      health: { healthy: true, startTimeUnixNano: 1n, componentHealthMap: new Map([["a", { status: "OK" }]]) }
    }
  }
]

export const serverVectors: ReadonlyArray<Vector<ServerToAgent>> = [
  { name: "an acknowledgement", hex: "0a100192a3b4c5d67e8f9a0b1c2d3e4f5061", message: { instanceUid } },
  {
    name: "a request for the full state",
    hex: "0a100192a3b4c5d67e8f9a0b1c2d3e4f506130013807",
    message: { instanceUid, flags: 1, capabilities: 7 }
  },
  {
    name: "a remote configuration",
    hex: "0a100192a3b4c5d67e8f9a0b1c2d3e4f50611a1e0a180a160a0012120a05613a20310a1209746578742f79616d6c1202dead",
    message: {
      instanceUid,
      remoteConfig: {
        config: { configMap: new Map([["", { body: text("a: 1\n"), contentType: "text/yaml" }]]) },
        configHash: Uint8Array.of(0xde, 0xad)
      }
    }
  },
  {
    name: "an error with a time to wait",
    hex: "0a100192a3b4c5d67e8f9a0b1c2d3e4f5061121008021204627573791a060880d88ee16f",
    message: { instanceUid, errorResponse: { type: 2, errorMessage: "busy", retryInfo: { retryAfterNanoseconds: 30_000_000_000n } } }
  },
  { name: "a restart", hex: "0a100192a3b4c5d67e8f9a0b1c2d3e4f50614a00", message: { instanceUid, command: {} } },
  {
    name: "connection settings",
    hex: "0a100192a3b4c5d67e8f9a0b1c2d3e4f506122070a01011202200f",
    message: { instanceUid, connectionSettings: { hash: Uint8Array.of(1), opamp: { heartbeatIntervalSeconds: 15 } } }
  }
]
