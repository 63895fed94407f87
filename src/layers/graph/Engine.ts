import type { Socket } from "node:net"

/**
 * What serves the connections of an address: a protocol, its settings and the handler behind it. It belongs to one receiver of one
 * generation; the address and its open connections outlive it (see `Listeners`).
 */
export interface Engine {
  /** From now on the engine serves; called once, at most. */
  readonly start: () => void
  /** Serves a fresh connection until it closes. */
  readonly serve: (socket: Socket) => void
  /**
   * Goes on in place of `next`, with its handler and settings, so that open connections notice nothing. `false`: it cannot (another
   * protocol, other TLS settings); then `next` serves new connections and this one is retired.
   */
  readonly become: (next: Engine) => boolean
  /** Ends idle connections now, and each other one when its open requests are answered. Takes no further connections. */
  readonly retire: () => void
}
