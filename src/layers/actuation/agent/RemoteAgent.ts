import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import type { Scope } from "effect/Scope"
import { noRemote, type RemoteLayer } from "../../../domain/config/Overlay.ts"
import { type AgentRemoteConfig, type RemoteConfigStatus, RemoteConfigStatuses } from "../../../domain/opamp/RemoteConfig.ts"
import type { Steering } from "../../graph/Steering.ts"
import type { Registry } from "../../telemetry/Registry.ts"
import type { AgentMemory } from "./AgentMemory.ts"
import { type Entries, meaningOf } from "./RemoteConfiguration.ts"
import { recordsOf, trial } from "./Trial.ts"

export interface RemoteAgentOptions {
  readonly gateway: Steering
  readonly telemetry: Registry
  readonly memory: AgentMemory
  /** Told of every change of the status. */
  readonly report: (status: RemoteConfigStatus) => void
}

/** Longest wait for the next expiry; timers of Node end after 24 days. */
const longestMillis = 3_600_000

/**
 * Applies what the control plane offers: composes it with the agent's own files, swaps, watches whether what changed works, and goes
 * back to what ran before if it does not. Only the latest offer waits; a newer one ends the watch over its predecessor.
 *
 * A patch that has come to its end is taken out here, whether or not there is a control plane.
 */
export class RemoteAgent {
  private readonly gateway: Steering
  private readonly telemetry: Registry
  private readonly memory: AgentMemory
  private readonly tell: (status: RemoteConfigStatus) => void
  private readonly inbox: Queue.Queue<AgentRemoteConfig>
  /** What runs, and what to go back to: the last that proved itself. */
  private entries: Entries = new Map()
  private proven: RemoteLayer
  private hashInForce = ""
  /** What runs has not proved itself yet. */
  private isOnTrial = false
  private status: RemoteConfigStatus = { lastRemoteConfigHash: new Uint8Array(0), status: RemoteConfigStatuses.UNSET, errorMessage: "" }

  private constructor({ gateway, telemetry, memory, report }: RemoteAgentOptions, inbox: Queue.Queue<AgentRemoteConfig>) {
    this.gateway = gateway
    this.telemetry = telemetry
    this.memory = memory
    this.tell = report
    this.inbox = inbox
    this.proven = gateway.remote()
    this.recall()
  }

  /** An agent that works until the scope closes. */
  static make(options: RemoteAgentOptions): Effect.Effect<RemoteAgent, never, Scope> {
    return Effect.gen(function* () {
      const agent = new RemoteAgent(options, yield* Queue.sliding<AgentRemoteConfig>(1))
      yield* Effect.forkScoped(agent.work)
      return agent
    })
  }

  /** An offer has come; does not wait. */
  offer(config: AgentRemoteConfig): void {
    Queue.offerUnsafe(this.inbox, config)
  }

  get currentStatus(): RemoteConfigStatus {
    return this.status
  }

  /** Hash of the remote configuration that runs, in hex; empty for none. */
  get revision(): string {
    return this.hashInForce
  }

  /** What an earlier life has left: the gateway started with it, or left it out because it does not fit any more. */
  private recall(): void {
    const { remote, failed } = this.memory.remembered
    if (remote !== undefined) {
      const isLeftOut = this.gateway.remote() === noRemote && remote.entries.size > 0
      this.status = isLeftOut
        ? statusOf(remote.hash, "FAILED", "it does not fit the agent's own files any more")
        : statusOf(remote.hash, "APPLIED")
      if (!isLeftOut) {
        this.entries = remote.entries
        this.hashInForce = remote.hash
      }
    }
    if (failed !== undefined) this.status = statusOf(failed.hash, "FAILED", failed.message)
  }

  private readonly work: Effect.Effect<never> = Effect.suspend(() => Effect.forever(this.step))

  /** Waits for an offer or for the end of a patch, whichever is first, and deals with it. */
  private readonly step = Effect.suspend(() =>
    Effect.gen({ self: this }, function* () {
      const now = yield* Clock.currentTimeMillis
      const meaning = meaningOf(this.entries, now)
      const changesAt = Result.isSuccess(meaning) ? meaning.success.changesAt : undefined
      const wait = Math.min(longestMillis, changesAt === undefined ? longestMillis : Math.max(0, changesAt - now) + 1)
      const offered = yield* Effect.timeoutOption(Queue.take(this.inbox), wait)
      if (offered._tag === "Some") yield* this.apply(offered.value)
      else if (changesAt !== undefined) yield* this.expire
    })
  )

