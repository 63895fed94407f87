import { KeyValue } from "./Attributes.ts"
import { bytes, list, map, message, type MessageType } from "./MessageType.ts"

/** Who an agent is: attributes that identify it (`service.*`), and what else it tells (`os.*`, `host.*`, labels). */
export interface AgentDescription {
  readonly identifyingAttributes: ReadonlyArray<KeyValue>
  readonly nonIdentifyingAttributes: ReadonlyArray<KeyValue>
}

export const AgentDescription = message<AgentDescription>("AgentDescription", {
  identifyingAttributes: list(1, () => KeyValue),
  nonIdentifyingAttributes: list(2, () => KeyValue)
})

/** The components that an agent could run. A first report carries the hash alone; the map follows on request. */
export interface AvailableComponents {
  readonly components: ReadonlyMap<string, ComponentDetails>
  readonly hash: Uint8Array
}

export interface ComponentDetails {
  readonly metadata: ReadonlyArray<KeyValue>
  readonly subComponentMap: ReadonlyMap<string, ComponentDetails>
}

export const ComponentDetails: MessageType<ComponentDetails> = message<ComponentDetails>("ComponentDetails", {
  metadata: list(1, () => KeyValue),
  subComponentMap: map(2, () => ComponentDetails)
})

export const AvailableComponents = message<AvailableComponents>("AvailableComponents", {
  components: map(1, () => ComponentDetails),
  hash: bytes(2)
})
