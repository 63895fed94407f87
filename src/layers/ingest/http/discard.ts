import type { IncomingMessage } from "node:http"

/** Most bytes of a refused body that are read and thrown away, so that the client can read its answer and keep the connection. */
const mostDiscarded = 64 << 20

/** Reads the rest of a refused body. Reconnecting costs more than the bytes do; a body without end loses its connection. */
export const discard = (request: IncomingMessage): void => {
  let discarded = 0
  request.removeAllListeners("data")
  request.on("data", (chunk: Buffer) => {
    discarded += chunk.length
    if (discarded > mostDiscarded) request.socket.destroy()
  })
  if (request.listenerCount("error") === 0) request.on("error", () => {})
  request.resume()
}
