import { createRequire } from "node:module"

/** What of an agent's message the tests look at, as Elastic's server has decoded it. */
export interface ElasticMessage {
  readonly remoteConfigStatus?: { readonly status: number; readonly errorMessage: string }
  readonly effectiveConfig?: { readonly configMap?: { readonly configMap: { readonly [name: string]: { readonly body: Uint8Array } } } }
  readonly health?: ElasticHealth
  readonly agentDisconnect?: unknown
}

interface ElasticHealth {
  readonly healthy: boolean
  readonly componentHealthMap: { readonly [name: string]: ElasticHealth }
}

interface ElasticServer {
  readonly endpoint: string
  start(): Promise<void>
  close(): Promise<void>
  setAgentConfigMap(map: {
    readonly configMap: { readonly [name: string]: { readonly body: Uint8Array; readonly contentType: string } }
  }): void
  testGetRequests(): ReadonlyArray<{ readonly a2s?: ElasticMessage }>
}

const { MockOpAMPServer } = createRequire(import.meta.url)("@elastic/mockopampserver") as {
  readonly MockOpAMPServer: new (options: {
    readonly hostname: string
    readonly port: number
    readonly testMode: boolean
    readonly logLevel: string
  }) => ElasticServer
}

/** Elastic's server for tests, over HTTP, on a free port. The package has no types. */
export const startElasticServer = async (): Promise<ElasticServer> => {
  const server = new MockOpAMPServer({ hostname: "127.0.0.1", port: 0, testMode: true, logLevel: "fatal" })
  await server.start()
  return server
}
