import { Agent as HttpAgent } from "node:http"
import { Agent as HttpsAgent, type AgentOptions } from "node:https"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Books } from "../../domain/Books.ts"
import type { ComponentReport } from "../../domain/loop/ComponentReport.ts"
import { encodeReport } from "../../domain/loop/EncodeReport.ts"
import { type Report, reportId } from "../../domain/loop/Report.ts"
import { ExportError } from "../../streams/ExportError.ts"
import * as ClientHeaders from "../delivery/ClientHeaders.ts"
import { post } from "../delivery/HttpPost.ts"
import { interpret } from "../delivery/HttpVerdict.ts"
import type { Registry } from "../telemetry/Registry.ts"
import { Backlog } from "./Backlog.ts"
import { ComponentReadings } from "./ComponentReadings.ts"
import type { Observer } from "./Observer.ts"

/** Where reports go: an OTLP/HTTP endpoint for metrics, the whole URL (`http://localhost:4321/v1/metrics`). */
export interface Destination {
  readonly endpoint: string
  readonly headers?: { readonly [name: string]: string }
  /** For `https`. */
  readonly tls?: AgentOptions
}

export interface ReporterOptions {
  readonly observer: Observer
  readonly books: Books
  readonly telemetry: Registry
  /** Who reports: instance uid, and hash of the remote configuration that is in force (empty: none). */
  readonly identity: () => { readonly agent: string; readonly revision: string }
}

const intervalMillis = 1000
/** Seconds that are kept while they cannot be sent. */
const backlogSeconds = 60
const timeoutMillis = 5000
const mostRetryMillis = 5000

/** What one second is told in: one request. */
interface Second {
  readonly report: Report
  readonly components: ComponentReport
}

/**
 * Sends what an observer has seen and what the components have done, second by second, as OTLP metrics over HTTP; in each second there is
 * a report, even if it is of nothing, so that the other side knows that somebody was watching. Seconds are those of the clock: a late one
 * belongs to a longer report.
 *
 * Reads the observer, which it turns on while there is a destination, the books and the queues. Full: reports that cannot be sent wait, the last 60 of them; older
 * ones are lost and counted (`weir_observations_lost_total`). Fails: what may pass is tried again, within 5 s; a report that the other side
 * refuses is lost. A report that is sent again is the same to the store (`Report.id`). Closes: what has not been sent is gone.
 */
export class Reporter {
  private readonly options: ReporterOptions
  private readonly backlog: Backlog<Second>
  private readings: ComponentReadings
  private destination: { readonly to: Destination; readonly url: URL; readonly agent: HttpAgent } | undefined = undefined
  /** When the last report ended. */
  private until = 0
  private wake: () => void = () => {}
  private trouble = ""

  private constructor(options: ReporterOptions) {
    const { books, telemetry } = options
    this.readings = new ComponentReadings(books, telemetry)
    const reports = telemetry.counter("observationsLost", { what: "report" })
    this.options = options
    this.backlog = new Backlog(backlogSeconds, (lost) => {
      reports.total += lost
    })
  }

  /** Reports from the first `send` on, until the scope closes. */
  static make(options: ReporterOptions): Effect.Effect<Reporter, never, Scope.Scope> {
    return Effect.gen(function* () {
      const { observer, telemetry } = options
      const reporter = yield* Effect.acquireRelease(
        Effect.sync(() => new Reporter(options)),
        (made) => Effect.sync(() => made.send(undefined, 0))
      )
      const hide = telemetry.observe("observationsLost", { what: "batch" }, () => observer.lostBatches)
      yield* Effect.addFinalizer(() => Effect.sync(hide))
      yield* Effect.forkScoped(Effect.forever(reporter.tick))
      yield* Effect.forkScoped(Effect.forever(reporter.sendNext))
      return reporter
    })
  }

