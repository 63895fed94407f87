import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import type { AgentReport } from "./AgentReport.ts"
import { type AgentHandlers, Conversation } from "./Conversation.ts"
import { httpSession } from "./HttpSession.ts"
import { backoff, pace } from "./Pace.ts"
import type { Ended, Endpoint } from "./Session.ts"
import { webSocketSession } from "./WebSocketSession.ts"

export interface OpampClientOptions {
  readonly endpoint: Endpoint
  /** Over HTTP: milliseconds between requests with nothing to say; the server may ask for others. */
  readonly pollingMillis: number
  /** 16 bytes. */
  readonly instanceUid: Uint8Array
  /** Let the server choose the identity. */
  readonly requestsUid?: boolean
  /** Of `AgentCapability`. */
  readonly capabilities: number
  readonly report: AgentReport
  readonly handlers: AgentHandlers
}

export interface OpampClient {
  /** Changes what is reported; it is sent soon, or when there is a connection again. */
  readonly update: (change: Partial<AgentReport>) => void
  readonly instanceUid: () => Uint8Array
}

/**
 * Keeps an agent in touch with its control plane until the scope closes, over a WebSocket (`ws://`, `wss://`) or by polling.
 *
 * Full: cannot be, of each part only the latest state waits. Fails: never; it tries again, ever less often (see `pace`), and never sooner
 * than the server asks for. Closes: says goodbye.
 */
export const make = (options: OpampClientOptions): Effect.Effect<OpampClient, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { endpoint, pollingMillis } = options
    const conversation = new Conversation(options)
    const session = /^wss?:/i.test(endpoint.url)
      ? webSocketSession(endpoint, conversation)
      : httpSession(endpoint, conversation, pollingMillis)
    yield* Effect.forkScoped(keepUp(session, endpoint.url))
    return { update: (change) => conversation.update(change), instanceUid: () => conversation.instanceUid }
  })

/** Settings that only the network library refuses (a line break in a header): said like every other reason, since they may be changed. */
const cannotBegin = (defect: unknown): Effect.Effect<Ended> =>
  Effect.succeed({ reason: String(defect), wasHeard: false, retryAfterMillis: undefined })

/** One session after the other. A server that accepts and then closes is not called more often than one that does not answer. */
const keepUp = (session: Effect.Effect<Ended>, url: string): Effect.Effect<never> => {
  let failures = 0
  return Effect.gen(function* () {
    const since = yield* Clock.currentTimeMillis
    const { reason, wasHeard, retryAfterMillis = 0 } = yield* Effect.catchDefect(session, cannotBegin)
    const lasted = (yield* Clock.currentTimeMillis) - since
    failures = wasHeard && lasted >= pace.lasting ? 1 : failures + 1
    const wait = Math.max(backoff(failures, yield* Random.next), retryAfterMillis)
    // The first failures of a server that restarts are no news.
    const log = failures === 2 || failures % 20 === 0 ? Effect.logWarning : Effect.logDebug
    yield* log(`the control plane at ${url} cannot be reached (${reason}); the next attempt follows in ${(wait / 1000).toFixed(1)} s`)
    yield* Effect.sleep(wait)
  }).pipe(Effect.forever)
}
