import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { ComponentError } from "../graph/ComponentError.ts"
import { type Credentials, loadCredentials, type ServerTls } from "./ServerTls.ts"

/** The certificates of one server, read again every `reload_interval`; files that cannot be used leave the old ones in service. */
export class TlsSource {
  readonly credentials: Credentials
  /** Equal for equal settings and contents. */
  readonly fingerprint: string
  private readonly reload: Effect.Effect<Credentials, ComponentError>
  private readonly interval: number | undefined
  private fiber: Fiber.Fiber<unknown> | undefined = undefined

  private constructor(credentials: Credentials, tls: ServerTls, reload: Effect.Effect<Credentials, ComponentError>) {
    this.credentials = credentials
    this.fingerprint = JSON.stringify([tls, credentials])
    this.reload = reload
    this.interval = tls.reload_interval
  }

  static make(tls: ServerTls, component: string, path: ReadonlyArray<string>): Effect.Effect<TlsSource, ComponentError> {
    const load = loadCredentials(tls, component, path)
    return Effect.map(load, (credentials) => new TlsSource(credentials, tls, load))
  }

  start(use: (credentials: Credentials) => void): void {
    if (this.interval === undefined || this.interval === 0) return
    const once = this.reload.pipe(
      Effect.tap((credentials) => Effect.sync(() => use(credentials))),
      Effect.catch((error) =>
        Effect.logWarning(`${error.component}: the old certificate stays in use: ${error.path.join(".")} ${error.message}`)
      )
    )
    this.fiber = Effect.runFork(Effect.forever(Effect.delay(once, this.interval)))
  }

  stop(): void {
    if (this.fiber !== undefined) Effect.runFork(Fiber.interrupt(this.fiber))
    this.fiber = undefined
  }
}
