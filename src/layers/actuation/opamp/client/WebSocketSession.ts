import type { ClientRequest } from "node:http"
import * as Effect from "effect/Effect"
import { WebSocket } from "ws"
import { decode } from "../../../../domain/opamp/Decode.ts"
import { frame, unframe } from "../../../../domain/opamp/Frame.ts"
import { MalformedMessage } from "../../../../domain/opamp/MalformedMessage.ts"
import { ServerToAgent } from "../../../../domain/opamp/ServerToAgent.ts"
import { parseRetryAfter } from "../../../delivery/RetryAfter.ts"
import type { Conversation } from "./Conversation.ts"
import { pace } from "./Pace.ts"
import type { Ended, Endpoint } from "./Session.ts"

/** Bytes that may wait in the socket before news waits too: a server that does not read costs no memory. */
const maxUnread = 1 << 20

/**
 * One connection to the server, from its handshake to its end.
 *
 * Reads messages into the conversation, sends its news at once and heartbeats in between. Fails: never, the result says how it ended; a
 * server that sends text, garbage or too much loses the connection. Closes (an interruption): says goodbye, waits shortly for the other
 * side.
 */
export const webSocketSession = (endpoint: Endpoint, conversation: Conversation): Effect.Effect<Ended> =>
  Effect.callback<Ended>((resume) => {
    let wasHeard = false
    let ended = "the connection ended"
    let retryAfterMillis: number | undefined = undefined
    let timer: NodeJS.Timeout | undefined = undefined
    let heardAt = performance.now()

    const socket = new WebSocket(endpoint.url, {
      ...endpoint.tls,
      headers: endpoint.headers,
      maxPayload: endpoint.maxMessageBytes,
      handshakeTimeout: pace.patience,
      followRedirects: true,
      maxRedirects: 5
    })
    socket.binaryType = "nodebuffer"

    const interval = (): number => (conversation.heartbeatSeconds === undefined ? pace.heartbeat : conversation.heartbeatSeconds * 1000)
    const rest = (): void => {
      clearTimeout(timer)
      if (interval() > 0) timer = setTimeout(beat, interval())
    }
    const send = (): void => {
      if (socket.readyState !== WebSocket.OPEN || socket.bufferedAmount > maxUnread) return
      socket.send(frame(conversation.next()))
      rest()
    }
    /** A server that has answered nothing for three heartbeats is gone, whatever TCP thinks. */
    const beat = (): void => {
      if (performance.now() - heardAt <= 3 * interval() + pace.patience) {
        rest()
        return send()
      }
      ended = "the server does not answer any more"
      socket.terminate()
    }
    const hangUp = (code: number, reason: string): void => {
      ended = reason
      clearTimeout(timer)
      socket.close(code, reason)
      timer = setTimeout(() => socket.terminate(), pace.farewell)
    }

    // The server's word may lead to another machine, or out of TLS, where nobody must learn our credentials.
    socket.on("redirect", (url: string, request: ClientRequest) => {
      if (new URL(url).origin === new URL(endpoint.url).origin) return
      for (const name of [...Object.keys(endpoint.headers), "authorization", "cookie"]) request.removeHeader(name)
    })
    socket.on("unexpected-response", (_request, response) => {
      ended = `the server answers ${response.statusCode}`
      retryAfterMillis = parseRetryAfter(response.headers["retry-after"], Date.now())
      socket.terminate()
    })
    socket.on("error", (error) => {
      if (ended === "the connection ended") ended = error.message
    })
    socket.on("open", () => {
      heardAt = performance.now()
      conversation.startOver()
      conversation.listen(send)
      send()
    })
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      if (socket.readyState !== WebSocket.OPEN) return
      if (!isBinary) return hangUp(1003, "the server sent text")
      const bytes = unframe(data)
      const message = bytes instanceof MalformedMessage ? bytes : decode(ServerToAgent, bytes)
      if (message instanceof MalformedMessage) return hangUp(1002, "the server sent what is no message")
      heardAt = performance.now()
      const received = conversation.receive(message)
      if (received._tag === "Taken") wasHeard = true
      else if (received._tag === "BadRequest") ended = `the server refused a message: ${received.message}`
      else {
        retryAfterMillis = received.retryAfterMillis
        hangUp(1000, "the server is unavailable")
      }
    })
    socket.on("close", () => {
      clearTimeout(timer)
      conversation.listen(() => {})
      resume(Effect.succeed({ reason: ended, wasHeard, retryAfterMillis }))
    })

    return Effect.callback<void>((done) => {
      conversation.listen(() => {})
      clearTimeout(timer)
      socket.on("close", () => done(Effect.void))
      if (socket.readyState === WebSocket.CLOSED) return done(Effect.void)
      if (socket.readyState !== WebSocket.OPEN) return socket.terminate()
      socket.send(frame(conversation.goodbye()))
      socket.close(1000)
      timer = setTimeout(() => socket.terminate(), pace.farewell)
      socket.on("close", () => clearTimeout(timer))
    })
  })
