import type * as Effect from "effect/Effect"
import type { Books } from "../../domain/Books.ts"
import type { Checked } from "../../domain/config/Checked.ts"
import type { RemoteLayer } from "../../domain/config/Overlay.ts"
import type { ConfigurationError } from "../ConfigurationError.ts"
import type { Observer } from "../observation/Observer.ts"
import type { Component } from "./Component.ts"

/** How an extension sees and steers the gateway that it runs in. */
export interface Steering {
  readonly books: Books
  /** What it sees of the data; off until somebody turns it on. */
  readonly observer: Observer
  /** The components that a configuration may use. */
  readonly components: () => ReadonlyArray<Component>
  /** The configuration that runs. */
  readonly current: () => Checked<Component>
  /** The same as YAML that may be shown to others. */
  readonly shown: () => string
  /** What was sent from afar and is part of it. */
  readonly remote: () => RemoteLayer
  /**
   * Lays this over the gateway's own files instead of what was sent before, and runs the result without losing or refusing anything.
   * A failure leaves everything as it was; its message is the report. It goes on to its end when the caller is interrupted.
   */
  readonly offer: (remote: RemoteLayer) => Effect.Effect<void, ConfigurationError>
}
