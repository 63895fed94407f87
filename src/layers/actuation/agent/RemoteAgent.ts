import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import type { Scope } from "effect/Scope"
import type { Checked } from "../../../domain/config/Checked.ts"
import { isNoRemote } from "../../../domain/config/Overlay.ts"
import { type AgentRemoteConfig, type RemoteConfigStatus, RemoteConfigStatuses } from "../../../domain/opamp/RemoteConfig.ts"
import type { Steering } from "../../graph/Steering.ts"
import type { Registry } from "../../telemetry/Registry.ts"
import type { AgentMemory, Remembered } from "./AgentMemory.ts"
import { type Entries, type Meaning, meaningOf } from "./RemoteConfiguration.ts"
import { trial } from "./Trial.ts"

export interface RemoteAgentOptions {
  readonly gateway: Steering
  readonly telemetry: Registry
  readonly memory: AgentMemory
  /** Told of every change of the status. */
  readonly report: (status: RemoteConfigStatus) => void
}

/** Longest wait for the end of a patch; timers of Node end after 24 days. */
const longestMillis = 3_600_000
/** Between attempts to run what proved itself, when that has failed. */
const retryMillis = 60_000
/** What a server is told of a failure, in characters. */
const maxMessageLength = 8192

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
  /** What has proved itself, and is gone back to. */
  private proven: { readonly hash: string; readonly entries: Entries } = { hash: "", entries: new Map() }
  /** When a patch of what runs ends, in milliseconds since the epoch. */
  private until: number | undefined = undefined
  /** What ran before what is on trial, or was when a newer offer came; `undefined` while what runs has proved itself. */
  private before: Checked<unknown> | undefined = undefined
  private hashInForce = ""
  private status: RemoteConfigStatus = { lastRemoteConfigHash: new Uint8Array(0), status: RemoteConfigStatuses.UNSET, errorMessage: "" }

  private constructor({ gateway, telemetry, memory, report }: RemoteAgentOptions, inbox: Queue.Queue<AgentRemoteConfig>, now: number) {
    this.gateway = gateway
    this.telemetry = telemetry
    this.memory = memory
    this.tell = report
    this.inbox = inbox
    this.recall(now)
  }

  /** An agent that works until the scope closes. */
  static make(options: RemoteAgentOptions): Effect.Effect<RemoteAgent, never, Scope> {
    return Effect.gen(function* () {
      const agent = new RemoteAgent(options, yield* Queue.sliding<AgentRemoteConfig>(1), yield* Clock.currentTimeMillis)
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
  private recall(now: number): void {
    const { remote, failed } = this.memory.remembered
    if (remote !== undefined) {
      const meaning = meaningOf(remote.entries, now)
      const running = this.gateway.remote()
      if (Result.isSuccess(meaning) && (!isNoRemote(running) || isNoRemote(meaning.success.layer))) {
        this.proven = remote
        this.hashInForce = remote.hash
        // A patch may have ended since the gateway read it.
        this.until = running.patches.length === meaning.success.layer.patches.length ? meaning.success.changesAt : now
        this.status = statusOf(remote.hash, "APPLIED")
      } else this.status = statusOf(remote.hash, "FAILED", "it does not fit the agent's own files, or cannot be had, any more")
    }
    if (failed !== undefined) this.status = statusOf(failed.hash, "FAILED", failed.message)
  }

  private readonly work: Effect.Effect<never> = Effect.suspend(() => Effect.forever(this.step))

  /** Waits for an offer or for the end of a patch, whichever is first, and deals with it. */
  private readonly step = Effect.suspend(() =>
    Effect.gen({ self: this }, function* () {
      const now = yield* Clock.currentTimeMillis
      const wait = Math.max(0, Math.min(longestMillis, (this.until ?? Infinity) - now))
      const offered = yield* Effect.timeoutOption(Queue.take(this.inbox), wait)
      if (offered._tag === "Some") yield* this.apply(offered.value)
      else if ((this.until ?? Infinity) <= (yield* Clock.currentTimeMillis)) {
        if (yield* this.restore) yield* Effect.logInfo("a patch has come to its end and was taken out")
      }
    })
  )

  private apply({ config, configHash }: AgentRemoteConfig): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      const hash = toHex(configHash)
      if (this.isReported(configHash) && this.status.status !== RemoteConfigStatuses.APPLYING) return
      const entries: Entries = config?.configMap ?? new Map()
      const meaning = meaningOf(entries, yield* Clock.currentTimeMillis)
      if (Result.isFailure(meaning)) return yield* this.refuse(hash, meaning.failure)
      this.become(statusOf(hash, "APPLYING"))
      const before = this.before ?? this.gateway.current()
      const problem = yield* this.lay(meaning.success)
      if (problem !== undefined) return yield* this.refuse(hash, problem)
      this.before = before
      this.hashInForce = hash
      yield* Effect.logInfo(`remote configuration ${hash.slice(0, 12)} runs, on trial`)
      const watched = trial({ books: this.gateway.books, telemetry: this.telemetry, before, after: this.gateway.current() })
      const outcome = yield* Effect.raceFirst(
        Effect.map(watched, (fault) => ({ fault })),
        Effect.as(this.newer, "superseded" as const)
      )
      if (outcome === "superseded") return
      if (outcome.fault !== undefined) return yield* this.refuse(hash, outcome.fault)
      this.proven = { hash, entries }
      this.before = undefined
      yield* this.remember({ remote: this.proven, failed: undefined })
      this.become(statusOf(hash, "APPLIED"))
      yield* Effect.logInfo(`remote configuration ${hash.slice(0, 12)} applied`)
    })
  }

  /** Waits for an offer of something else; servers repeat themselves. */
  private readonly newer: Effect.Effect<void> = Effect.suspend(() =>
    Effect.flatMap(Queue.peek(this.inbox), ({ configHash }) =>
      this.isReported(configHash) ? Effect.andThen(Queue.take(this.inbox), this.newer) : Effect.void
    )
  )

  private isReported(configHash: Uint8Array): boolean {
    return toHex(configHash) === toHex(this.status.lastRemoteConfigHash)
  }

  /** Makes it run, or says why not. Nothing that a configuration sets off may end the agent. */
  private lay({ layer, changesAt }: Meaning): Effect.Effect<string | undefined> {
    return this.gateway.offer(layer).pipe(
      Effect.match({
        onFailure: ({ message }) => message,
        onSuccess: () => {
          this.until = changesAt
          return undefined
        }
      }),
      Effect.catchDefect((defect) => Effect.succeed(`internal error: ${String(defect)}`))
    )
  }

  /** Runs what has proved itself, as far as it still lasts; says whether that worked. */
  private readonly restore = Effect.suspend(() =>
    Effect.gen({ self: this }, function* () {
      const { hash, entries } = this.proven
      const now = yield* Clock.currentTimeMillis
      const meaning = meaningOf(entries, now)
      const problem = Result.isFailure(meaning) ? meaning.failure : yield* this.lay(meaning.success)
      if (problem === undefined) {
        this.hashInForce = hash
        this.before = undefined
        return true
      }
      this.until = now + retryMillis
      yield* Effect.logError(`what should run cannot be restored yet:\n${problem}`)
      return false
    })
  )

  private refuse(hash: string, reason: string): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      if (this.before !== undefined) yield* this.restore
      const message = reason.slice(0, maxMessageLength)
      yield* this.remember({ failed: { hash, message } })
      this.become(statusOf(hash, "FAILED", message))
      yield* Effect.logError(`remote configuration ${hash.slice(0, 12)} failed; what proved itself before runs:\n${message}`)
    })
  }

  private become(status: RemoteConfigStatus): void {
    this.status = status
    this.tell(status)
  }

  /** Over a restart. A full disk costs the memory, not the gateway. */
  remember(change: Partial<Remembered>): Effect.Effect<void> {
    return Effect.try({ try: () => this.memory.keep(change), catch: String }).pipe(
      Effect.catch((problem) => Effect.logWarning(`what runs is not remembered over a restart: ${problem}`))
    )
  }
}

const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")

const statusOf = (hash: string, status: keyof typeof RemoteConfigStatuses, errorMessage = ""): RemoteConfigStatus => ({
  lastRemoteConfigHash: new Uint8Array(Buffer.from(hash, "hex")),
  status: RemoteConfigStatuses[status],
  errorMessage
})
