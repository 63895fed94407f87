import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { ComponentError } from "./ComponentError.ts"
import { parseEndpoint } from "./Endpoint.ts"
import type { Engine } from "./Engine.ts"
import { Listener } from "./Listener.ts"

/** A component wants to serve an address. */
export interface Claim {
  /** The name in the configuration, for messages. */
  readonly component: string
  /** Leads from the component's section to the setting of the address. */
  readonly path: ReadonlyArray<string>
  /** What is spoken there (`grpc`, `http`), for those who print addresses. */
  readonly protocol: string
  /** `host:port`; port 0 lets the system choose, and is kept as long as the same setting of the same component asks for it. */
  readonly endpoint: string
}

/** A claim that was granted: bound, but not yet serving. */
export interface Binding {
  /** Serves the address with `engine` from now on; open connections go on. Synchronous, cannot fail. */
  readonly activate: (engine: Engine) => void
  /** `host:port` that clients reach. */
  readonly address: string
}

export interface BoundAddress {
  readonly component: string
  readonly protocol: string
  readonly address: string
}

/**
 * The bound addresses of the gateway. They belong to the graph, not to the receiver that asked: while some generation uses an address
 * it stays bound, and a swap changes only what serves it, so no connection is ever refused because a receiver changed.
 *
 * An address that no scope claims any more stops accepting at once; its open requests are answered first, for at most `drain`.
 */
export class Listeners extends Context.Service<
  Listeners,
  {
    readonly bind: (claim: Claim) => Effect.Effect<Binding, ComponentError, Scope.Scope>
    /** What is bound now, in the order of binding. */
    readonly addresses: () => ReadonlyArray<BoundAddress>
  }
>()("weir/layers/graph/Listeners") {
  /** `drain`: how long open requests of a closed address may take, in milliseconds. Default 10 s. */
  static readonly layerWith = (options: { readonly drain: number }): Layer.Layer<Listeners> =>
    Layer.sync(Listeners, () => make(options.drain))

  static readonly layer: Layer.Layer<Listeners> = Listeners.layerWith({ drain: 10_000 })
}

interface Entry {
  readonly listener: Listener
  readonly shown: BoundAddress
  readonly users: Set<Claim>
  /** Granted, and neither activated nor given back. */
  pending: Claim | undefined
}

const make = (drainMillis: number): Listeners["Service"] => {
  const entries = new Map<string, Entry>()
  const lock = Semaphore.makeUnsafe(1)

  const open = (key: string, claim: Claim) =>
    Effect.callback<Entry, ComponentError>((resume) => {
      const endpoint = parseEndpoint(claim.endpoint)
      if (endpoint === undefined) return resume(refuse(claim, `"${claim.endpoint}" is no address: expected host:port`))
      const listener = new Listener(drainMillis)
      listener.listen(endpoint, (error) => {
        if (error !== undefined) return resume(refuse(claim, explain(error, claim.endpoint, endpoint.port)))
        const shown = { component: claim.component, protocol: claim.protocol, address: listener.address }
        const entry = { listener, shown, users: new Set<Claim>(), pending: undefined }
        entries.set(key, entry)
        resume(Effect.succeed(entry))
      })
    })

  const take = (claim: Claim) =>
    Effect.gen(function* () {
      const key = keyOf(claim)
      const entry = entries.get(key) ?? (yield* open(key, claim))
      if (entry.pending !== undefined) {
        return yield* refuse(claim, `${claim.endpoint} is the address of ${entry.pending.component} (${entry.pending.path.join(".")}) too`)
      }
      entry.users.add(claim)
      entry.pending = claim
      return entry
    }).pipe(lock.withPermits(1))

  const giveBack = (claim: Claim, entry: Entry) =>
    Effect.suspend(() => {
      entry.users.delete(claim)
      if (entry.pending === claim) entry.pending = undefined
      if (entry.users.size > 0) return Effect.void
      entries.delete(keyOf(claim))
      return Effect.interruptible(closed(entry.listener))
    })

  return {
    bind: (claim) =>
      Effect.acquireRelease(take(claim), (entry) => giveBack(claim, entry)).pipe(
        Effect.map((entry) => ({
          address: entry.shown.address,
          activate: (engine) => {
            if (entry.pending === claim) entry.pending = undefined
            entry.listener.use(engine)
          }
        }))
      ),
    addresses: () => [...entries.values()].map(({ shown }) => shown)
  }
}

/** Ends when the last connection has; interrupted, it destroys what is open. */
const closed = (listener: Listener): Effect.Effect<void> =>
  Effect.callback((resume) => {
    listener.close(() => resume(Effect.void))
    return Effect.sync(() => listener.destroyAll())
  })

const keyOf = (claim: Claim): string =>
  claim.endpoint.endsWith(":0")
    ? [claim.endpoint, claim.component, ...claim.path].join(" ")
    : claim.endpoint.replace(/^localhost:/, "127.0.0.1:")

const refuse = (claim: Claim, message: string) => Effect.fail(new ComponentError({ component: claim.component, path: claim.path, message }))

const explain = (error: NodeJS.ErrnoException, endpoint: string, port: number): string => {
  switch (error.code) {
    case "EADDRINUSE":
      return `port ${port} is already in use (${endpoint}): stop the program that uses it or choose another port`
    case "EACCES":
      return `not allowed to listen on port ${port} (${endpoint}): choose a port above 1023 or grant the permission`
    case "EADDRNOTAVAIL":
      return `${endpoint} is no address of this machine`
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `the host name of ${endpoint} is unknown`
    default:
      return `cannot listen on ${endpoint}: ${error.message}`
  }
}
