import { AgentCapability } from "../../domain/opamp/Capability.ts"
import type { Happening } from "../../domain/loop/Event.ts"
import type { AgentSnapshot } from "../fleet/AgentSnapshot.ts"
import { textOf } from "../fleet/AgentSnapshot.ts"
import type { ConfigState } from "../fleet/FleetEvent.ts"

/** What the loop has to know of an agent. */
export const agentChanged = (agent: AgentSnapshot): Happening => ({
  _tag: "AgentChanged",
  uid: agent.instanceUid,
  key: keyOf(agent),
  labels: Object.fromEntries(agent.attributes),
  online: agent.status === "online",
  acceptsRemoteConfig: (agent.capabilities & AgentCapability.AcceptsRemoteConfig) !== 0
})

/** What an agent is known by across restarts: its identifying attributes, in order; its uid while it has told none. */
const keyOf = ({ description, instanceUid }: AgentSnapshot): string => {
  const attributes = description?.identifyingAttributes ?? []
  if (attributes.length === 0) return instanceUid
  return JSON.stringify(attributes.map(({ key, value }) => [key, textOf(value)]).toSorted(([a], [b]) => (a! < b! ? -1 : 1)))
}

/** How the loop calls what the fleet calls a configuration's state; `undefined` is nothing to tell. */
export const statusOf: { readonly [S in ConfigState]: "APPLYING" | "APPLIED" | "FAILED" | undefined } = {
  unset: undefined,
  applying: "APPLYING",
  applied: "APPLIED",
  failed: "FAILED"
}
