import type { ConnectionOptions } from "node:tls"
import * as Effect from "effect/Effect"
import { GrpcConnection, type Keepalive } from "./GrpcConnection.ts"
import type { GrpcTarget } from "./GrpcTarget.ts"

/**
 * The way to one backend: a connection that is made when it is first needed, and made anew after it was lost or the backend sent
 * GOAWAY; calls under way then end on the old one.
 */
export class GrpcChannel {
  private readonly target: GrpcTarget
  private readonly tls: ConnectionOptions
  private readonly keepalive: Keepalive | undefined
  private current: GrpcConnection | undefined = undefined
  private readonly all = new Set<GrpcConnection>()

  constructor(target: GrpcTarget, tls: ConnectionOptions, keepalive: Keepalive | undefined) {
    this.target = target
    this.tls = tls
    this.keepalive = keepalive
  }

  /** A connection that takes calls. */
  get connection(): GrpcConnection {
    if (this.current?.takesCalls !== true) {
      const opened = (this.current = new GrpcConnection(this.target, this.tls, this.keepalive))
      this.all.add(opened)
      opened.onClose(() => this.all.delete(opened))
    }
    return this.current
  }

  /** Closes every connection; ends when they are closed. */
  readonly close: Effect.Effect<void> = Effect.suspend(() =>
    Effect.forEach(
      [...this.all],
      (connection) =>
        Effect.callback<void>((resume) => {
          connection.onClose(() => resume(Effect.void))
          connection.destroy()
        }),
      { discard: true }
    )
  )
}