  private readonly expire = Effect.suspend(() =>
    Effect.gen({ self: this }, function* () {
      const meaning = meaningOf(this.entries, yield* Clock.currentTimeMillis)
      if (Result.isFailure(meaning)) return
      yield* this.gateway.offer(meaning.success.layer).pipe(
        Effect.andThen(
          Effect.sync(() => {
            this.proven = meaning.success.layer
          })
        ),
        Effect.andThen(Effect.logInfo("a patch has come to its end and was taken out")),
        Effect.catch(({ message }) =>
          Effect.andThen(Effect.logError(`a patch that has come to its end cannot be taken out yet:\n${message}`), Effect.sleep(1000))
        )
      )
    })
  )

  private apply({ config, configHash }: AgentRemoteConfig): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      const hash = Buffer.from(configHash).toString("hex")
      const known = Buffer.from(this.status.lastRemoteConfigHash).toString("hex")
      if (hash === known && this.status.status !== RemoteConfigStatuses.APPLYING) return
      const entries: Entries = config?.configMap ?? new Map()
      const meaning = meaningOf(entries, yield* Clock.currentTimeMillis)
      if (Result.isFailure(meaning)) return yield* this.failed(hash, meaning.failure)
      this.become(statusOf(hash, "APPLYING"))
      const before = this.gateway.current()
      const since = recordsOf(this.gateway.books, this.telemetry)
      const offered = yield* Effect.result(this.gateway.offer(meaning.success.layer))
      if (Result.isFailure(offered)) {
        if (this.isOnTrial) yield* this.goBack
        return yield* this.failed(hash, offered.failure.message)
      }
      this.hashInForce = hash
      this.isOnTrial = true
      yield* Effect.logInfo(`remote configuration ${hash.slice(0, 12)} runs, on trial`)
      const watched = trial({ books: this.gateway.books, telemetry: this.telemetry, before, after: this.gateway.current(), since })
      const superseded = Effect.as(Queue.peek(this.inbox), "superseded" as const)
      const outcome = yield* Effect.raceFirst(
        Effect.map(watched, (problem) => ({ problem })),
        superseded
      )
      if (outcome === "superseded") return
      if (outcome.problem !== undefined) {
        yield* this.goBack
        return yield* this.failed(hash, `${outcome.problem}; what ran before runs again`)
      }
      this.entries = entries
      this.proven = meaning.success.layer
      this.isOnTrial = false
      this.keep({ remote: { hash, entries }, failed: undefined })
      this.become(statusOf(hash, "APPLIED"))
      yield* Effect.logInfo(`remote configuration ${hash.slice(0, 12)} applied`)
    })
  }

  private readonly goBack = Effect.suspend(() =>
    this.gateway.offer(this.proven).pipe(
      Effect.andThen(
        Effect.sync(() => {
          this.hashInForce = this.memory.remembered.remote?.hash ?? ""
          this.isOnTrial = false
        })
      ),
      Effect.catch(({ message }) => Effect.logError(`what ran before cannot be restored:\n${message}`))
    )
  )

  private failed(hash: string, message: string): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.keep({ failed: { hash, message } })
      this.become(statusOf(hash, "FAILED", message))
      return Effect.logError(`remote configuration ${hash.slice(0, 12)} failed, what ran before stays:\n${message}`)
    })
  }

  private become(status: RemoteConfigStatus): void {
    this.status = status
    this.tell(status)
  }

  /** Remembers over a restart. A full disk costs the memory, not the gateway. */
  keep(change: Parameters<AgentMemory["keep"]>[0]): void {
    try {
      this.memory.keep(change)
    } catch {
      // Said at the next start, when the server sends it again.
    }
  }
}

const statusOf = (hash: string, status: keyof typeof RemoteConfigStatuses, errorMessage = ""): RemoteConfigStatus => ({
  lastRemoteConfigHash: new Uint8Array(Buffer.from(hash, "hex")),
  status: RemoteConfigStatuses[status],
  errorMessage
})
