/**
 * A sender without an SDK: requests with unique ids over HTTP or gRPC, one at a time per connection, every answer recorded in a ledger.
 * A refused request is repeated after the hint, as OTLP asks, until it is accepted or the sender is stopped.
 */
import { Agent, request as httpRequest } from "node:http"
import { type ClientHttp2Session, connect } from "node:http2"
import type { Signal } from "../../src/domain/Signal.ts"
import type { Ledger } from "./Ledger.ts"
import { request } from "./Requests.ts"

export type Answer =
  | { readonly _tag: "accepted" }
  | { readonly _tag: "refused"; readonly status: string; readonly retryAfterMillis: number | undefined }
  | { readonly _tag: "lost"; readonly reason: string }

export interface Transport {
  readonly send: (signal: Signal, body: Uint8Array) => Promise<Answer>
  readonly close: () => void
}

/** HTTP statuses and gRPC codes that the OTLP specification calls retryable. */
const retryableHttp = [429, 502, 503, 504]
const retryableGrpc = [1, 4, 8, 10, 11, 14, 15]

export const httpTransport = (port: () => number): Transport => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  return {
    send: (signal, body) =>
      new Promise((resolve) => {
        const sent = httpRequest(
          {
            agent,
            host: "127.0.0.1",
            port: port(),
            path: `/v1/${signal}`,
            method: "POST",
            headers: { "content-type": "application/x-protobuf", "content-length": body.length }
          },
          (response) => {
            response.resume()
            response.on("error", (error) => resolve({ _tag: "lost", reason: error.message }))
            response.on("end", () => {
              if (response.statusCode === 200) return resolve({ _tag: "accepted" })
              const hint = Number(response.headers["retry-after"])
              const retryable = retryableHttp.includes(response.statusCode!)
              resolve({
                _tag: "refused",
                status: String(response.statusCode),
                retryAfterMillis: retryable ? (Number.isNaN(hint) ? 100 : hint * 1000) : undefined
              })
            })
          }
        )
        sent.on("error", (error) => resolve({ _tag: "lost", reason: error.message }))
        sent.end(body)
      }),
    close: () => agent.destroy()
  }
}

const services: { readonly [S in Signal]: string } = {
  traces: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
  metrics: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
  logs: "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
}

export const grpcTransport = (port: () => number): Transport => {
  let session: ClientHttp2Session | undefined
  const open = (): ClientHttp2Session => {
    if (session === undefined || session.closed || session.destroyed) {
      session = connect(`http://127.0.0.1:${port()}`)
      session.on("error", () => {})
    }
    return session
  }
  return {
    send: (signal, body) =>
      new Promise((resolve) => {
        const frame = Buffer.alloc(5 + body.length)
        frame.writeUInt32BE(body.length, 1)
        frame.set(body, 5)
        const stream = open().request({ ":method": "POST", ":path": services[signal], "content-type": "application/grpc", te: "trailers" })
        let status: number | undefined
        let reason = "no status"
        const read = (headers: { readonly [name: string]: unknown }) => {
          if (headers["grpc-status"] !== undefined) status = Number(headers["grpc-status"])
        }
        stream.on("response", read)
        stream.on("trailers", read)
        stream.on("error", (error) => (reason = error.message))
        stream.on("close", () => {
          if (status === 0) resolve({ _tag: "accepted" })
          else if (status === undefined) resolve({ _tag: "lost", reason })
          else resolve({ _tag: "refused", status: `gRPC ${status}`, retryAfterMillis: retryableGrpc.includes(status) ? 100 : undefined })
        })
        stream.resume()
        stream.end(frame)
      }),
    close: () => session?.close()
  }
}

export interface SenderOptions {
  readonly name: string
  readonly transport: Transport
  readonly ledger: Ledger
  readonly signal: Signal
  /** How many items the next request has, and whose it is. */
  readonly next: () => { readonly items: number; readonly tenant: string }
  /** A break after each request, in milliseconds. */
  readonly pauseMillis?: number
  /** After a broken connection send the request again, as an HTTP client does with a kept connection that turns out to be closed. */
  readonly resend?: boolean
}

const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

export class RawSender {
  /** Every no that was heard, as text. */
  readonly refusals: Array<string> = []
  /** Every broken connection, as text. */
  readonly breaks: Array<string> = []
  private readonly options: SenderOptions
  private stopping = false
  private sequence = 0
  private readonly done: Promise<void>

  constructor(options: SenderOptions) {
    this.options = options
    this.done = this.work()
  }

  /** Ends after the request that is under way. */
  async stop(): Promise<void> {
    this.stopping = true
    await this.done
    this.options.transport.close()
  }

  private async work(): Promise<void> {
    while (!this.stopping) {
      const { items, tenant } = this.options.next()
      const ids = Array.from({ length: items }, () => `${this.options.name}-${this.sequence++}`)
      await this.deliver(ids, request(this.options.signal, ids, tenant))
      if (this.options.pauseMillis !== undefined) await pause(this.options.pauseMillis)
    }
  }

  private async deliver(ids: ReadonlyArray<string>, body: Uint8Array): Promise<void> {
    const { ledger, transport, signal } = this.options
    const note = (into: Set<string>) => ids.forEach((id) => into.add(id))
    for (;;) {
      const answer = await transport.send(signal, body)
      if (answer._tag === "accepted") return note(ledger.accepted)
      if (answer._tag === "lost") {
        this.breaks.push(answer.reason)
        await pause(10)
        if (this.options.resend === true && !this.stopping) continue
        return note(ledger.unknown)
      }
      this.refusals.push(answer.status)
      if (answer.retryAfterMillis === undefined || this.stopping) return note(ledger.refused)
      await pause(Math.min(answer.retryAfterMillis, 100))
    }
  }
}
