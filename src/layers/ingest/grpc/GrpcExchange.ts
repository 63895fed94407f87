import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2"
import { type ClientMetadata, noMetadata } from "../../../domain/Batch.ts"
import type { Component } from "../../../domain/Books.ts"
import { GrpcCode } from "../../../domain/GrpcCode.ts"
import type { PartialSuccess } from "../../../domain/otlp/status/ExportResponse.ts"
import { Refusal } from "../../../domain/Refusal.ts"
import type { Signal } from "../../../domain/Signal.ts"
import { BodyBuffer } from "../Body.ts"
import { deadlines, type Expiring } from "../Deadlines.ts"
import type { Exchange } from "../Exchange.ts"
import type { Compression } from "../Inflate.ts"
import { faultRefusal } from "../Reception.ts"
import type { RequestAck } from "../RequestAck.ts"
import { writeError, writeSuccess } from "./GrpcAnswer.ts"
import type { GrpcService } from "./GrpcService.ts"
import { grpcTimeout } from "./grpcTimeout.ts"

const prefixBytes = 5

/** One unary call: reads the length-prefixed message into pooled memory, hands it to the reception, writes the status. */
export class GrpcExchange implements Exchange, Expiring {
  readonly signal: Signal
  readonly component: Component
  readonly arrivedAt = performance.now()
  /** While the message arrives: of that; then of the client (`grpc-timeout`). */
  deadline: number
  private readonly clientDeadline: number
  readonly metadata: ClientMetadata
  compression: Compression | undefined
  readonly encoding = "protobuf"
  readonly maxBytes: number
  over = false
  private readonly service: GrpcService
  private stream: ServerHttp2Stream | undefined
  private ack: RequestAck | undefined = undefined
  /** What of the prefix has come: flag and length. */
  private prefix = 0
  private flag = 0
  private length = 0
  private body: BodyBuffer | undefined = undefined
  /** The message goes on to the reception, or has been refused. */
  private read = false

  constructor(
    service: GrpcService,
    stream: ServerHttp2Stream,
    signal: Signal,
    compression: Compression | undefined,
    headers: IncomingHttpHeaders
  ) {
    this.service = service
    this.stream = stream
    this.signal = signal
    this.compression = compression
    this.component = service.component
    this.maxBytes = service.maxBytes
    this.metadata = service.includeMetadata ? metadataOf(headers) : noMetadata
    this.clientDeadline = this.arrivedAt + grpcTimeout(headers["grpc-timeout"] as string | undefined)
    this.deadline = Math.min(this.clientDeadline, this.arrivedAt + service.readTimeout)
  }

  start(): void {
    const stream = this.stream!
    deadlines.add(this)
    stream.on("data", (chunk: Buffer) => this.onData(chunk))
    stream.on("end", () => this.onEnd())
    stream.on("close", () => this.onClose())
  }

  private onData(chunk: Buffer): void {
    if (this.read) return
    let at = 0
    while (this.prefix < prefixBytes && at < chunk.length) {
      const byte = chunk[at++]!
      if (this.prefix++ === 0) this.flag = byte
      else this.length = this.length * 256 + byte
      if (this.prefix === prefixBytes && !this.begin()) return
    }
    if (at === chunk.length) return
    const body = this.body!
    if (body.length + chunk.length - at > this.length) return this.fail(malformed("more than one message in a unary call"))
    const fault = body.add(at === 0 ? chunk : chunk.subarray(at))
    if (fault !== undefined) this.fail(faultRefusal(fault, this.maxBytes))
  }

  /** The prefix is complete: says no before memory is spent. */
  private begin(): boolean {
    const { flag, length, maxBytes } = this
    const { reception } = this.service
    if (flag > 1) this.fail(malformed(`compressed flag is ${flag}; expected 0 or 1`))
    else if (flag === 1 && this.compression === undefined) this.fail(malformed("a compressed message without grpc-encoding"))
    else if (length > maxBytes) this.fail(faultRefusal("too_large", maxBytes))
    else {
      const refusal = reception.admit(this.signal, length)
      if (refusal === undefined) {
        if (flag === 0) this.compression = undefined
        this.body = new BodyBuffer(reception.admission, maxBytes, length, false)
        return true
      }
      this.fail(refusal)
    }
    return false
  }

  private onEnd(): void {
    if (this.read) return
    const { body } = this
    if (body === undefined || body.length < this.length) return this.fail(malformed("the call ended before its message"))
    this.body = undefined
    this.read = true
    deadlines.delete(this)
    this.deadline = this.clientDeadline
    this.service.latest.reception.receive(this, body.finish())
  }

  /** The message has not come in time. */
  expire(): void {
    this.fail(tooSlow)
  }

  private fail(refusal: Refusal): void {
    this.stopReading()
    this.service.reception.turnAway(this, refusal)
  }

  private stopReading(): void {
    this.read = true
    deadlines.delete(this)
    this.body?.discard()
    this.body = undefined
  }

  /** The stream is over: answered, cancelled by the client, or lost with its connection. */
  private onClose(): void {
    this.stopReading()
    this.over = true
    this.stream = undefined
    this.ack?.cancel()
    this.ack = undefined
  }

  waitFor(ack: RequestAck): void {
    if (this.over) ack.cancel()
    else this.ack = ack
  }

  accept(partial: PartialSuccess | undefined): void {
    const stream = this.finish()
    if (stream !== undefined) writeSuccess(stream, partial)
  }

  refuse(refusal: Refusal): void {
    const stream = this.finish()
    if (stream !== undefined) writeError(stream, refusal.code, refusal.message, refusal.retryAfterMillis)
  }

  /** Lets go of the stream: batches that wait in queues must not keep it alive. */
  private finish(): ServerHttp2Stream | undefined {
    const { stream, over } = this
    this.over = true
    this.stream = undefined
    this.ack = undefined
    return over || stream === undefined || stream.destroyed || stream.closed ? undefined : stream
  }
}

const malformed = (message: string): Refusal => new Refusal("malformed", GrpcCode.INVALID_ARGUMENT, message, undefined)

const tooSlow = new Refusal("deadline", GrpcCode.DEADLINE_EXCEEDED, "the message did not arrive in time", 1000)

const metadataOf = (headers: IncomingHttpHeaders): ClientMetadata => {
  const metadata: Record<string, ReadonlyArray<string>> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !name.startsWith(":")) metadata[name] = Array.isArray(value) ? value : [value]
  }
  return metadata
}
