import { request } from "node:http"
import { once } from "node:events"
import { connect } from "node:net"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { until } from "../../support/Facts.ts"
import { RunningControl } from "./RunningControl.ts"

const token = "a-token-of-sixteen-or-more"

/** The status for a request with these headers; `fetch` would not send some of them. */
const status = (port: number, headers: { readonly [name: string]: string }, path = "/api/v1/health", method = "GET"): Promise<number> =>
  new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, method, headers }, (response) => {
      response.resume()
      response.on("end", () => resolve(response.statusCode!))
    })
    sent.on("error", reject)
    sent.end(method === "POST" ? "{}" : undefined)
  })

describe("a server without tokens", () => {
  let control: RunningControl
  beforeAll(async () => {
    control = await RunningControl.start()
  })
  afterAll(() => control.stop())

  it("serves those who call it by a loopback name, and nobody else's name or page", async () => {
    const port = control.apiPort
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`, "127.9.9.9"])
      assert.strictEqual(await status(port, { host }), 200, host)
    for (const host of ["evil.example", `evil.example:${port}`, "127.0.0.1.evil.example", "10.0.0.1"])
      assert.strictEqual(await status(port, { host }), 403, host)
    const host = `localhost:${port}`
    assert.strictEqual(await status(port, { host, origin: `http://${host}` }), 200)
    for (const origin of ["null", "http://evil.example", `http://127.0.0.1:${port}`, `http://localhost:1`]) {
      assert.strictEqual(await status(port, { host, origin }), 403, origin)
      assert.strictEqual(
        await status(port, { host, origin, "content-type": "application/json" }, "/api/v1/loop/pause", "POST"),
        403,
        origin
      )
    }
    assert.strictEqual((await control.json("/overview")).paused, false)
  })

  it("takes commands as JSON only: a form of another page could not say that", async () => {
    const answer = await status(control.apiPort, { host: "localhost", "content-type": "text/plain" }, "/api/v1/loop/pause", "POST")
    assert.isAtLeast(answer, 400)
    assert.strictEqual((await control.json("/overview")).paused, false)
  })

  it("refuses a body that is too large, and says what is nothing of the API", async () => {
    const large = await control.post("/push", { agents: { labels: {} }, document: "x".repeat(6 << 20) }).then(
      (answer) => answer.status,
      () => "cut off"
    )
    assert.include([413, "cut off"], large)
    const nothing = await control.get("/nothing")
    assert.strictEqual(nothing.status, 404)
    assert.strictEqual(((await nothing.json()) as { _tag: string })._tag, "NotFound")
  })

  it("streams: states at once and when they change, each journal record once, from where a stream ended", async () => {
    const first = await open(control)
    await first.until("its overview", ({ event }) => event === "overview")
    await first.until("its rollouts", ({ event }) => event === "rollouts")
    await control.post("/loop/pause", { by: "ann" })
    const paused = await first.until("the pause", ({ event, data }) => event === "journal" && data.told.includes("ann pauses the loop"))
    await first.until("the word", ({ event, data }) => event === "overview" && data.state === "needs_you")
    first.close()
    await control.post("/loop/resume", { by: "ann" })
    const second = await open(control, { "last-event-id": paused.id })
    const next = await second.until("a record", ({ event }) => event === "journal")
    assert.deepStrictEqual([Number(next.id), next.data.told], [Number(paused.id) + 1, "ann resumes the loop"])
    second.close()
    assert.strictEqual((await control.get("/events?topics=overview,nothing")).status, 422)
  })

  it("lets a slow reader wait alone: it misses no record and holds nothing up", async () => {
    const slow = connect(control.apiPort, "127.0.0.1")
    await once(slow, "connect")
    const before = (await control.json("/journal?limit=1")).records[0].id as number
    slow.write(`GET /api/v1/events?topics=journal HTTP/1.1\r\nhost: localhost\r\nlast-event-id: ${before}\r\n\r\n`)
    slow.pause()
    const reason = "r".repeat(900)
    const tellings = 2500
    const finding = {
      id: "x",
      detector: reason,
      kind: "k",
      subject: { tenant: "t", service: "s", signal: "traces" as const },
      score: 1,
      since: 0,
      until: undefined,
      value: 1,
      expected: undefined,
      evidence: []
    }
    for (let i = 0; i < tellings; i++)
      await Effect.runPromise(control.loop.tell({ _tag: "FindingOpened", finding: { ...finding, id: `x${i}` } }))
    await Effect.runPromise(control.loop.tell({ _tag: "FindingClosed", finding: { ...finding, until: 1 } }))
    const quick = await open(control)
    await quick.until("an overview", ({ event }) => event === "overview")
    quick.close()
    let text = ""
    slow.on("data", (chunk: Buffer) => (text += chunk.toString()))
    slow.resume()
    const { id: last } = (await control.json("/journal?limit=1")).records[0]
    await until("the last record has come", () => text.includes(`id: ${last}\n`))
    const ids = [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))
    assert.deepStrictEqual(
      ids,
      Array.from({ length: last - before }, (_, i) => before + 1 + i)
    )
    slow.destroy()
  })

  it("refuses the stream above a hundred", async () => {
    const streams = await Promise.all(Array.from({ length: 100 }, () => open(control)))
    await until("another one is refused", async () => {
      const answer = await control.get("/events", { signal: AbortSignal.timeout(5000) })
      await answer.body?.cancel()
      return answer.status === 503
    })
    for (const stream of streams) stream.close()
    await until("there is room again", async () => {
      const answer = await control.get("/events")
      await answer.body?.cancel()
      return answer.status === 200
    })
  })
})

