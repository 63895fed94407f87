/**
 * One connection of the load generator: sends a request, calls back with the answer, never has two under way. HTTP/1.1 is written by hand
 * over a socket, since `node:http`'s client would cost more than the gateway under test.
 */
import { type ClientHttp2Session, connect as connectHttp2, constants } from "node:http2"
import { connect, type Socket } from "node:net"
import type { Case, Signal } from "./Case.ts"

export type Answer =
  | { readonly _tag: "accepted" }
  | { readonly _tag: "refused"; readonly retryAfterMillis: number }
  | { readonly _tag: "failed"; readonly reason: string }

export interface Connection {
  readonly send: (body: Uint8Array, onAnswer: (answer: Answer) => void) => void
  readonly close: () => void
}

const accepted: Answer = { _tag: "accepted" }

const http = (it: Case, port: number): Promise<Connection> =>
  new Promise((resolve, reject) => {
    const encoding = it.compression === "none" ? "" : `Content-Encoding: ${it.compression}\r\n`
    const head = `POST /v1/${it.signal} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/x-protobuf\r\n${encoding}Content-Length: `
    let waiting: ((answer: Answer) => void) | undefined
    let received = ""
    const answer = (value: Answer): void => {
      const callback = waiting
      waiting = undefined
      received = ""
      callback?.(value)
    }
    const onData = (chunk: string): void => {
      received += chunk
      const end = received.indexOf("\r\n\r\n")
      if (end < 0) return
      const length = /\r\ncontent-length: *(\d+)/i.exec(received)
      if (length === null) return answer({ _tag: "failed", reason: "an answer without content-length" })
      if (received.length < end + 4 + Number(length[1])) return
      const status = Number(received.slice(9, 12))
      if (status === 200) answer(accepted)
      else if (status === 429 || status === 503) {
        answer({ _tag: "refused", retryAfterMillis: 1000 * Number(/\r\nretry-after: *(\d+)/i.exec(received)?.[1] ?? 0.1) })
      } else answer({ _tag: "failed", reason: `HTTP ${status}: ${received.slice(end + 4)}` })
    }
    const socket: Socket = connect({ port, host: "127.0.0.1", noDelay: true })
    socket.setEncoding("latin1")
    socket.on("data", onData)
    socket.on("error", reject)
    socket.on("close", () => answer({ _tag: "failed", reason: "the connection was closed" }))
    socket.on("connect", () =>
      resolve({
        send: (body, onAnswer) => {
          waiting = onAnswer
          socket.cork()
          socket.write(`${head}${body.length}\r\n\r\n`, "latin1")
          socket.write(body)
          socket.uncork()
        },
        close: () => socket.end()
      })
    )
  })

const services: { readonly [S in Signal]: string } = {
  traces: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
  logs: "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
  metrics: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
}

const UNAVAILABLE = "14"
const RESOURCE_EXHAUSTED = "8"

const grpc = (it: Case, port: number): Promise<Connection> =>
  new Promise((resolve, reject) => {
    const session: ClientHttp2Session = connectHttp2(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: 1 << 20 } })
    const headers = {
      [constants.HTTP2_HEADER_METHOD]: "POST",
      [constants.HTTP2_HEADER_PATH]: services[it.signal],
      "content-type": "application/grpc",
      te: "trailers",
      ...(it.compression === "none" ? {} : { "grpc-encoding": it.compression })
    }
    const send = (body: Uint8Array, onAnswer: (answer: Answer) => void): void => {
      const prefix = Buffer.alloc(5)
      prefix[0] = it.compression === "none" ? 0 : 1
      prefix.writeUInt32BE(body.length, 1)
      const stream = session.request(headers)
      let status: string | undefined
      let message = ""
      const read = (from: { readonly [name: string]: unknown }) => {
        if (from["grpc-status"] === undefined) return
        status = String(from["grpc-status"])
        message = String(from["grpc-message"] ?? "")
      }
      stream.on("response", read)
      stream.on("trailers", read)
      stream.on("error", (error) => (message = error.message))
      stream.on("close", () => {
        if (status === "0") onAnswer(accepted)
        else if (status === UNAVAILABLE || status === RESOURCE_EXHAUSTED) onAnswer({ _tag: "refused", retryAfterMillis: 100 })
        else onAnswer({ _tag: "failed", reason: `gRPC ${status ?? "without status"}: ${message}` })
      })
      stream.resume()
      stream.write(prefix)
      stream.end(body)
    }
    session.on("error", reject)
    session.on("connect", () => resolve({ send, close: () => session.close() }))
  })

export const open = (it: Case, port: number): Promise<Connection> => (it.protocol === "http" ? http(it, port) : grpc(it, port))
