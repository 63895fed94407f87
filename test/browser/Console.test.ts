import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Browser, Page } from "playwright-core"
import { afterAll, afterEach, assert, describe, it } from "@effect/vitest"
import { freePort, until } from "../support/Facts.ts"
import { httpTransport } from "../support/RawSender.ts"
import { request } from "../support/Requests.ts"
import { launch, openPage, type Opened } from "./support/Browser.ts"
import { empty, type Fixture, fixture, hostile } from "./support/Fixture.ts"
import { type FixtureServer, serveFixture } from "./support/FixtureServer.ts"

const entry = fileURLToPath(new URL("../../bin/weir.js", import.meta.url))
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")
const launched = await launch()
if (typeof launched === "string") console.log(`the console is not tested: no Chromium starts here (${launched})`)

/** Everything that axe has rules for, WCAG 2.2 AA among it. */
const violations = async (page: Page): Promise<ReadonlyArray<string>> => {
  await page.evaluate(axe)
  return page.evaluate(`axe.run().then(({violations}) => violations.flatMap(({id, nodes}) => nodes.map(({html}) => id + ": " + html)))`)
}

const focused = (page: Page): Promise<string> =>
  page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.trim()")

// One file, since the first launch unpacks Chromium for all.
const browser = launched as Browser
afterAll(() => (typeof launched === "string" ? undefined : launched.close()))

