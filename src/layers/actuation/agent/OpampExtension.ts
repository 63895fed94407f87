import { randomBytes } from "node:crypto"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { noRemote } from "../../../domain/config/Overlay.ts"
import { AgentCapability } from "../../../domain/opamp/Capability.ts"
import type { TelemetryConnectionSettings } from "../../../domain/opamp/ConnectionSettings.ts"
import { formatUid, makeUid, parseUid } from "../../../domain/opamp/InstanceUid.ts"
import { version } from "../../cli/Version.ts"
import { load } from "../../delivery/TlsClient.ts"
import { type ExtensionContext, extension } from "../../graph/Component.ts"
import { ComponentError } from "../../graph/ComponentError.ts"
import { type Destination, Reporter } from "../../observation/Reporter.ts"
import * as OpampClient from "../opamp/client/OpampClient.ts"
import { AgentMemory } from "./AgentMemory.ts"
import { availableComponentsOf, descriptionOf, effectiveConfigOf, healthOf } from "./AgentStatus.ts"
import { Faults } from "./Faults.ts"
import { OpampConfig } from "./OpampConfig.ts"
import { RemoteAgent } from "./RemoteAgent.ts"
import { meaningOf } from "./RemoteConfiguration.ts"

/** Largest message of a server (specification: 64 MiB). */
const maxMessageBytes = 64 << 20
/** Between two looks at what there is to report. */
const lookMillis = 1000

const capabilityBits = {
  accepts_remote_config: AgentCapability.AcceptsRemoteConfig,
  reports_effective_config: AgentCapability.ReportsEffectiveConfig,
  reports_remote_config: AgentCapability.ReportsRemoteConfig,
  reports_health: AgentCapability.ReportsHealth,
  reports_heartbeat: AgentCapability.ReportsHeartbeat,
  reports_available_components: AgentCapability.ReportsAvailableComponents,
  reports_own_metrics: AgentCapability.ReportsOwnMetrics
} as const satisfies { readonly [K in keyof OpampConfig["capabilities"]]?: number }

const bitsOf = (capabilities: OpampConfig["capabilities"]): number =>
  (Object.keys(capabilityBits) as Array<keyof typeof capabilityBits>)
    .filter((name) => capabilities[name])
    .reduce<number>((bits, name) => bits | capabilityBits[name], AgentCapability.ReportsStatus)

const serverOf = ({ server: { ws, http } }: OpampConfig) =>
  ws === undefined ? { ...http!, pollingMillis: http!.polling_interval } : { ...ws, pollingMillis: 0 }

/**
 * Makes the gateway an agent of an OpAMP control plane: reports what it is, runs and how it is, and runs what it is sent.
 *
 * Without the control plane it runs what worked last. Fails: at the start only, over TLS files; later troubles are logged and tried again.
 */
export const opamp = extension<OpampConfig>({
  type: "opamp",
  description: "Reports to an OpAMP server, and runs the configuration that it sends, laid over the own files.",
  config: OpampConfig,
  remote: ({ storage, capabilities, remote_expansion: { env, files } }) => {
    const remembered = capabilities.accepts_remote_config ? new AgentMemory(storage.directory).remembered.remote : undefined
    const meaning = remembered === undefined ? undefined : meaningOf(remembered.entries, Date.now())
    return { remembered: meaning !== undefined && Result.isSuccess(meaning) ? meaning.success.layer : noRemote, env, files }
  },
  make: (config, context) =>
    Effect.gen(function* () {
      const server = serverOf(config)
      const tls = server.tls === undefined ? {} : yield* load(context.id, server.tls)
      const memory = new AgentMemory(config.storage.directory)
      const startedMillis = yield* Clock.currentTimeMillis
      const uid =
        parseUid(config.instance_uid ?? memory.remembered.instanceUid ?? "") ?? makeUid(startedMillis, new Uint8Array(randomBytes(10)))
      yield* Effect.try({
        try: () => memory.keep({ instanceUid: formatUid(uid) }),
        catch: (cause) =>
          new ComponentError({ component: context.id, path: ["storage", "directory"], message: `cannot be written to: ${String(cause)}` })
      })

      const { capabilities } = config
      const labels = config.agent_description.non_identifying_attributes
      const health = healthReader(context, BigInt(startedMillis) * 1_000_000n)
      const looks = () => ({
        ...(capabilities.reports_health ? { health: health() } : {}),
        ...(capabilities.reports_effective_config ? { effectiveConfig: effectiveConfigOf(context.gateway.shown()) } : {})
      })
      const agent = yield* RemoteAgent.make({
        gateway: context.gateway,
        telemetry: context.telemetry,
        memory,
        report: (remoteConfigStatus) => client.update({ ...(capabilities.reports_remote_config ? { remoteConfigStatus } : {}), ...looks() })
      })
      const reporter = yield* Reporter.make({
        observer: context.gateway.observer,
        books: context.gateway.books,
        telemetry: context.telemetry,
        identity: () => ({ agent: formatUid(client.instanceUid()), revision: agent.revision })
      })
      const client = yield* OpampClient.make({
        endpoint: { url: server.endpoint, headers: server.headers, tls, maxMessageBytes },
        pollingMillis: server.pollingMillis,
        instanceUid: uid,
        capabilities: bitsOf(capabilities),
        report: {
          agentDescription: descriptionOf(uid, version, labels),
          ...(capabilities.reports_remote_config ? { remoteConfigStatus: agent.currentStatus } : {}),
          ...(capabilities.reports_available_components
            ? { availableComponents: availableComponentsOf(context.gateway.components()) }
            : {}),
          ...looks()
        },
        handlers: {
          remoteConfig: (offered) => agent.offer(offered),
          ownMetrics: (offered) => reporter.send(destinationOf(offered), Date.now()),
          newInstanceUid: (given) => {
            Effect.runFork(agent.remember({ instanceUid: formatUid(given) }))
            client.update({ agentDescription: descriptionOf(given, version, labels) })
          }
        }
      })
      yield* Effect.forkScoped(
        Effect.forever(
          Effect.delay(
            Effect.sync(() => client.update(looks())),
            lookMillis
          )
        )
      )
    })
})

/** Where a server wants observations; nowhere, if it names no endpoint. */
const destinationOf = ({ destinationEndpoint, headers }: TelemetryConnectionSettings): Destination | undefined =>
  destinationEndpoint === ""
    ? undefined
    : { endpoint: destinationEndpoint, headers: Object.fromEntries((headers?.headers ?? []).map(({ key, value }) => [key, value])) }

const healthReader = ({ gateway, telemetry, isReady }: ExtensionContext, startedAt: bigint) => {
  const faults = new Faults(gateway.books, telemetry)
  return () => healthOf({ isReady: isReady(), startedAt, running: gateway.current(), faults: faults.look(performance.now()) })
}
