import { createHash, timingSafeEqual } from "node:crypto"
import * as Effect from "effect/Effect"
import type * as HttpServerError from "effect/http/HttpServerError"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { isLoopback } from "../actuation/opamp/Admission.ts"

/**
 * Who is served. With tokens: who has one; static files are for everybody, they say nothing. Without tokens: who called the server by a
 * loopback name, so that no name of somebody else's that resolves here (DNS rebinding) gets an answer. Either way a page of another origin
 * gets none: browsers tell it, and a command needs no answer to do harm.
 */
export class Guard {
  private readonly digests: ReadonlyArray<Buffer>

  /** With the tokens of clients; without any, only what comes from this machine by its own names is served. */
  constructor(tokens: ReadonlyArray<string>) {
    this.digests = tokens.map(digest)
  }

  readonly protect = <E, R>(
    app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
  ): Effect.Effect<HttpServerResponse.HttpServerResponse, E | HttpServerError.HttpServerError, R | HttpServerRequest> =>
    Effect.flatMap(HttpServerRequest, ({ url, headers }) => this.refusal(url, headers) ?? app).pipe(Effect.map(withHeaders))

  private refusal(url: string, headers: { readonly [name: string]: string | undefined }) {
    const { host = "", origin } = headers
    if (origin !== undefined && !isSameOrigin(origin, host))
      return refuse(403, "Forbidden", `requests of pages of ${origin} are not served`)
    if (this.digests.length === 0) {
      if (isLoopback(nameOf(host))) return undefined
      return refuse(403, "Forbidden", `the host ${host} is not served; expected localhost or a loopback address`)
    }
    if (isStatic(url)) return undefined
    if (this.isKnown(headers["authorization"])) return undefined
    return refuse(401, "Unauthorized", "no valid token; expected Authorization: Bearer TOKEN", {
      "www-authenticate": 'Bearer realm="weir"'
    })
  }

  private isKnown(authorization: string | undefined): boolean {
    const token = /^bearer +(\S+)$/i.exec(authorization ?? "")?.[1]
    if (token === undefined) return false
    const presented = digest(token)
    // Not `some`: which of the tokens it was should not show in the time either.
    return this.digests.reduce((known, expected) => timingSafeEqual(presented, expected) || known, false)
  }
}

const digest = (token: string): Buffer => createHash("sha256").update(token).digest()

const refuse = (status: number, tag: string, message: string, headers: { readonly [name: string]: string } = {}) =>
  Effect.succeed(HttpServerResponse.jsonUnsafe({ _tag: tag, message }, { status, headers }))

const withHeaders = (response: HttpServerResponse.HttpServerResponse) =>
  HttpServerResponse.setHeaders(response, {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer"
  })

/** The name in a `Host` header: without a port, and without the brackets of an IPv6 address. */
const nameOf = (host: string): string =>
  /^(?:\[([^\]]*)\]|([^:]*))(?::\d+)?$/
    .exec(host)
    ?.slice(1)
    .find((name) => name !== undefined) ?? ""

const isSameOrigin = (origin: string, host: string): boolean => {
  const [, scheme, named] = /^(https?):\/\/([^/]+)$/.exec(origin) ?? []
  return scheme !== undefined && named!.toLowerCase() === host.toLowerCase()
}

/** A plain path that cannot be one of the API, however a router reads it. */
const isStatic = (url: string): boolean => /^\/(?!\/|api(?:[/?]|$))(?:[\w.-]+\/?)*(?:\?.*)?$/i.test(url)
