import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { AgentRemoteConfig } from "../../../src/domain/opamp/RemoteConfig.ts"
import { AgentCapability, makeUid } from "../../../src/opamp.ts"
import * as OpampClient from "../../../src/layers/actuation/opamp/client/OpampClient.ts"
import { formatUid } from "../../../src/domain/opamp/InstanceUid.ts"

const { AcceptsRemoteConfig, ReportsEffectiveConfig, ReportsHealth, ReportsRemoteConfig, ReportsHeartbeat, ReportsAvailableComponents } =
  AgentCapability

export const uid = makeUid(
  Date.now(),
  Uint8Array.from({ length: 10 }, (_, i) => i)
)

/** An agent's client that runs until it is disposed of, and what it was told. */
export class RunningClient implements AsyncDisposable {
  readonly configs: Array<AgentRemoteConfig> = []
  readonly uids: Array<string> = []
  /** What it slept between sessions (and polls), in milliseconds, with `isImpatient`, which lets it sleep for no time at all. */
  readonly sleeps: Array<number> = []
  private readonly scope = Scope.makeUnsafe()
  private made: OpampClient.OpampClient | undefined = undefined

  static async start(
    url: string,
    options: Partial<OpampClient.OpampClientOptions> & {
      readonly headers?: { readonly [name: string]: string }
      readonly maxMessageBytes?: number
      readonly isImpatient?: boolean
    } = {}
  ): Promise<RunningClient> {
    const running = new RunningClient()
    const { headers = {}, maxMessageBytes = 1 << 20, isImpatient = false, ...more } = options
    const effect = OpampClient.make({
      endpoint: { url, headers, tls: {}, maxMessageBytes },
      pollingMillis: 30_000,
      instanceUid: uid,
      capabilities:
        AcceptsRemoteConfig | ReportsEffectiveConfig | ReportsHealth | ReportsRemoteConfig | ReportsHeartbeat | ReportsAvailableComponents,
      report: {
        agentDescription: { identifyingAttributes: [{ key: "service.name", value: { stringValue: "gw" } }], nonIdentifyingAttributes: [] },
        health: {
          healthy: true,
          startTimeUnixNano: 1n,
          lastError: "",
          status: "",
          statusTimeUnixNano: 1n,
          componentHealthMap: new Map(),
          attributes: []
        },
        effectiveConfig: { configMap: { configMap: new Map() } },
        remoteConfigStatus: { lastRemoteConfigHash: new Uint8Array(0), status: 0, errorMessage: "" },
        availableComponents: {
          components: new Map([["receivers", { metadata: [], subComponentMap: new Map() }]]),
          hash: Uint8Array.of(7)
        }
      },
      handlers: {
        remoteConfig: (config) => running.configs.push(config),
        ownMetrics: () => {},
        newInstanceUid: (given) => running.uids.push(formatUid(given))
      },
      ...more
    }).pipe(Scope.provide(running.scope))
    running.made = await Effect.runPromise(
      isImpatient ? Effect.flatMap(impatient(running.sleeps), (clock) => Effect.provideService(effect, Clock.Clock, clock)) : effect
    )
    return running
  }

  get client(): OpampClient.OpampClient {
    return this.made!
  }

  stop(): Promise<void> {
    return Effect.runPromise(Scope.close(this.scope, Exit.void))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

/** The clock, but a sleep is over at once, and noted. */
const impatient = (sleeps: Array<number>): Effect.Effect<Clock.Clock> =>
  Effect.clockWith((clock) =>
    Effect.sync((): Clock.Clock =>
      Object.assign(Object.create(clock), {
        sleep: (duration: Duration.Duration) =>
          Effect.suspend(() => {
            sleeps.push(Duration.toMillis(duration))
            return clock.sleep(Duration.millis(1))
          })
      })
    )
  )
