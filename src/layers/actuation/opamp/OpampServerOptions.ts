export interface OpampServerOptions {
  /** Where to listen; port 0 lets the system choose. */
  readonly endpoint: { readonly host: string; readonly port: number }
  /** Any of these as `Authorization: Bearer TOKEN` lets an agent in. Without tokens the host must be a loopback address. */
  readonly tokens: ReadonlyArray<string>
  /** How large a message may be in either direction, inflated too; default 64 MiB. */
  readonly maxMessageBytes: number
  /** How many sockets may stand; default 12000. */
  readonly maxSockets: number
  /** How many upgrades one address may ask for at once, and how many a second lastingly; default 5000 and 200. */
  readonly upgrades: { readonly burst: number; readonly perSecond: number }
  /** How long headers, a body, or the first report on a socket may take; default 15 s. */
  readonly patienceMillis: number
  /** After how long a silent socket is pinged, and how long it has to answer; default 15 s. */
  readonly pingMillis: number
  /** How many bytes wait for a peer that does not read; beyond them the latest reply of each agent is kept. Default 1 MiB. */
  readonly maxUnreadBytes: number
  /** How long peers have to answer a Close, and requests to end, at a stop; default 2 s. */
  readonly closeMillis: number
}

export const defaultOptions: Omit<OpampServerOptions, "endpoint"> = {
  tokens: [],
  maxMessageBytes: 64 << 20,
  maxSockets: 12_000,
  upgrades: { burst: 5000, perSecond: 200 },
  patienceMillis: 15_000,
  pingMillis: 15_000,
  maxUnreadBytes: 1 << 20,
  closeMillis: 2000
}