describe.skipIf(typeof launched === "string")("the console", () => {
  let server: FixtureServer | undefined
  let opened: Opened | undefined

  const show = async (what: Fixture, options: Parameters<typeof openPage>[2] & { readonly token?: string } = {}): Promise<Page> => {
    const { token, ...context } = options
    server = await serveFixture(what, token)
    opened = await openPage(browser, server.url, context)
    if (token === undefined) await opened.page.getByText("live, data").waitFor()
    return opened.page
  }

  afterEach(async () => {
    await opened?.page.context().close()
    await server?.close()
    opened = server = undefined
  })

  it("tells how things stand, what flows, what is changed, what was found and what happened", async () => {
    const page = await show(fixture)
    await page.locator("#agents tbody tr").first().waitFor()
    assert.include(await page.locator("header").innerText(), "needs you")
    assert.include(await page.locator(".totals").innerText(), "7.5 k/s")
    const rates = await page.locator("#pipelines tbody tr").first().innerText()
    assert.match(rates, /globex\s+traces\s+812\s+790\s+322 kB\s+9\s+sampled 18\s+✖ queue_full 4/)
    const promoted = page.locator("#rollouts article", { hasText: "promoted volume of acme/checkout" })
    const goal = promoted.locator("tr", { hasText: "goal" })
    assert.match(await goal.innerText(), /delivered\.bytes[^]*-56\.6 %\s+\[-62\.3 % … -50\.1 %\]\s+-40 % or less\s+✔ reached/)
    assert.strictEqual(await goal.locator("svg .bar rect").count(), 1)
    assert.strictEqual(await goal.locator("svg .estimate").count(), 1)
    assert.strictEqual(await goal.locator("svg line.bound").count(), 1)
    const held = page.locator("#rollouts article", { hasText: "held keep a tenth" })
    assert.match(await held.innerText(), /Canary 3[^]*gateway-1[^]*✔ applied[^]*Control 3[^]*gateway-4/)
    assert.include(await held.innerText(), "◌ no verdict")
    assert.include(await page.locator("#findings").innerText(), "4120 instead of 205; score 97 %; for 6 min 0 s; by baseline/volume")
    assert.strictEqual(await page.locator("#findings svg path.line").first().isVisible(), true)
    assert.match(await page.locator("#agents tbody tr").first().innerText(), /gateway-5[^]*FAILED[^]*did you mean IsMatch\?/)
    assert.strictEqual(await page.locator(".journal li").count(), fixture.journal.length)
    assert.deepStrictEqual(opened!.complaints, [])
  })

  it("says of a control plane without agents that there is nothing", async () => {
    const page = await show(empty)
    await page.getByText("None has ever connected.").waitFor()
    for (const words of ["calm", "Nothing unusual.", "No change is waiting", "Nothing has arrived", "Nothing has happened yet."])
      await page.getByText(words).first().waitFor()
    assert.deepStrictEqual(await violations(page), [])
    assert.deepStrictEqual(opened!.complaints, [])
  })

  for (const colorScheme of ["light", "dark"] as const) {
    it(`has no violation of WCAG that axe knows, in ${colorScheme}`, async () => {
      const page = await show(fixture, { colorScheme })
      await page.locator("#agents tbody tr").first().waitFor()
      await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
      assert.deepStrictEqual(await violations(page), [])
      await page.getByRole("button", { name: "Roll back 9f86d081" }).click()
      assert.deepStrictEqual(await violations(page), [])
      await page.keyboard.press("Escape")
      await page.keyboard.press("?")
      assert.deepStrictEqual(await violations(page), [])
      assert.deepStrictEqual(opened!.complaints, [])
    })
  }

  it("is used by keys alone", async () => {
    const page = await show(fixture)
    await page.locator("#agents tbody tr").first().waitFor()
    await page.keyboard.press("Tab")
    assert.strictEqual(await focused(page), "Rollouts")
    await page.keyboard.press("g")
    await page.keyboard.press("a")
    assert.strictEqual(await focused(page), "Agents 6")
    await page.keyboard.press("g")
    await page.keyboard.press("r")
    assert.strictEqual(await focused(page), "Rollouts 4 live")
    for (let tabs = 0; (await focused(page)) !== "Approve d7a8fbb3"; tabs++) {
      assert.isBelow(tabs, 10, "Approve is a few tabs away")
      await page.keyboard.press("Tab")
    }
    await page.keyboard.press("Enter")
    await page.getByRole("dialog").waitFor()
    await page.keyboard.press("Escape")
    await page.getByRole("dialog").waitFor({ state: "hidden" })
    assert.strictEqual(await focused(page), "Approve d7a8fbb3")
    assert.deepStrictEqual(server!.commands, [])
    await page.keyboard.press("Enter")
    await page.getByRole("dialog").waitFor()
    await page.keyboard.type("ada")
    await page.keyboard.press("Tab")
    await page.keyboard.type("it is right")
    await page.keyboard.press("Enter")
    await page.getByText("Done: Approve").waitFor()
    assert.deepStrictEqual(server!.commands, [
      { path: "/api/v1/rollouts/d7a8fbb307d78094/approve", body: { by: "ada", reason: "it is right" }, authorization: undefined }
    ])
    await page.keyboard.press("h")
    await page.getByText("held: 0 snapshots skipped").waitFor()
    server!.show({ ...fixture, overview: { ...fixture.overview, reason: "something else" } })
    await page.getByText("held: 1 snapshots skipped").waitFor()
    assert.strictEqual(await page.getByText("something else").count(), 0)
    await page.keyboard.press("h")
    await page.getByText("something else").waitFor()
  })

  it("has single keys that can be turned off", async () => {
    const page = await show(fixture)
    await page.keyboard.press("?")
    await page.getByLabel("Keys are on").click()
    await page.keyboard.press("Escape")
    await page.keyboard.press("h")
    await page.getByRole("button", { name: "Hold" }).waitFor()
    assert.strictEqual(await page.getByText("snapshots skipped").count(), 0)
  })

  it("tells why something was refused, and keeps what was written", async () => {
    const page = await show(fixture)
    server!.refuse("it is promoted: roll it back instead")
    await page.getByRole("button", { name: "Abort c2a1f6e0" }).click()
    await page.getByLabel("Your name").fill("ada")
    await page.getByLabel("Why").fill("no")
    await page.getByRole("dialog").getByRole("button", { name: "Abort" }).click()
    await page.getByRole("alert").getByText("it is promoted: roll it back instead").waitFor()
    assert.strictEqual(await page.getByLabel("Why").inputValue(), "no")
    server!.refuse(undefined)
    await page.keyboard.press("Escape")
    assert.strictEqual(await page.getByRole("dialog").count(), 0)
  })

  it("shows names of the network as text, some of many, and says how many are left out", async () => {
    const page = await show(hostile)
    await page.locator("#agents tbody tr").first().waitFor()
    const text = await page.locator("body").innerText()
    for (const left of ["2950 more tenants", "80 more open findings", "800 more agents", "950 more agents", "400 more records"])
      assert.include(text, `${left}`)
    assert.include(text, "<img src=x onerror=")
    assert.include(text, "\\u202eevil\\u202c")
    assert.include(text, "a\\u200bb\\u0000c\\u001b[31m")
    assert.notMatch(text, /[\u202e\u200b]/)
    assert.strictEqual(await page.title(), "Weir")
    assert.strictEqual(await page.locator("#console img, #console script, #console a[href^=javascript]").count(), 0)
    const wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert.strictEqual(wide, 0)
    assert.deepStrictEqual(opened!.complaints, [])
  })

  it("keeps what it knows when the control plane goes away, says how old it is, and comes back by itself", async () => {
    const page = await show(fixture)
    await page.locator("#agents tbody tr").first().waitFor()
    server!.vanish(true)
    await page.getByText("connection lost").waitFor()
    await page.getByText(/next try in \d+ s/).waitFor()
    await page.getByText(/data \d+ s old/).waitFor()
    assert.include(await page.locator("#agents").innerText(), "gateway-1")
    server!.show({ ...fixture, overview: { ...fixture.overview, reason: "it is back" } })
    server!.vanish(false)
    await page.getByRole("button", { name: "Now" }).click()
    await page.getByText("it is back").waitFor()
    await page.getByText("live, data").waitFor()
    assert.strictEqual(server!.streams(), 1)
  })

  it("asks for a token where one is needed, sends it as Bearer, and forgets it", async () => {
    const page = await show(fixture, { token: "correct-horse-battery" })
    const field = page.getByLabel("Token of the control API")
    await field.fill("wrong")
    await page.keyboard.press("Enter")
    await page.getByText("It was refused: no valid token").waitFor()
    assert.deepStrictEqual(await violations(page), [])
    await field.fill("correct-horse-battery")
    await page.keyboard.press("Enter")
    await page.getByText("live, data").waitFor()
    await page.reload()
    await page.getByText("live, data").waitFor()
    await page.getByRole("button", { name: "Pause the loop" }).click()
    await page.getByLabel("Your name").fill("ada")
    await page.keyboard.press("Enter")
    await until("the command has arrived", () => server!.commands.length === 1)
    assert.deepStrictEqual(server!.commands[0], {
      path: "/api/v1/loop/pause",
      body: { by: "ada", reason: "" },
      authorization: "Bearer correct-horse-battery"
    })
    await page.getByRole("button", { name: "Forget token" }).click()
    await field.waitFor()
    assert.strictEqual(await page.evaluate("sessionStorage.length"), 0)
    await until("the stream is closed", () => server!.streams() === 0)
  })
})

