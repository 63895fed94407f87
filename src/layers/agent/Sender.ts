import type { Agent as HttpAgent } from "node:http"
import { Agent as PlainAgent } from "node:http"
import { Agent as TlsAgent } from "node:https"
import { promisify } from "node:util"
import { gzip } from "node:zlib"
import { context, diag, ROOT_CONTEXT } from "@opentelemetry/api"
import { suppressTracing } from "@opentelemetry/core"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Signal } from "../../domain/Signal.ts"
import { backoffMillis, type RetrySettings } from "../../streams/Backoff.ts"
import { ExportError } from "../../streams/ExportError.ts"
import { GrpcCode } from "../../domain/GrpcCode.ts"
import { post } from "../delivery/HttpPost.ts"
import { interpret } from "../delivery/HttpVerdict.ts"
import type { Drops } from "./Drops.ts"
import type { Pressure } from "./Pressure.ts"
import { itemsOf, type Parcel, requestSignal, type Waiting } from "./Waiting.ts"

export interface SenderOptions {
  /** Base address; `/v1/traces` and the others are added. */
  readonly endpoint: URL
  readonly headers: Readonly<Record<string, string>>
  readonly compression: "gzip" | "none"
  readonly now: () => number
  readonly random: () => number
}

/** Waits after failures in a row where the backend names none. How long in all is up to `limits.maxAgeMillis`. */
const retry: RetrySettings = {
  enabled: true,
  initial_interval: 1000,
  multiplier: 1.5,
  randomization_factor: 0.5,
  max_interval: 30_000,
  max_elapsed_time: 0
}

/** A backend that asks to stay away longer is asked again after this. */
const longestRetryAfterMillis = 600_000

/** Requests do not become smaller than this after HTTP 413. */
const smallestRequestBytes = 64 * 1024

const compress = promisify(gzip)

const timedOut = new ExportError({ retryable: true, code: GrpcCode.DEADLINE_EXCEEDED, message: "no answer in time" })

/** Nothing is known that gets here; if something does, it is the telemetry that pays. */
const fault = (error: unknown): ExportError => new ExportError({ retryable: false, code: GrpcCode.INTERNAL, message: String(error) })

/**
 * Sends what waits, one request at a time, over a kept connection.
 *
 * **Reads** parcels; **emits** OTLP/HTTP protobuf requests. **Fails** for a while (429, 502, 503, 504, the network, a time-out): the
 * parcels go back to their lanes, nothing is sent before `Retry-After` (or a growing, jittered wait) has passed, and the pressure rises.
 * Fails for good: the items are dropped and counted; a request that is too large for the backend (413) is made smaller first. After a
 * time of pressure requests are paced. **Closes**: `drain` sends what is there until its deadline; what is left is for the owner to drop.
 * No timer of its own keeps the process alive.
 */
export class Sender {
  private readonly options: SenderOptions
  private readonly waiting: Waiting
  private readonly pressure: Pressure
  private readonly drops: Drops
  private readonly agent: HttpAgent
  private readonly urls: { readonly [S in Signal]: URL }
  private failures = 0
  /** After a failure nothing is sent before this. */
  private notBeforeMillis = Number.NEGATIVE_INFINITY
  /** After a success under pressure neither, unless the agent is shutting down. */
  private pacedMillis = Number.NEGATIVE_INFINITY
  private largestRequestBytes = Number.POSITIVE_INFINITY
  private running: Promise<void> | undefined = undefined
  private isResting = true
  private readonly onRest: Array<() => void> = []
  private endPause = (): void => {}
  private isDraining = false
  private readonly stopping = new AbortController()

  constructor(options: SenderOptions, waiting: Waiting, pressure: Pressure, drops: Drops) {
    this.options = options
    this.waiting = waiting
    this.pressure = pressure
    this.drops = drops
    const isTls = options.endpoint.protocol === "https:"
    this.agent = isTls ? new TlsAgent({ keepAlive: true, maxSockets: 1 }) : new PlainAgent({ keepAlive: true, maxSockets: 1 })
    const base = options.endpoint.href.replace(/\/$/, "")
    this.urls = { traces: new URL(`${base}/v1/traces`), metrics: new URL(`${base}/v1/metrics`), logs: new URL(`${base}/v1/logs`) }
  }

  /** There is something to send. Returns at once. */
  wake(): void {
    // Outside of any span of the application, and untraced: what traces HTTP clients must not trace the exporter.
    if (this.running !== undefined || !this.waiting.hasParcels || this.stopping.signal.aborted) return
    this.isResting = false
    this.running = context
      .with(suppressTracing(ROOT_CONTEXT), () => this.run())
      .finally(() => {
        this.running = undefined
        this.rest()
        this.wake()
      })
  }

  /** Resolves when nothing waits any more, or when what waits has to wait longer: after a failure, or while requests are paced. */
  flushed(): Promise<void> {
    this.wake()
    return this.isResting ? Promise.resolve() : new Promise((resolve) => this.onRest.push(resolve))
  }

