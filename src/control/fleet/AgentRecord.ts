import { AgentDescription } from "../../domain/opamp/AgentDescription.ts"
import { decode } from "../../domain/opamp/Decode.ts"
import { encode } from "../../domain/opamp/Encode.ts"
import { parseUid } from "../../domain/opamp/InstanceUid.ts"
import { MalformedMessage } from "../../domain/opamp/MalformedMessage.ts"
import type { Init, MessageType } from "../../domain/opamp/MessageType.ts"
import { AgentConfigMap, RemoteConfigStatus } from "../../domain/opamp/RemoteConfig.ts"
import { type AgentState, type DesiredConfig, unheard } from "./AgentState.ts"
import { configHash, hexOf } from "./ConfigHash.ts"

/** What of an agent outlives the control plane: who it is, what it should run, and how that went. */
export interface AgentRecord {
  /** The canonical text. */
  readonly instanceUid: string
  readonly lastSeenUnixMillis: number
  readonly capabilities: number
  /** Protobuf, `AgentDescription`. */
  readonly description: Uint8Array | undefined
  /** Protobuf, `RemoteConfigStatus`: the last that it has reported. */
  readonly remoteConfigStatus: Uint8Array | undefined
  /** Protobuf, `AgentConfigMap`. */
  readonly desired: Uint8Array | undefined
  /** Hexadecimal. */
  readonly failedHashes: ReadonlyArray<string>
}

export const desiredConfig = (config: AgentConfigMap): DesiredConfig => {
  const hash = configHash(config as Init<AgentConfigMap>)
  return { config, configHash: hash, hash: hexOf(hash) }
}

const encoded = <A>(type: MessageType<A>, value: A | undefined): Uint8Array | undefined =>
  value === undefined ? undefined : encode(type, value as Init<A>)

export const toRecord = (state: AgentState): AgentRecord => ({
  instanceUid: state.instanceUid,
  lastSeenUnixMillis: state.lastSeenMillis,
  capabilities: state.capabilities,
  description: encoded(AgentDescription, state.description),
  remoteConfigStatus: encoded(RemoteConfigStatus, state.remoteConfigStatus),
  desired: encoded(AgentConfigMap, state.desired?.config),
  failedHashes: state.failed
})

/** Whether `toRecord` of the two would differ, but for the time. */
export const differs = (a: AgentState, b: AgentState): boolean =>
  a.capabilities !== b.capabilities ||
  a.description !== b.description ||
  a.remoteConfigStatus !== b.remoteConfigStatus ||
  a.desired !== b.desired ||
  a.failed !== b.failed ||
  a.status !== b.status

/** The agent as it was, offline; the text says what is wrong with a record that is none. */
export const fromRecord = (record: AgentRecord): AgentState | string => {
  const uid = parseUid(record.instanceUid)
  if (uid === undefined) return "the uid is no UUID"
  const faults: Array<MalformedMessage> = []
  const read = <A>(type: MessageType<A>, bytes: Uint8Array | undefined): A | undefined => {
    const value = bytes === undefined ? undefined : decode(type, bytes)
    if (!(value instanceof MalformedMessage)) return value
    faults.push(value)
    return undefined
  }
  const description = read(AgentDescription, record.description)
  const remoteConfigStatus = read(RemoteConfigStatus, record.remoteConfigStatus)
  const desired = read(AgentConfigMap, record.desired)
  if (faults.length > 0) return String(faults[0])
  return {
    ...unheard(uid),
    lastSeenMillis: record.lastSeenUnixMillis,
    capabilities: record.capabilities,
    description,
    remoteConfigStatus,
    desired: desired === undefined ? undefined : desiredConfig(desired),
    failed: record.failedHashes
  }
}
