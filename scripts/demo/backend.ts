/** A tenant's backend, a process: takes OTLP over HTTP, decodes it with the official transformer's code, and counts what came. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { createRequire } from "node:module"
import { gunzipSync } from "node:zlib"
import { endWith, sayReady, serveQuestions } from "./Ipc.ts"

export interface BackendReport {
  readonly spans: number
  readonly errors: number
  /** Of requests with spans, inflated. */
  readonly bytes: number
  readonly errorsByService: { readonly [service: string]: number }
  /** Spans of another tenant: there are none. */
  readonly strangers: number
}

interface TraceRequest {
  readonly resourceSpans: ReadonlyArray<{
    readonly resource?: { readonly attributes: ReadonlyArray<{ readonly key: string; readonly value?: { readonly stringValue?: string } }> }
    readonly scopeSpans: ReadonlyArray<{ readonly spans: ReadonlyArray<{ readonly status?: { readonly code?: number } }> }>
  }>
}

const { opentelemetry } = createRequire(import.meta.url)("otlp-transformer-generated/build/src/generated/root.js")
const decode: (bytes: Uint8Array) => TraceRequest = (bytes) =>
  opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest.decode(bytes)

/** `STATUS_CODE_ERROR`. */
const errorCode = 2

const [, , tenant, port] = process.argv
let spans = 0
let errors = 0
let bytes = 0
let strangers = 0
const errorsByService: { [service: string]: number } = {}

const count = (body: Uint8Array): void => {
  bytes += body.length
  for (const { resource, scopeSpans } of decode(body).resourceSpans) {
    const attribute = (key: string) => resource?.attributes.find((one) => one.key === key)?.value?.stringValue
    const service = attribute("service.name") ?? "unknown"
    for (const span of scopeSpans.flatMap((scope) => scope.spans)) {
      spans++
      if (attribute("tenant") !== tenant) strangers++
      if (span.status?.code !== errorCode) continue
      errors++
      errorsByService[service] = (errorsByService[service] ?? 0) + 1
    }
  }
}

const take = (request: IncomingMessage, response: ServerResponse): void => {
  const chunks: Array<Buffer> = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk))
  request.on("end", () => {
    const body = Buffer.concat(chunks)
    if (request.url === "/v1/traces") count(request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body)
    response.writeHead(200, { "content-type": "application/x-protobuf", "content-length": 0 }).end()
  })
}

const server = createServer(take)
serveQuestions({ report: (): BackendReport => ({ spans, errors, bytes, errorsByService, strangers }) })
endWith(
  () =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
)
server.listen(Number(port), "127.0.0.1", sayReady)
