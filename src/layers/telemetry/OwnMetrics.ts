import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { Books } from "../../domain/Books.ts"
import type { TelemetrySettings } from "../../domain/config/Telemetry.ts"
import { SwapError } from "../graph/SwapError.ts"
import { serveMetrics } from "./MetricsEndpoint.ts"
import type { Registry } from "./Registry.ts"

type Settings = TelemetrySettings["metrics"]

const isSame = (a: Settings, b: Settings): boolean => a?.host === b?.host && a?.port === b?.port && a?.level === b?.level

/** The `/metrics` endpoint of a gateway, whose address may change with the configuration. */
export class OwnMetrics {
  private readonly books: Books
  private readonly registry: Registry
  private settings: Settings = undefined
  private scope: Scope.Closeable | undefined = undefined

  private constructor(books: Books, registry: Registry) {
    this.books = books
    this.registry = registry
  }

  static readonly make = (books: Books, registry: Registry): Effect.Effect<OwnMetrics, never, Scope.Scope> =>
    Effect.acquireRelease(
      Effect.sync(() => new OwnMetrics(books, registry)),
      (metrics) => metrics.close
    )

  /**
   * Runs a swap with the endpoint as `next` wants it. An address cannot be bound twice, so the old endpoint is closed first; if
   * anything fails it is opened again as it was.
   */
  serving<R>(next: Settings, swap: Effect.Effect<void, SwapError, R>): Effect.Effect<void, SwapError, R> {
    return Effect.suspend(() => {
      const before = this.settings
      if (isSame(before, next)) return swap
      return this.open(next).pipe(
        Effect.andThen(swap),
        Effect.tapError(() => Effect.ignore(this.open(before)))
      )
    }).pipe(Effect.uninterruptible)
  }

  private open(settings: Settings): Effect.Effect<void, SwapError> {
    return Effect.gen({ self: this }, function* () {
      yield* this.close
      if (settings === undefined) return
      const scope = yield* Scope.make()
      yield* serveMetrics({ ...settings, books: this.books }, this.registry).pipe(
        Scope.provide(scope),
        Effect.mapError((failure) => new SwapError({ failures: [failure] }))
      )
      this.scope = scope
      this.settings = settings
    })
  }

  private readonly close: Effect.Effect<void> = Effect.suspend(() => {
    const { scope } = this
    this.scope = undefined
    this.settings = undefined
    return scope === undefined ? Effect.void : Scope.close(scope, Exit.void)
  })
}
