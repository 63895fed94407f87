import { request as httpRequest } from "node:http"
import { request as httpsRequest } from "node:https"
import { gunzip, gzip } from "node:zlib"
import * as Effect from "effect/Effect"
import { formatUid } from "../../../../domain/opamp/InstanceUid.ts"
import { pace } from "./Pace.ts"
import type { Endpoint } from "./Session.ts"

/** An answer, or why there is none (`status` 0). */
export interface HttpAnswer {
  readonly status: number
  readonly body: Uint8Array
  readonly retryAfter: string | undefined
  readonly problem: string | undefined
}

const mediaType = "application/x-protobuf"
const maxRedirects = 5
/** Smaller messages are sent as they are. */
const gzipFrom = 1024

const none = (problem: string): HttpAnswer => ({ status: 0, body: new Uint8Array(0), retryAfter: undefined, problem })

/**
 * Posts a message and reads the answer, inflated, up to the endpoint's limit. Follows redirections, but takes the endpoint's headers, which
 * are credentials, to no other origin. Fails: never. An interruption ends the request.
 */
export const post = (endpoint: Endpoint, instanceUid: Uint8Array, message: Uint8Array): Effect.Effect<HttpAnswer> =>
  Effect.callback<HttpAnswer>((resume) => {
    let isOver = false
    let abort = (): void => {}
    const finish = (answer: HttpAnswer): void => resume(Effect.succeed(answer))
    const go = (...call: Parameters<typeof ask>): void => {
      if (isOver) return
      try {
        ask(...call)
      } catch (error) {
        finish(none((error as Error).message))
      }
    }
    const ask = (
      url: string,
      headers: Endpoint["headers"],
      body: Uint8Array,
      encoding: { readonly "content-encoding"?: string },
      hops: number
    ): void => {
      const request = (url.startsWith("https:") ? httpsRequest : httpRequest)(url, {
        ...endpoint.tls,
        method: "POST",
        headers: {
          ...headers,
          ...encoding,
          "content-type": mediaType,
          "content-length": body.length,
          "accept-encoding": "gzip",
          "opamp-instance-uid": formatUid(instanceUid)
        }
      })
      abort = () => request.destroy()
      const timer = setTimeout(() => request.destroy(new Error(`no answer within ${pace.patience} ms`)), pace.patience)
      request.on("error", (error) => {
        clearTimeout(timer)
        finish(none(error.message))
      })
      request.on("response", (response) => {
        const { statusCode: status = 0, headers: answered } = response
        const location = answered.location
        if ((status === 307 || status === 308) && location !== undefined) {
          response.resume()
          clearTimeout(timer)
          if (hops >= maxRedirects) return finish(none("too many redirections"))
          const target = URL.canParse(location, url) ? new URL(location, url) : undefined
          if (target === undefined || !/^https?:$/.test(target.protocol)) return finish(none("redirected to what is no address"))
          return go(target.href, target.origin === new URL(url).origin ? headers : {}, body, encoding, hops + 1)
        }
        const chunks: Array<Buffer> = []
        let size = 0
        response.on("data", (chunk: Buffer) => {
          size += chunk.length
          if (size > endpoint.maxMessageBytes) request.destroy(new Error(`the answer is larger than ${endpoint.maxMessageBytes} bytes`))
          else chunks.push(chunk)
        })
        response.on("error", (error) => {
          clearTimeout(timer)
          finish(none(error.message))
        })
        response.on("end", () => {
          clearTimeout(timer)
          const answer = { status, retryAfter: answered["retry-after"], problem: undefined }
          const whole = Buffer.concat(chunks)
          if (answered["content-encoding"] !== "gzip") return finish({ ...answer, body: whole })
          gunzip(whole, { maxOutputLength: endpoint.maxMessageBytes }, (error, inflated) =>
            finish(error === null ? { ...answer, body: inflated } : none(`the answer cannot be inflated: ${error.message}`))
          )
        })
      })
      request.end(body)
    }
    if (message.length < gzipFrom) go(endpoint.url, endpoint.headers, message, {}, 0)
    else
      gzip(message, (error, deflated) => {
        if (error === null) go(endpoint.url, endpoint.headers, deflated, { "content-encoding": "gzip" }, 0)
        else go(endpoint.url, endpoint.headers, message, {}, 0)
      })
    return Effect.sync(() => {
      isOver = true
      abort()
    })
  })
