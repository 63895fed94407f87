import { KeyValue } from "./Attributes.ts"
import { bool, fixed64, list, map, message, type MessageType, string } from "./MessageType.ts"

/** The health of an agent, or of a part of it, and of its parts in turn. */
export interface ComponentHealth {
  readonly healthy: boolean
  /** 0 while it does not run. */
  readonly startTimeUnixNano: bigint
  readonly lastError: string
  /** The agent's own word for it, e.g. `StatusOK`. */
  readonly status: string
  readonly statusTimeUnixNano: bigint
  readonly componentHealthMap: ReadonlyMap<string, ComponentHealth>
  readonly attributes: ReadonlyArray<KeyValue>
}

export const ComponentHealth: MessageType<ComponentHealth> = message<ComponentHealth>("ComponentHealth", {
  healthy: bool(1),
  startTimeUnixNano: fixed64(2),
  lastError: string(3),
  status: string(4),
  statusTimeUnixNano: fixed64(5),
  componentHealthMap: map(6, () => ComponentHealth),
  attributes: list(7, () => KeyValue)
})
