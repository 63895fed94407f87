import { bytes, message, string, strings } from "./MessageType.ts"

/** What each side understands beyond the specification, by reverse domain names. */
export interface CustomCapabilities {
  readonly capabilities: ReadonlyArray<string>
}

export interface CustomMessage {
  readonly capability: string
  readonly type: string
  readonly data: Uint8Array
}

export const CustomCapabilities = message<CustomCapabilities>("CustomCapabilities", { capabilities: strings(1) })

export const CustomMessage = message<CustomMessage>("CustomMessage", { capability: string(1), type: string(2), data: bytes(3) })
