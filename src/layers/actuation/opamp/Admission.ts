import { createHash, timingSafeEqual } from "node:crypto"
import type { IncomingMessage } from "node:http"

export const path = "/v1/opamp"

/** Why a request is not served, as HTTP says it. */
export interface Refused {
  readonly status: number
  readonly message: string
  readonly headers?: { readonly [name: string]: string }
}

/** How long agents that are told to come back later should wait at least (specification, throttling): in seconds. */
export const retryAfter = { "retry-after": "30" }

/** Who may speak: decided by the headers alone, for polls and upgrades alike. */
export class Admission {
  private readonly digests: ReadonlyArray<Buffer>

  constructor(tokens: ReadonlyArray<string>) {
    this.digests = tokens.map(digest)
  }

  refusal({ url, headers }: IncomingMessage): Refused | undefined {
    if (pathOf(url!) !== path) return { status: 404, message: `nothing is served here; expected ${path}` }
    // Agents send none; a page in a browser on this machine would.
    if (headers.origin !== undefined) return { status: 403, message: "requests of web pages are not served" }
    if (this.digests.length > 0 && !this.isKnown(headers.authorization)) {
      const challenge = { "www-authenticate": 'Bearer realm="opamp"' }
      return { status: 401, message: "no valid token; expected Authorization: Bearer TOKEN", headers: challenge }
    }
    return undefined
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

const pathOf = (target: string): string => {
  // The absolute form, which servers have to accept too (RFC 9112, 3.2.2).
  const local = /^https?:\/\/[^/?]*(.*)$/i.exec(target)?.[1] ?? target
  const query = local.indexOf("?")
  return query < 0 ? local : local.slice(0, query)
}

/** Whether only this machine can reach what listens on `host`. */
export const isLoopback = (host: string): boolean => host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host)
