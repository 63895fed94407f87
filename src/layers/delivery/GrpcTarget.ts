import { isIPv6 } from "node:net"

/** Where a gRPC client connects to. */
export interface GrpcTarget {
  readonly isPlain: boolean
  readonly host: string
  readonly port: number
  /** `:authority` of the requests. */
  readonly authority: string
}

/**
 * Reads `host:port`, `http://host:port` (plain text), `https://host:port` (TLS) or `dns:///host:port`; where no scheme of HTTP says it,
 * `insecure` decides about TLS. Gives a message if it is none of these.
 */
export const parseTarget = (endpoint: string, insecure: boolean): GrpcTarget | string => {
  const [, scheme, rest] = /^(https?:\/\/|dns:\/\/[^/]*\/|dns:)?(.*)$/.exec(endpoint)!
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:/[\]\s]+):(\d{1,5})\/?$/.exec(rest!)
  const port = match === null ? 0 : Number(match[2])
  if (match === null || port === 0 || port > 65535) {
    return `"${endpoint}" is no endpoint: expected host:port, such as "localhost:4317"`
  }
  const named = match[1]!
  const host = named.startsWith("[") ? named.slice(1, -1) : named
  if (named.startsWith("[") && !isIPv6(host)) return `"${endpoint}" is no endpoint: ${named} is no IPv6 address`
  return { isPlain: scheme === "http://" || (scheme !== "https://" && insecure), host, port, authority: `${named}:${port}` }
}
