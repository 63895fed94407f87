import type { Init } from "../../domain/opamp/MessageType.ts"
import type { ServerToAgent } from "../../domain/opamp/ServerToAgent.ts"
import type { AgentLink } from "./AgentState.ts"

/**
 * A transport's side of a connection, made once for each. Many agents may speak on one.
 *
 * `push` sends a message that nobody asked for. It never waits: a transport whose peer does not read keeps the latest of each kind.
 */
export interface AgentConnection extends AgentLink {
  readonly push: (message: Init<ServerToAgent>) => void
}
