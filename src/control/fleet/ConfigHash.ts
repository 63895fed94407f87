import { createHash } from "node:crypto"
import { encode } from "../../domain/opamp/Encode.ts"
import type { Init } from "../../domain/opamp/MessageType.ts"
import { AgentConfigMap } from "../../domain/opamp/RemoteConfig.ts"

/**
 * The hash that a remote configuration is offered under: SHA-256 over its one encoding, that is names in order, each with body, content
 * type and role. So equal content has equal hashes, whoever wrote it down in which order, and whenever.
 */
export const configHash = (config: Init<AgentConfigMap>): Uint8Array => sha256(encode(AgentConfigMap, config))

export const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash("sha256").update(bytes).digest())

export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex")
