import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as OpenApi from "effect/http-api/OpenApi"
import { Api, apiPrefix } from "../../src/layers/api/Api.ts"

const text = readFileSync(new URL("../../docs/control.md", import.meta.url), "utf8")

describe("docs/control.md", () => {
  it("has a curl form for everything that the API can do, and none for what it cannot", () => {
    const calls = [...text.matchAll(/curl (?:-N )?"?\$A(\/[\w/]+)[^`]*/g)].map(([call, path]) => {
      const method = call.includes("--json") || call.includes("-X POST") ? "post" : "get"
      return `${method} ${apiPrefix}${path!.replace(/\/(UID|ID)/, "/{id}")}`
    })
    const offered = Object.entries(OpenApi.fromApi(Api).paths).flatMap(([path, methods]) =>
      Object.keys(methods!).map((method) => `${method} ${path}`)
    )
    assert.deepStrictEqual([...new Set(calls)].toSorted(), offered.filter((call) => call !== `get ${apiPrefix}/health`).toSorted())
  })
})
