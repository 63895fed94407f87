import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { fleetDefaults } from "../../src/control/fleet/Fleet.ts"
import { defaultOptions } from "../../src/layers/actuation/opamp/OpampServerOptions.ts"
import { encode, frame, maxElements, maxNesting, ServerToAgent } from "../../src/opamp.ts"

const page = readFileSync(fileURLToPath(new URL("../../docs/opamp.md", import.meta.url)), "utf8")

describe("docs/opamp.md", () => {
  it("lists every limit with its default", () => {
    const table = page.slice(page.indexOf("| limit | default |")).split("\n\n")[0]!
    const { maxMessageBytes, maxSockets, upgrades, patienceMillis, pingMillis, maxUnreadBytes, closeMillis } = defaultOptions
    const server = [
      maxMessageBytes,
      maxSockets,
      upgrades.burst,
      upgrades.perSecond,
      patienceMillis,
      pingMillis,
      maxUnreadBytes,
      closeMillis
    ]
    const { maxAgents, maxKeptBytes, maxConfigBytes } = fleetDefaults
    assert.deepStrictEqual(
      table
        .split("\n")
        .slice(2)
        .map((row) => Number(row.split("|")[2])),
      [...server, maxAgents, maxKeptBytes, maxConfigBytes]
    )
    assert.include(page, `nesting deeper than ${maxNesting} messages, more than ${maxElements} elements`)
  })

  it("shows code that runs", async () => {
    const [, code] = /^```ts\n([^]*?)^```/m.exec(page)!
    const library = new URL("../../src/opamp.ts", import.meta.url).href
    const script = `${code!.replace('"weir/opamp"', JSON.stringify(library)).replace("(received: Uint8Array)", "(received)")}\nexport { report, onMessage }`
    const { report, onMessage } = await import(`data:text/javascript,${encodeURIComponent(script)}`)
    assert.isAbove(report.length, 16)
    const body = new TextEncoder().encode("a: 1")
    const offer = encode(ServerToAgent, { remoteConfig: { config: { configMap: new Map([["", { body }]]) } } })
    assert.deepStrictEqual(onMessage(frame(offer)), body)
    assert.include(onMessage(Uint8Array.of(0, 0xff)), "cut off")
  })
})