  /**
   * Resolves when nothing waits any more, or when `deadline` aborts; then the request under way is cut off. Requests are not paced any
   * more, but a backend that asked for time gets it.
   */
  async drain(deadline: AbortSignal): Promise<void> {
    if (deadline.aborted) this.stop()
    else deadline.addEventListener("abort", () => this.stop(), { once: true })
    this.isDraining = true
    this.endPause()
    while (this.running !== undefined || (this.waiting.hasParcels && !this.stopping.signal.aborted)) {
      this.wake()
      await this.running
    }
  }

  close(): void {
    this.stop()
    this.agent.destroy()
  }

  private stop(): void {
    this.stopping.abort()
    this.endPause()
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping
    while (this.waiting.hasParcels && !signal.aborted) {
      const waitMillis = this.waitMillis()
      if (waitMillis > 0) {
        await this.pause(waitMillis)
        continue
      }
      const parcels = this.waiting.take(this.options.now(), this.largestRequestBytes)
      if (parcels.length > 0) this.settle(parcels, await this.send(parcels).catch(fault))
    }
  }

  private waitMillis(): number {
    const untilMillis = this.isDraining ? this.notBeforeMillis : Math.max(this.notBeforeMillis, this.pacedMillis)
    return untilMillis - this.options.now()
  }

  /** Without keeping the process alive; `endPause` ends it early. */
  private pause(millis: number): Promise<void> {
    this.rest()
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        this.isResting = false
        this.endPause = () => {}
        resolve()
      }
      const timer = setTimeout(end, millis).unref()
      this.endPause = end
    })
  }

  private rest(): void {
    this.isResting = true
    for (const resolve of this.onRest.splice(0)) resolve()
  }

  private async send(parcels: ReadonlyArray<Parcel>): Promise<{ readonly rejected: number; readonly message?: string } | ExportError> {
    const { compression, headers } = this.options
    const joined = parcels.length === 1 ? parcels[0]!.bytes : Buffer.concat(parcels.map(({ bytes }) => bytes))
    const body = compression === "gzip" ? await compress(joined, { level: 1 }) : joined
    const signal = requestSignal(parcels)
    const timeout = AbortSignal.any([AbortSignal.timeout(this.waiting.limits.timeoutMillis), this.stopping.signal])
    const request = post(
      this.urls[signal],
      this.agent,
      {
        ...headers,
        "content-type": "application/x-protobuf",
        "content-length": body.length,
        ...(compression === "gzip" ? { "content-encoding": "gzip" } : {})
      },
      [body]
    ).pipe(
      Effect.map((answer) => interpret(signal, answer, Date.now())),
      Effect.catch(Effect.succeed)
    )
    const exit = await Effect.runPromiseExit(request, { signal: timeout })
    return Exit.isSuccess(exit) ? exit.value : timedOut
  }

  private settle(parcels: ReadonlyArray<Parcel>, outcome: { readonly rejected: number; readonly message?: string } | ExportError): void {
    const { pressure, waiting } = this
    const nowMillis = this.options.now()
    const signal = requestSignal(parcels)
    const items = itemsOf(parcels)
    if (!(outcome instanceof ExportError)) {
      if (this.failures > 0) diag.info(`weir/agent: ${this.options.endpoint.origin} takes telemetry again`)
      this.failures = 0
      this.pacedMillis = nowMillis + pressure.paceMillis(nowMillis)
      waiting.settle(parcels)
      if (outcome.rejected > 0) {
        this.drops.add(signal, "partial_success", Math.min(items, outcome.rejected))
        diag.warn(`weir/agent: ${outcome.rejected} items of ${signal} were rejected: ${outcome.message ?? "no reason given"}`)
      }
    } else if (outcome.retryable) {
      waiting.putBack(parcels)
      if (this.stopping.signal.aborted) return
      if (this.failures++ === 0) diag.warn(`weir/agent: ${signal} could not be sent, will be tried again: ${outcome.message}`)
      const askedMillis = Math.min(outcome.retryAfterMillis ?? 0, longestRetryAfterMillis)
      this.notBeforeMillis = nowMillis + backoffMillis(retry, this.failures, this.options.random(), askedMillis)
      pressure.onRefusal(nowMillis, this.notBeforeMillis)
    } else if (outcome.code === GrpcCode.RESOURCE_EXHAUSTED && parcels.length > 1) {
      const bytes = parcels.reduce((sum, parcel) => sum + parcel.bytes.length, 0)
      this.largestRequestBytes = Math.max(smallestRequestBytes, bytes >> 1)
      waiting.putBack(parcels)
    } else {
      waiting.settle(parcels)
      this.drops.add(signal, outcome.code === GrpcCode.RESOURCE_EXHAUSTED ? "too_large" : "permanent_error", items)
      diag.error(`weir/agent: ${items} items of ${signal} were refused: ${outcome.message}`)
    }
  }
}
