// The backend of the benchmark, a process of its own: takes everything at once and counts the items in it.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { createServer as createHttp2Server, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2"
import type { AddressInfo } from "node:net"
import { gunzipSync, zstdDecompressSync } from "node:zlib"
import type { Protocol, Signal } from "./Case.ts"
import { type Quantiles, quantiles } from "./Quantiles.ts"
import { countItems, stampAge } from "./Wire.ts"

export interface SinkOptions {
  readonly protocol: Protocol
  readonly signal: Signal
  /** Whether the requests carry the time at which they were sent. */
  readonly stamped: boolean
}

export interface SinkReport {
  readonly requests: number
  readonly items: number
  /** From the sending of a request until its arrival here, in milliseconds; `undefined` where nothing was stamped. */
  readonly deliveryMillis: Quantiles | undefined
  /** The first request that came, inflated, as base64. */
  readonly sample: string | undefined
}

const options: SinkOptions = JSON.parse(process.argv[2]!)
let requests = 0
let items = 0
let ages: Array<number> = []
let sample: Uint8Array | undefined

const inflate = (body: Buffer, encoding: string | undefined): Uint8Array => {
  switch (encoding) {
    case undefined:
    case "":
    case "identity":
      return body
    case "gzip":
      return gunzipSync(body)
    case "zstd":
      return zstdDecompressSync(body)
    default:
      throw new Error(`the sink was sent ${encoding}`)
  }
}

const take = (bytes: Uint8Array): void => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  requests++
  items += countItems(bytes, options.signal, options.stamped ? (offset) => ages.push(stampAge(view, offset) / 1000) : undefined)
  sample ??= bytes
}

const serveHttp = (request: IncomingMessage, response: ServerResponse): void => {
  const chunks: Array<Buffer> = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk))
  request.on("end", () => {
    take(inflate(Buffer.concat(chunks), request.headers["content-encoding"]))
    response.writeHead(200, { "content-type": "application/x-protobuf", "content-length": 0 })
    response.end()
  })
}

const serveGrpc = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void => {
  const chunks: Array<Buffer> = []
  stream.on("data", (chunk: Buffer) => chunks.push(chunk))
  stream.on("error", () => stream.close())
  stream.on("end", () => {
    const body = Buffer.concat(chunks)
    const message = body.subarray(5)
    take(body[0] === 0 ? message : inflate(message, String(headers["grpc-encoding"])))
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true })
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }))
    stream.end(Buffer.alloc(5))
  })
}

const report = (): SinkReport => ({
  requests,
  items,
  deliveryMillis: ages.length === 0 ? undefined : quantiles(ages),
  sample: sample === undefined ? undefined : Buffer.from(sample).toString("base64")
})

const server =
  options.protocol === "http"
    ? createServer(serveHttp)
    : createHttp2Server({ settings: { initialWindowSize: 8 << 20 }, maxSessionMemory: 1000 })
        .on("session", (session: ServerHttp2Session) => session.setLocalWindowSize(64 << 20))
        .on("stream", serveGrpc)
server.listen(0, "127.0.0.1", () => process.send!({ port: (server.address() as AddressInfo).port }))
process.on("message", (question) => {
  if (question === "forget latencies") ages = []
  process.send!(report())
})
process.on("disconnect", () => process.exit(0))