  /** From now on reports go there; to nowhere, nothing is observed. `false`: it is no URL of HTTP. */
  send(to: Destination | undefined, nowMillis: number): boolean {
    const url = to === undefined ? undefined : URL.parse(to.endpoint)
    if (to !== undefined && (url === null || (url!.protocol !== "http:" && url!.protocol !== "https:"))) return false
    this.destination?.agent.destroy()
    const wasOn = this.destination !== undefined
    this.destination = to === undefined ? undefined : { to, url: url!, agent: agentFor(url!, to.tls) }
    this.options.observer.turn(to !== undefined)
    if (to === undefined) this.backlog.clear()
    if (!wasOn) {
      this.until = Math.ceil(nowMillis / intervalMillis) * intervalMillis
      this.readings = new ComponentReadings(this.options.books, this.options.telemetry)
    }
    return true
  }

  /** Waits for the next whole second, and reports on what has passed. */
  private readonly tick: Effect.Effect<void> = Clock.currentTimeMillis.pipe(
    Effect.flatMap((now) => Effect.sleep(intervalMillis - (now % intervalMillis))),
    Effect.andThen(Clock.currentTimeMillis),
    Effect.map((now) => this.report(now))
  )

  private report(nowMillis: number): void {
    const { observer, identity } = this.options
    const end = Math.round(nowMillis / intervalMillis) * intervalMillis
    if (this.destination === undefined || end <= this.until) return
    const { subjects, lost } = observer.take()
    const { flows, queues } = this.readings.take()
    const about = { ...identity(), startUnixMillis: this.until, endUnixMillis: end }
    const observations = subjects.map(({ subject, figures }) => ({ ...about, subject, ...figures }))
    this.until = end
    const report = { id: reportId(about.agent, about.startUnixMillis), ...about, lost, observations }
    this.backlog.push({ report, components: { ...about, flows, queues } })
    this.wake()
  }

  private readonly sendNext: Effect.Effect<void> = Effect.suspend(() => {
    const second = this.backlog.first()
    const { destination } = this
    if (second === undefined || destination === undefined) return this.something
    return this.attempt(second, destination).pipe(
      Effect.matchEffect({
        onSuccess: () => Effect.sync(() => this.backlog.sent(second)),
        onFailure: (error) => {
          if (!error.retryable) this.backlog.refused(second)
          const wait = Math.min(mostRetryMillis, error.retryAfterMillis ?? intervalMillis)
          return Effect.andThen(this.tell(error.message), error.retryable ? Effect.sleep(wait) : Effect.void)
        }
      })
    )
  })

  private attempt(
    { report, components }: Second,
    { to, url, agent }: NonNullable<Reporter["destination"]>
  ): Effect.Effect<void, ExportError> {
    const body = encodeReport(report, components)
    const headers = {
      "user-agent": ClientHeaders.userAgent,
      ...to.headers,
      "content-type": "application/x-protobuf",
      "content-length": body.length
    }
    const late = new ExportError({ retryable: true, code: 4, message: `no answer within ${timeoutMillis} ms` })
    return Effect.timeoutOrElse(post(url, agent, headers, [body]), { duration: timeoutMillis, orElse: () => Effect.fail(late) }).pipe(
      Effect.zip(Clock.currentTimeMillis),
      Effect.flatMap(([answer, now]) => {
        const outcome = interpret("metrics", answer, now)
        if (outcome instanceof ExportError) return Effect.fail(outcome)
        this.trouble = ""
        return Effect.void
      })
    )
  }

  /** Each trouble once, until it has passed. */
  private tell(message: string): Effect.Effect<void> {
    if (message === this.trouble) return Effect.void
    this.trouble = message
    return Effect.logWarning(`observations cannot be sent to ${this.destination?.url.origin ?? "anybody"}: ${message}`)
  }

  private readonly something: Effect.Effect<void> = Effect.callback<void>((resume) => {
    this.wake = () => resume(Effect.void)
  })
}

const agentFor = (url: URL, tls: AgentOptions | undefined): HttpAgent =>
  url.protocol === "https:" ? new HttpsAgent({ ...tls, keepAlive: true, maxSockets: 1 }) : new HttpAgent({ keepAlive: true, maxSockets: 1 })
