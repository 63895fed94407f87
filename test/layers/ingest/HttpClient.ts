import { Agent, type IncomingHttpHeaders, request } from "node:http"
import type { Signal } from "../../../src/domain/Signal.ts"

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface Asked {
  readonly port: number
  readonly method?: string
  readonly path?: string
  readonly headers?: { readonly [name: string]: string }
  readonly body?: Uint8Array | string
  readonly agent?: Agent
}

/** One request of Node's own client. */
export const ask = ({ port, method = "POST", path = "/v1/traces", headers = {}, body, agent }: Asked): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, method, path, headers, agent: agent ?? false }, (response) => {
      const chunks: Array<Buffer> = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk))
      response.on("error", reject)
      response.on("end", () => resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) }))
    })
    sent.on("error", reject)
    sent.end(body)
  })

export const protobuf = { "content-type": "application/x-protobuf" }
export const json = { "content-type": "application/json" }

export const post = (
  port: number,
  signal: Signal,
  body: Uint8Array | string,
  headers: { readonly [name: string]: string } = protobuf
): Promise<Reply> => ask({ port, path: `/v1/${signal}`, headers: { ...headers, "content-length": String(Buffer.byteLength(body)) }, body })
