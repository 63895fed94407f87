import { ConnectionSettingsOffers } from "./ConnectionSettings.ts"
import { CustomCapabilities, CustomMessage } from "./Custom.ts"
import { bits, bytes, enumeration, message, oneofSub, string, sub, uint64 } from "./MessageType.ts"
import { PackagesAvailable } from "./Packages.ts"
import { AgentRemoteConfig } from "./RemoteConfig.ts"

export const ServerErrorResponseTypes = { Unknown: 0, BadRequest: 1, Unavailable: 2 } as const

export interface RetryInfo {
  readonly retryAfterNanoseconds: bigint
}

export interface ServerErrorResponse {
  /** Of `ServerErrorResponseTypes`. */
  readonly type: number
  readonly errorMessage: string
  readonly retryInfo?: RetryInfo
}

export interface AgentIdentification {
  readonly newInstanceUid: Uint8Array
}

export const CommandTypes = { Restart: 0 } as const

/** An empty command is a restart. */
export interface ServerToAgentCommand {
  /** Of `CommandTypes`. */
  readonly type: number
}

/** What a server tells an agent (specification v0.20). With nothing to say it is the uid alone: an acknowledgement. */
export interface ServerToAgent {
  readonly instanceUid: Uint8Array
  /** Excludes all that follow. */
  readonly errorResponse?: ServerErrorResponse
  readonly remoteConfig?: AgentRemoteConfig
  readonly connectionSettings?: ConnectionSettingsOffers
  readonly packagesAvailable?: PackagesAvailable
  /** Of `ServerToAgentFlag`. */
  readonly flags: number
  /** Of `ServerCapability`; 0 means unchanged. */
  readonly capabilities: number
  readonly agentIdentification?: AgentIdentification
  /** With the uid and capabilities alone. */
  readonly command?: ServerToAgentCommand
  readonly customCapabilities?: CustomCapabilities
  readonly customMessage?: CustomMessage
}

export const RetryInfo = message<RetryInfo>("RetryInfo", { retryAfterNanoseconds: uint64(1) })

export const ServerErrorResponse = message<ServerErrorResponse>("ServerErrorResponse", {
  type: enumeration(1),
  errorMessage: string(2),
  retryInfo: oneofSub(3, () => RetryInfo)
})

export const AgentIdentification = message<AgentIdentification>("AgentIdentification", { newInstanceUid: bytes(1) })

export const ServerToAgentCommand = message<ServerToAgentCommand>("ServerToAgentCommand", { type: enumeration(1) })

export const ServerToAgent = message<ServerToAgent>("ServerToAgent", {
  instanceUid: bytes(1),
  errorResponse: sub(2, () => ServerErrorResponse),
  remoteConfig: sub(3, () => AgentRemoteConfig),
  connectionSettings: sub(4, () => ConnectionSettingsOffers),
  packagesAvailable: sub(5, () => PackagesAvailable),
  flags: bits(6),
  capabilities: bits(7),
  agentIdentification: sub(8, () => AgentIdentification),
  command: sub(9, () => ServerToAgentCommand),
  customCapabilities: sub(10, () => CustomCapabilities),
  customMessage: sub(11, () => CustomMessage)
})