describe("a server with tokens", () => {
  let control: RunningControl
  beforeAll(async () => {
    control = await RunningControl.start({ tokens: [token, "another-token-that-is-long"] })
  })
  afterAll(() => control.stop())

  it("serves who has one, by whatever name it is called", async () => {
    const port = control.apiPort
    const authorization = `Bearer ${token}`
    assert.strictEqual(await status(port, { host: "weir.example", authorization }), 200)
    assert.strictEqual(await status(port, { host: "localhost" }), 401)
    assert.strictEqual(await status(port, { host: "localhost", authorization: "Bearer wrong" }), 401)
    assert.strictEqual(await status(port, { host: "localhost", authorization, origin: "http://evil.example" }), 403)
    for (const path of [
      "/api/v1/events",
      "/api/v1/openapi.json",
      "//api/v1/health",
      "/%61pi/v1/health",
      "/API/v1/health",
      "/api",
      "http://x/api/v1/health"
    ])
      assert.strictEqual(await status(port, { host: "localhost" }, path), 401, path)
    assert.strictEqual(await status(port, { host: "localhost" }, "/"), 200)
    for (const path of ["/assets/a-b.js", "/index.html?x=1"]) assert.strictEqual(await status(port, { host: "localhost" }, path), 404, path)
  })
})

describe("a server that cannot be", () => {
  const failure = (options: Parameters<typeof RunningControl.start>[0]) =>
    RunningControl.start(options).then(
      () => "it started",
      (error: Error) => error.message
    )

  it("says so in one line that names the setting: a port in use, an address that others reach without a token", async () => {
    await using control = await RunningControl.start()
    assert.strictEqual(
      await failure({ apiAddress: `127.0.0.1:${control.apiPort}` }),
      `control.api.endpoint: port ${control.apiPort} is already in use (127.0.0.1:${control.apiPort}); choose another one`
    )
    assert.strictEqual(
      await failure({ apiAddress: "0.0.0.0:0" }),
      "control.api.endpoint: without tokens (control.auth.api) the API is served on a loopback address only, not on 0.0.0.0:0"
    )
  })

  it("ends its streams when it stops", async () => {
    const control = await RunningControl.start()
    const stream = await open(control)
    await stream.until("an overview", ({ event }) => event === "overview")
    await control.stop()
    // A server that had to wait for its streams would cut them off.
    assert.strictEqual(await stream.ended, "ended")
  })
})

interface Event {
  readonly event: string
  readonly id: string
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly data: any
}

const open = async (control: RunningControl, headers: { readonly [name: string]: string } = {}) => {
  const abort = new AbortController()
  const answer = await control.get("/events", { headers, signal: abort.signal })
  assert.strictEqual(answer.status, 200)
  const events: Array<Event> = []
  const read = async () => {
    let text = ""
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      const blocks = (text + chunk).split("\n\n")
      text = blocks.pop()!
      for (const block of blocks) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1]
        if (field("event") !== undefined) events.push({ event: field("event")!, id: field("id") ?? "", data: JSON.parse(field("data")!) })
      }
    }
  }
  const ended = read().then(
    () => "ended",
    () => "cut off"
  )
  return {
    ended,
    close: () => abort.abort(),
    until: async (what: string, is: (event: Event) => boolean): Promise<Event> => {
      await until(`a stream brings ${what}`, () => events.some(is))
      return events.find(is)!
    }
  }
}
