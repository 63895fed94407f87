import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { once } from "node:events"
import type { AddressInfo } from "node:net"
import * as HttpRouter from "effect/http/HttpRouter"
import { routes } from "../../../src/layers/console/Console.ts"
import type { Fixture } from "./Fixture.ts"

export interface Command {
  readonly path: string
  readonly body: unknown
  readonly authorization: string | undefined
}

export interface FixtureServer {
  readonly url: string
  /** What was posted. */
  readonly commands: ReadonlyArray<Command>
  /** Streams that are open. */
  readonly streams: () => number
  readonly requests: () => ReadonlyArray<string>
  /** Answers differently from now on, and tells it to the streams. */
  readonly show: (fixture: Fixture) => void
  /** The next commands are refused so, or accepted again. */
  readonly refuse: (message: string | undefined) => void
  /** As when the process is gone: streams break off, and new requests too, until it is back. */
  readonly vanish: (isGone: boolean) => void
  readonly close: () => Promise<void>
}

/** The console as it is served, over answers that do not change by themselves. */
export const serveFixture = async (first: Fixture, token?: string): Promise<FixtureServer> => {
  const files = HttpRouter.toWebHandler(routes, { disableLogger: true })
  const commands: Array<Command> = []
  const requests: Array<string> = []
  const streams = new Set<ServerResponse>()
  let [fixture, refusal, isGone] = [first, undefined as string | undefined, false]

  const json = (response: ServerResponse, status: number, body: unknown) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
  const tell = (stream: ServerResponse) => {
    const event = (name: string, data: unknown) => stream.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
    event("overview", fixture.overview)
    event("findings", fixture.findings.open)
    event("rollouts", fixture.rollouts)
  }
  const api = async (request: IncomingMessage, response: ServerResponse, { pathname, searchParams }: URL) => {
    const { authorization } = request.headers
    if (token !== undefined && authorization !== `Bearer ${token}`)
      return json(response, 401, { _tag: "Unauthorized", message: "no valid token" })
    if (request.method === "POST") {
      let text = ""
      for await (const chunk of request) text += String(chunk)
      commands.push({ path: pathname, body: text === "" ? undefined : JSON.parse(text), authorization })
      return refusal === undefined
        ? json(response, 200, { rollout: null, agents: [] })
        : json(response, 409, { _tag: "Refused", message: refusal })
    }
    const rollout = searchParams.get("rollout")
    switch (pathname) {
      case "/api/v1/events":
        response.writeHead(200, { "content-type": "text/event-stream" })
        streams.add(response)
        response.on("close", () => streams.delete(response))
        return tell(response)
      case "/api/v1/agents":
        return json(response, 200, fixture.agents)
      case "/api/v1/pipelines":
        return json(response, 200, fixture.pipelines)
      case "/api/v1/findings":
        return json(response, 200, fixture.findings)
      case "/api/v1/journal":
        return json(response, 200, { records: fixture.journal.filter((record) => rollout === null || record.rollout === rollout) })
      default:
        return json(response, 404, { _tag: "NotFound", message: pathname })
    }
  }
  const server = createServer((request, response) => {
    if (isGone) return request.socket.destroy()
    const url = new URL(request.url!, "http://127.0.0.1")
    requests.push(`${request.method} ${url.pathname}`)
    if (url.pathname.startsWith("/api/")) return void api(request, response, url)
    const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)])
    return void files.handler(new Request(url, { headers })).then(async (answer) => {
      response.writeHead(answer.status, Object.fromEntries(answer.headers))
      response.end(Buffer.from(await answer.arrayBuffer()))
    })
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    commands,
    requests: () => requests,
    streams: () => streams.size,
    show: (next) => {
      fixture = next
      for (const stream of streams) tell(stream)
    },
    refuse: (message) => (refusal = message),
    vanish: (gone) => {
      isGone = gone
      if (gone) for (const stream of streams) stream.destroy()
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, "close")
      await files.dispose()
    }
  }
}
