import { once } from "node:events"
import { createServer, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2"
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net"
import * as Effect from "effect/Effect"

/** A real HTTP/2 server that a test scripts call by call; it and its connections end with the scope. */
export const grpcBackend = (onCall: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, number: number) => void) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      let calls = 0
      const sessions: Array<ServerHttp2Session> = []
      const sockets = new Set<Socket>()
      const server = createServer()
      server.on("session", (session) => sessions.push(session))
      server.on("connection", (socket: Socket) => {
        sockets.add(socket)
        socket.on("error", () => {})
      })
      server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
        stream.on("error", () => {})
        onCall(stream, headers, calls++)
      })
      server.listen(0, "127.0.0.1")
      await once(server, "listening")
      const { port } = server.address() as AddressInfo
      return { endpoint: `127.0.0.1:${port}`, port, server, sessions: sessions as ReadonlyArray<ServerHttp2Session>, sockets }
    }),
    ({ server, sockets }) =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        for (const socket of sockets) socket.destroy()
      })
  )

export const head = { ":status": 200, "content-type": "application/grpc" }

/** Answers as a gRPC server does: headers, a message, trailers. */
export const reply = (stream: ServerHttp2Stream, message: Uint8Array = new Uint8Array(0)): void => {
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(message.length, 1)
  stream.respond(head, { waitForTrailers: true })
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }))
  stream.end(Buffer.concat([prefix, message]))
}

/** Answers with a status only, as a gRPC server does when it fails before a message. */
export const refuse = (stream: ServerHttp2Stream, trailers: { readonly [name: string]: string }): void =>
  stream.respond({ ...head, ...trailers }, { endStream: true })

/** A way to a port that can be cut: connections then stay open, and nothing passes; later ones are new. */
export const cableTo = (port: number) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const ends = new Set<Socket>()
      const server = createTcpServer((near) => {
        const far = connect(port, "127.0.0.1")
        for (const end of [near, far]) {
          ends.add(end)
          end.on("error", () => {})
        }
        near.pipe(far)
        far.pipe(near)
      })
      server.listen(0, "127.0.0.1")
      await once(server, "listening")
      const cut = (): void => {
        for (const end of ends) end.unpipe().pause()
      }
      return { port: (server.address() as AddressInfo).port, cut, server, ends }
    }),
    ({ server, ends }) =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        for (const end of ends) end.destroy()
      })
  )
