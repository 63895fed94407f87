import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { Fleet } from "../../../control/fleet/Fleet.ts"
import { formatAddress } from "../../graph/Endpoint.ts"
import { isLoopback } from "./Admission.ts"
import { Conversation } from "./Conversation.ts"
import { OpampListener } from "./OpampListener.ts"
import { OpampServerLog } from "./OpampServerLog.ts"
import { defaultOptions, type OpampServerOptions } from "./OpampServerOptions.ts"

export class OpampServerError extends Schema.TaggedError<OpampServerError>()("OpampServerError", {
  reason: Schema.Literals(["unprotected", "address_in_use", "cannot_listen"]),
  message: Schema.String
}) {}

/**
 * Agents' way to the fleet: OpAMP over WebSockets and over plain HTTP, on one port, at `/v1/opamp`.
 *
 * **Full**: agents are sent away before the upgrade, with a time to wait; peers that do not read cost bounded memory. **Fails**: what
 * peers do wrong is answered and logged, and hurts nobody else. **Closes**: every socket gets Close 1001 and two seconds, then the port is
 * free; the fleet knows its agents as lost.
 */
export class OpampServer extends Context.Service<
  OpampServer,
  {
    readonly address: { readonly host: string; readonly port: number }
    /** How many WebSockets stand. */
    readonly sockets: () => number
  }
>()("weir/layers/actuation/opamp/OpampServer") {
  static readonly layer = (
    options: Pick<OpampServerOptions, "endpoint"> & Partial<OpampServerOptions>
  ): Layer.Layer<OpampServer, OpampServerError, Fleet> => Layer.effect(OpampServer, make({ ...defaultOptions, ...options }))
}

const make = Effect.fnUntraced(function* (options: OpampServerOptions) {
  const { host, port } = options.endpoint
  if (options.tokens.length === 0 && !isLoopback(host)) {
    const message = `without tokens OpAMP is served on a loopback address only, not on ${formatAddress(host, port)}`
    return yield* new OpampServerError({ reason: "unprotected", message })
  }
  const conversation = new Conversation(yield* Fleet, options.maxMessageBytes, yield* OpampServerLog.make)
  const listener = yield* Effect.acquireRelease(
    Effect.callback<OpampListener, OpampServerError>((resume) => {
      const opened = new OpampListener(options, conversation)
      opened.listen((error) => resume(error === undefined ? Effect.succeed(opened) : Effect.fail(cannotListen(options, error))))
    }),
    (opened) => Effect.callback<void>((resume) => opened.stop(() => resume(Effect.void)))
  )
  return OpampServer.of({ address: listener.address, sockets: () => listener.socketCount })
})

const cannotListen = ({ endpoint: { host, port } }: OpampServerOptions, error: NodeJS.ErrnoException): OpampServerError =>
  error.code === "EADDRINUSE"
    ? new OpampServerError({ reason: "address_in_use", message: `port ${port} is already in use (${formatAddress(host, port)})` })
    : new OpampServerError({ reason: "cannot_listen", message: `cannot listen on ${formatAddress(host, port)}: ${error.message}` })
