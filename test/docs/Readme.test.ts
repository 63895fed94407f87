import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { checked } from "../support/RunningGateway.ts"
import { Gateway } from "../../src/layers/Gateway.ts"

// The examples of the README, run as they stand there. They import "weir", which the package's own exports resolve for files in it.
const root = fileURLToPath(new URL("../../", import.meta.url))
const readme = readFileSync(`${root}README.md`, "utf8")
const blocks = (language: string) => [...readme.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, "gm"))].map(([, code]) => code!)

const folder = `${root}.cache/readme/`
mkdirSync(folder, { recursive: true })
const [inATest, ofYourOwn] = blocks("ts").map((code, i) => {
  const path = `${folder}example-${i + 1}.ts`
  writeFileSync(path, code)
  return path
})

// Declares its own test.
await import(inATest!)

const example: { readonly gateway: Layer.Layer<Gateway, Error> } = await import(ofYourOwn!)

describe("README", () => {
  it("shows a configuration of 20 lines that is right", () => {
    const [yaml] = blocks("yaml")
    assert.isAtMost(yaml!.trimEnd().split("\n").length, 20)
    assert.strictEqual(checked(yaml).pipelines.length, 1)
  })

  it.effect("shows a processor of one's own that works", () =>
    Effect.gen(function* () {
      const { addresses } = yield* Gateway
      const send = (tenant: string) =>
        Effect.promise(async () => {
          const resource = { attributes: [{ key: "tenant", value: { stringValue: tenant } }] }
          const body = JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords: [{ body: { stringValue: "hello" } }] }] }] })
          const url = `http://${addresses()[0]!.address}/v1/logs`
          return (await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body })).status
        })
      assert.strictEqual(yield* send("acme"), 200)
      assert.strictEqual(yield* send("other"), 403)
    }).pipe(Effect.provide(example.gateway))
  )
})
