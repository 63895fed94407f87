import type { IncomingMessage, ServerResponse } from "node:http"
import type { Cors } from "../OtlpConfig.ts"

/** What a request may carry without asking (Fetch standard), and what OTLP itself needs. */
const alwaysAllowed = ["accept", "accept-language", "content-language", "content-type", "content-encoding", "origin", "x-requested-with"]

/**
 * Cross-origin resource sharing (https://fetch.spec.whatwg.org/#http-cors-protocol): which browsers' scripts may send. Credentials are
 * allowed, as in the collector, so the answer names the origin and never `*`.
 */
export class CorsPolicy {
  private readonly origins: RegExp | undefined
  private readonly allowedHeaders: ReadonlySet<string>
  private readonly allHeaders: boolean
  private readonly exposed: string
  private readonly maxAge: number

  constructor(cors: Cors) {
    const patterns = cors.allowed_origins.map((origin) => origin.toLowerCase().split("*").map(escape).join(".*"))
    this.origins = patterns.length === 0 ? undefined : new RegExp(`^(?:${patterns.join("|")})$`)
    this.allowedHeaders = new Set([...alwaysAllowed, ...cors.allowed_headers.map((name) => name.toLowerCase())])
    this.allHeaders = cors.allowed_headers.includes("*")
    this.exposed = cors.exposed_headers.join(", ")
    this.maxAge = cors.max_age
  }

  private allows(origin: string): boolean {
    return origin.length < 1024 && this.origins !== undefined && this.origins.test(origin.toLowerCase())
  }

  /** Answers a preflight; an origin, method or header that is not allowed gets an answer without permission. */
  preflight(request: IncomingMessage, response: ServerResponse): void {
    const { origin } = request.headers
    response.setHeader("vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
    const asked = request.headers["access-control-request-headers"] ?? ""
    const method = request.headers["access-control-request-method"]
    if (origin !== undefined && this.allows(origin) && method === "POST" && this.allowsHeaders(asked)) {
      response.setHeader("access-control-allow-origin", origin)
      response.setHeader("access-control-allow-credentials", "true")
      response.setHeader("access-control-allow-methods", "POST")
      if (asked !== "") response.setHeader("access-control-allow-headers", asked)
      if (this.maxAge > 0) response.setHeader("access-control-max-age", this.maxAge)
    }
    response.writeHead(204).end()
  }

  private allowsHeaders(asked: string): boolean {
    return this.allHeaders || asked.split(",").every((name) => name.trim() === "" || this.allowedHeaders.has(name.trim().toLowerCase()))
  }

  /** Adds to the response of an actual request what its script needs to read it. */
  permit(request: IncomingMessage, response: ServerResponse): void {
    const { origin } = request.headers
    response.setHeader("vary", "Origin")
    if (origin === undefined || !this.allows(origin)) return
    response.setHeader("access-control-allow-origin", origin)
    response.setHeader("access-control-allow-credentials", "true")
    if (this.exposed !== "") response.setHeader("access-control-expose-headers", this.exposed)
  }
}

const escape = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")
