import type { IncomingMessage, ServerResponse } from "node:http"
import { type ClientMetadata, noMetadata } from "../../../domain/Batch.ts"
import type { Component } from "../../../domain/Books.ts"
import type { PartialSuccess } from "../../../domain/otlp/status/ExportResponse.ts"
import type { Refusal } from "../../../domain/Refusal.ts"
import type { Signal } from "../../../domain/Signal.ts"
import { BodyBuffer } from "../Body.ts"
import type { Exchange } from "../Exchange.ts"
import type { Compression } from "../Inflate.ts"
import { faultRefusal } from "../Reception.ts"
import type { RequestAck } from "../RequestAck.ts"
import { type Encoding, writeRefusal, writeSuccess } from "./HttpAnswer.ts"
import { discard } from "./discard.ts"
import type { HttpService } from "./HttpService.ts"

/** Who keeps the connection that a request came over. */
export interface Connections {
  /** It is to end with its next answer, which says so. */
  readonly isRetired: boolean
}

/** One request over HTTP: gathers the body, hands it to the reception of that moment, writes the answer. */
export class HttpExchange implements Exchange {
  readonly signal: Signal
  readonly arrivedAt = performance.now()
  readonly deadline = Infinity
  readonly metadata: ClientMetadata
  readonly compression: Compression | undefined
  readonly encoding: Encoding
  readonly maxBytes: number
  readonly component: Component
  over = false
  private readonly service: HttpService
  private readonly connections: Connections
  private readonly isAnnounced: boolean
  private request: IncomingMessage | undefined
  private response: ServerResponse | undefined
  private body: BodyBuffer | undefined

  constructor(
    service: HttpService,
    request: IncomingMessage,
    response: ServerResponse,
    signal: Signal,
    encoding: Encoding,
    compression: Compression | undefined,
    announced: number | undefined,
    connections: Connections
  ) {
    this.service = service
    this.connections = connections
    this.isAnnounced = announced !== undefined
    this.request = request
    this.response = response
    this.signal = signal
    this.encoding = encoding
    this.compression = compression
    this.component = service.component
    this.maxBytes = service.maxBytes
    this.metadata = service.includeMetadata ? metadataOf(request) : noMetadata
    this.body = new BodyBuffer(service.reception.admission, this.maxBytes, announced, true)
  }

  read(): void {
    const request = this.request!
    request.on("data", (chunk: Buffer) => this.onData(chunk))
    request.on("end", () => this.onEnd())
    request.on("error", () => this.onGone())
  }

  private onData(chunk: Buffer): void {
    const { body } = this
    if (body === undefined) return
    const fault = body.add(chunk)
    const refusal = fault === undefined ? this.cutOff() : faultRefusal(fault, this.maxBytes)
    if (refusal === undefined) return
    this.dropBody()
    this.service.reception.turnAway(this, refusal)
  }

  /** Only a body that did not announce its length is asked about as it comes; what has come counts as memory by then. */
  private cutOff(): Refusal | undefined {
    return this.isAnnounced ? undefined : this.service.reception.admit(this.signal, 0)
  }

  private onEnd(): void {
    const { body } = this
    if (body === undefined) return
    this.body = undefined
    this.service.latest.reception.receive(this, body.finish())
  }

  private onGone(): void {
    this.dropBody()
    this.over = true
  }

  private dropBody(): void {
    this.body?.discard()
    this.body = undefined
  }

  waitFor(ack: RequestAck): void {
    this.response?.once("close", () => {
      if (this.over) return
      this.over = true
      ack.cancel()
    })
  }

  accept(partial: PartialSuccess | undefined): void {
    const { request } = this
    const response = this.finish()
    if (response === undefined || request === undefined) return
    writeSuccess(response, this.encoding, this.signal, partial)
    this.service.slowWriters.watch(request.socket)
  }

  refuse(refusal: Refusal): void {
    const { request } = this
    const response = this.finish()
    if (response === undefined || request === undefined) return
    writeRefusal(response, this.encoding, refusal)
    if (!request.complete) discard(request)
    this.service.slowWriters.watch(request.socket)
  }

  /** Lets go of request and response: batches that wait in queues must not keep them alive. */
  private finish(): ServerResponse | undefined {
    const { response, over } = this
    this.over = true
    this.request = undefined
    this.response = undefined
    if (over || response === undefined) return undefined
    if (this.connections.isRetired) response.shouldKeepAlive = false
    return response
  }
}

const metadataOf = (request: IncomingMessage): ClientMetadata => {
  const metadata: Record<string, ReadonlyArray<string>> = {}
  for (const [name, values] of Object.entries(request.headersDistinct)) if (values !== undefined) metadata[name] = values
  return metadata
}
