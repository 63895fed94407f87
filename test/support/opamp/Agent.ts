// An agent of the tests: messages as values, with everything that a decoded one has.
import { AgentCapability, AgentToServer, decode, encode, type Init, MalformedMessage, RemoteConfigStatuses } from "../../../src/opamp.ts"

const { ReportsStatus, AcceptsRemoteConfig, ReportsRemoteConfig, ReportsHealth, ReportsEffectiveConfig } = AgentCapability

/** What the agent of these tests can do unless it says otherwise. */
export const capabilities = ReportsStatus | AcceptsRemoteConfig | ReportsRemoteConfig | ReportsHealth | ReportsEffectiveConfig

export const message = (fields: Init<AgentToServer>): AgentToServer => {
  const value = decode(AgentToServer, encode(AgentToServer, fields))
  if (value instanceof MalformedMessage) throw new Error(String(value))
  return value
}

export const uidOf = (n: number): Uint8Array => Uint8Array.from({ length: 16 }, (_, i) => (i === 15 ? n & 0xff : i === 14 ? n >> 8 : i))

export const description = (name: string): NonNullable<Init<AgentToServer>["agentDescription"]> => ({
  identifyingAttributes: [{ key: "service.name", value: { stringValue: name } }],
  nonIdentifyingAttributes: [{ key: "host.cpus", value: { intValue: 4n } }]
})

export const yaml = (text: string) => ({
  configMap: new Map([["", { body: new TextEncoder().encode(text), contentType: "text/yaml" }]])
})

/** All that an agent with `capabilities` has to tell. */
export const fullReport = (instanceUid: Uint8Array, sequenceNum: number, more: Init<AgentToServer> = {}): Init<AgentToServer> => ({
  instanceUid,
  sequenceNum,
  capabilities,
  agentDescription: description("gateway"),
  health: { healthy: true, startTimeUnixNano: 1n },
  effectiveConfig: { configMap: yaml("receivers: {}\n") },
  remoteConfigStatus: {},
  ...more
})

export const statusOf = (hash: Uint8Array, status: keyof typeof RemoteConfigStatuses, errorMessage = "") => ({
  remoteConfigStatus: { lastRemoteConfigHash: hash, status: RemoteConfigStatuses[status], errorMessage }
})
