import { randomBytes } from "node:crypto"
import type { ConnectionOptions } from "node:tls"
import { context, diag, ROOT_CONTEXT } from "@opentelemetry/api"
import { suppressTracing } from "@opentelemetry/core"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import type { AgentDescription } from "../../domain/opamp/AgentDescription.ts"
import type { KeyValue } from "../../domain/opamp/Attributes.ts"
import { AgentCapability } from "../../domain/opamp/Capability.ts"
import type { ComponentHealth } from "../../domain/opamp/ComponentHealth.ts"
import { makeUid, parseUid } from "../../domain/opamp/InstanceUid.ts"
import {
  type AgentRemoteConfig,
  type EffectiveConfig,
  type RemoteConfigStatus,
  RemoteConfigStatuses
} from "../../domain/opamp/RemoteConfig.ts"
import * as OpampClient from "../actuation/opamp/client/OpampClient.ts"
import type { AgentControl, Applied, ControlledAgent } from "./AgentControl.ts"

export interface OpampControlOptions {
  /** `ws://`, `wss://`, or `http://`, `https://` to poll: `ws://localhost:4320/v1/opamp`. */
  readonly endpoint: string
  readonly headers?: Readonly<Record<string, string>>
  /** For `wss://` and `https://`. */
  readonly tls?: ConnectionOptions
  /** Over HTTP, with nothing to say; the server may ask for others. Default 30 s. */
  readonly pollingMillis?: number
}

/** The entry of a remote configuration that is for applications. */
export const documentName = "weir/agent"

const contentType = "application/json"
const maxMessageBytes = 4 << 20
const defaultPollingMillis = 30_000

const { AcceptsRemoteConfig, ReportsEffectiveConfig, ReportsHealth, ReportsHeartbeat, ReportsRemoteConfig } = AgentCapability
const capabilities = AcceptsRemoteConfig | ReportsEffectiveConfig | ReportsHealth | ReportsHeartbeat | ReportsRemoteConfig

/**
 * Takes documents from a control plane over OpAMP, and reports what became of them: APPLIED, or FAILED with the reason. A remote
 * configuration without the entry `weir/agent` is none for this agent: it goes back to its own options.
 *
 * Throws where the endpoint is no such URL. Later nothing does: a server that is away is tried again, ever less often, and meanwhile
 * what was applied last stays in force. Connected, it keeps the process alive until the agent is shut down.
 */
export const opampControl = (options: OpampControlOptions): AgentControl => {
  const { endpoint, headers = {}, pollingMillis = defaultPollingMillis, tls = {} } = options
  if (!/^(?:wss?|https?):$/.test(URL.canParse(endpoint) ? new URL(endpoint).protocol : "")) {
    throw new Error(`weir/agent: control endpoint "${endpoint}" is not a ws, wss, http or https URL such as "ws://localhost:4320/v1/opamp"`)
  }
  const connect = (agent: ControlledAgent) => {
    const client = OpampClient.make({
      endpoint: { url: endpoint, headers, tls, maxMessageBytes },
      pollingMillis,
      instanceUid: parseUid(agent.identifying["service.instance.id"] ?? "") ?? makeUid(Date.now(), randomBytes(10)),
      capabilities,
      report: { agentDescription: descriptionOf(agent), health: healthy(), effectiveConfig: effectiveOf(agent) },
      handlers: {
        remoteConfig: (config) => {
          const status = statusOf(config, applyTo(agent, config))
          update({ remoteConfigStatus: status, effectiveConfig: effectiveOf(agent) })
        },
        ownMetrics: () => {},
        newInstanceUid: () => {}
      }
    })
    let update: OpampClient.OpampClient["update"] = () => {}
    const connected = Effect.scoped(
      Effect.flatMap(client, (client) => {
        update = client.update
        return Effect.never
      })
    ).pipe(Effect.provide(Logger.layer([toDiag])))
    // What traces HTTP clients must not trace the agent's own connection.
    const fiber = context.with(suppressTracing(ROOT_CONTEXT), () => Effect.runFork(connected))
    return { close: () => Effect.runPromise(Effect.asVoid(Fiber.interrupt(fiber))) }
  }
  return { connect }
}

/** An application that has not asked for it gets no lines on its console: the SDK's diagnostics decide. */
const toDiag = Logger.make(({ logLevel, message }) => {
  const text = `weir/agent: ${[message].flat().map(String).join(" ")}`
  if (logLevel === "Warn" || logLevel === "Error" || logLevel === "Fatal") diag.warn(text)
  else diag.debug(text)
})

const applyTo = (agent: ControlledAgent, { config }: AgentRemoteConfig): Applied => {
  const entry = config?.configMap.get(documentName)
  if (entry === undefined) return agent.apply("")
  if (entry.contentType !== "" && entry.contentType !== contentType) {
    return { _tag: "Failed", message: `"${documentName}" has the content type ${entry.contentType}; ${contentType} was expected` }
  }
  try {
    return agent.apply(new TextDecoder("utf-8", { fatal: true }).decode(entry.body))
  } catch {
    return { _tag: "Failed", message: `"${documentName}" is not UTF-8` }
  }
}

const statusOf = ({ configHash }: AgentRemoteConfig, applied: Applied): RemoteConfigStatus => ({
  lastRemoteConfigHash: configHash,
  status: applied._tag === "Applied" ? RemoteConfigStatuses.APPLIED : RemoteConfigStatuses.FAILED,
  errorMessage: applied._tag === "Applied" ? "" : applied.message
})

const effectiveOf = (agent: ControlledAgent): EffectiveConfig => ({
  configMap: { configMap: new Map([[documentName, { body: new TextEncoder().encode(agent.effective()), contentType, role: "" }]]) }
})

const descriptionOf = ({ identifying, nonIdentifying }: ControlledAgent): AgentDescription => ({
  identifyingAttributes: texts(identifying),
  nonIdentifyingAttributes: texts(nonIdentifying)
})

const texts = (attributes: Readonly<Record<string, string>>): ReadonlyArray<KeyValue> =>
  Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } }))

const healthy = (): ComponentHealth => {
  const now = BigInt(Date.now()) * 1_000_000n
  return {
    healthy: true,
    startTimeUnixNano: now,
    lastError: "",
    status: "StatusOK",
    statusTimeUnixNano: now,
    componentHealthMap: new Map(),
    attributes: []
  }
}
