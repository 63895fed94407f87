import { once } from "node:events"
import { connect, createServer, type AddressInfo } from "node:net"

const lookMillis = 10

/** A port that nobody listens on now. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, "close")
  return port
}

export const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" })
    socket.on("connect", () => {
      socket.destroy()
      resolve(true)
    })
    socket.on("error", () => resolve(false))
  })

/**
 * Looks again and again until the fact holds; a fact that never comes true is a failed test, with its name. Looks are counted, not the
 * clock: on a machine that has no time for the test it waits longer.
 */
export const until = async (fact: string, holds: () => boolean | Promise<boolean>, millis = 20_000): Promise<void> => {
  for (let waited = 0; !(await holds()); waited += lookMillis) {
    if (waited > millis) throw new Error(`within ${millis} ms it did not come true that ${fact}`)
    await new Promise((resolve) => setTimeout(resolve, lookMillis))
  }
}
