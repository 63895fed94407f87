import type { ConnectionOptions } from "node:tls"

/** How an exchange with the server ended, so that the client knows how long to wait before the next. */
export interface Ended {
  /** For the log. */
  readonly reason: string
  /** The server took at least one message. */
  readonly wasHeard: boolean
  /** The server asked to wait at least this long, in milliseconds. */
  readonly retryAfterMillis: number | undefined
}

/** Where the server is, and what every request carries. */
export interface Endpoint {
  /** `ws://`, `wss://`, `http://` or `https://`. */
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  /** For `wss://` and `https://`. */
  readonly tls: ConnectionOptions
  /** Largest message that is taken, in bytes, also after inflation. */
  readonly maxMessageBytes: number
}
