/** Where a listener binds, out of the collector's `host:port`. */
export interface Endpoint {
  /** A name or an IP address; `undefined` is every address of the machine. */
  readonly host: string | undefined
  /** 0 lets the system choose. */
  readonly port: number
}

const pattern = /^(?:\[([0-9a-fA-F:.%]+)\]|([^\s/:[\]]*)):(\d{1,5})$/

/** `localhost:4317`, `[::1]:4317`, `0.0.0.0:4317`, `:4317`; `undefined` for anything else. */
export const parseEndpoint = (text: string): Endpoint | undefined => {
  const match = pattern.exec(text)
  if (match === null) return undefined
  const port = Number(match[3])
  if (port > 65_535) return undefined
  const host = match[1] ?? match[2]!
  return { host: host === "" ? undefined : host, port }
}

export const formatAddress = (host: string, port: number): string => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`)