describe.skipIf(typeof launched === "string")("the console of weir up", () => {
  const folder = mkdtempSync(join(tmpdir(), "weir-console-"))
  let child: ChildProcess | undefined
  afterAll(async () => {
    if (child !== undefined && child.exitCode === null) {
      child.kill("SIGINT")
      await once(child, "exit")
    }
    rmSync(folder, { recursive: true, force: true })
  })

  it("shows the gateway, what flows through it, and what a person has done", async () => {
    const [grpc, http, health, metrics, opamp, api, otlp, controlMetrics, controlHealth] = await Promise.all(
      Array.from({ length: 9 }, freePort)
    )
    const token = "correct-horse-battery"
    const at = (port: number | undefined) => ({ endpoint: `127.0.0.1:${port}` })
    const control = { opamp: at(opamp), api: at(api), otlp: at(otlp), metrics: at(controlMetrics), health: at(controlHealth) }
    const gateway = {
      receivers: { otlp: { protocols: { grpc: at(grpc), http: at(http) } } },
      extensions: { health_check: at(health), opamp: { server: { ws: { endpoint: `ws://127.0.0.1:${opamp}/v1/opamp` } } } },
      service: { telemetry: { metrics: { readers: [{ pull: { exporter: { prometheus: { host: "127.0.0.1", port: metrics } } } }] } } }
    }
    writeFileSync(join(folder, "control.yaml"), JSON.stringify({ control: { ...control, auth: { api: [{ token }] } } }))
    writeFileSync(join(folder, "gateway.yaml"), JSON.stringify(gateway))
    child = spawn(process.execPath, [entry, "up", "--config", "gateway.yaml", "--control", "control.yaml"], {
      cwd: folder,
      stdio: ["ignore", "pipe", "inherit"]
    })
    let output = ""
    child.stdout!.on("data", (chunk: Buffer) => (output += chunk.toString()))
    const url = `http://127.0.0.1:${api}/`
    await until(`it says where its console is, not only:\n${output}`, () => output.includes(`${url}\n`) && output.includes("OTEL_EXPORTER"))

    const { page, complaints } = await openPage(browser, url)
    await page.getByLabel("Token of the control API").fill(token)
    await page.keyboard.press("Enter")
    await page.getByText("live, data").waitFor()
    // The refusal of the request without the token.
    assert.isTrue(complaints.splice(0).every((complaint) => complaint.includes("401")))
    await page.locator("#agents tbody tr", { hasText: "weir" }).getByText("online").waitFor()
    await page.locator("#pipelines details summary").first().click()
    await page.locator("#pipelines .pipeline li", { hasText: "file" }).first().waitFor()

    const transport = httpTransport(() => http!)
    const sending = setInterval(() => void transport.send("traces", request("traces", ["a", "b", "c"], "acme")), 200)
    try {
      const row = page.locator("#pipelines tbody tr").first()
      await row.getByText("traces").waitFor()
      assert.match(await row.innerText(), /traces\s+[\d.]+\s+[\d.]+\s+[\d.]+ k?B/)
    } finally {
      clearInterval(sending)
      transport.close()
    }
    await page.getByRole("button", { name: "Pause the loop" }).click()
    await page.getByLabel("Your name").fill("ada")
    await page.getByLabel("Why").fill("a look")
    await page.keyboard.press("Enter")
    await page.locator(".journal").getByText("ada pauses the loop").waitFor()
    await page.locator("header").getByText("the loop is paused").waitFor()
    assert.include(await page.locator("header .state").innerText(), "needs you")
    assert.deepStrictEqual(complaints, [])
  })
})
