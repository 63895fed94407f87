import { once } from "node:events"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import * as Effect from "effect/Effect"

export interface HttpBackend {
  readonly url: string
  readonly server: Server
  /** Connections ever made. */
  readonly connections: () => number
}

/** A real HTTP server that a test scripts request by request; it and its connections end with the scope. */
export const httpBackend = (onRequest: (request: IncomingMessage, response: ServerResponse, number: number) => void) =>
  Effect.acquireRelease(
    Effect.promise(async (): Promise<HttpBackend> => {
      let requests = 0
      let connections = 0
      const server = createServer((request, response) => onRequest(request, response, requests++))
      server.on("connection", (socket: Socket) => {
        connections++
        socket.on("error", () => {})
      })
      server.listen(0, "127.0.0.1")
      await once(server, "listening")
      return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, connections: () => connections }
    }),
    ({ server }) =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )

export const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Array<Buffer> = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
