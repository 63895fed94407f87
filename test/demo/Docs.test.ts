import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { parse } from "yaml"
import { controlFile, gatewayFile } from "../../scripts/demo/Configuration.ts"
import { full } from "../../scripts/demo/Pace.ts"

const page = readFileSync(fileURLToPath(new URL("../../docs/demo.md", import.meta.url)), "utf8")
const [ofGateway, ofControl] = [...page.matchAll(/^```yaml\n([^]*?)^```/gm)].map(([, yaml]) => parse(yaml!))

const isMap = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The whole with only those keys of its maps that the part has. */
const cut = (whole: unknown, part: unknown): unknown =>
  isMap(whole) && isMap(part) ? Object.fromEntries(Object.keys(part).map((key) => [key, cut(whole[key], part[key])])) : whole

describe("docs/demo.md", () => {
  it("shows the gateways' file and the control plane's as they are", () => {
    const gateway = parse(gatewayFile(0, { otlp: 1, metrics: 2 }, 3, { acme: 4, globex: 5 }))
    const control = parse(controlFile({ opamp: 1, api: 2, otlp: 3, metrics: 4, health: 5 }, full))
    assert.deepStrictEqual(cut(gateway, ofGateway), ofGateway)
    assert.deepStrictEqual(cut(control, ofControl), ofControl)
  })
})
