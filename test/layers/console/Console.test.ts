import { brotliDecompressSync, gunzipSync } from "node:zlib"
import * as HttpRouter from "effect/http/HttpRouter"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { routes } from "../../../src/layers/console/Console.ts"

/** What a first visit may load, compressed. */
const budgetBytes = 100 * 1024

const { dispose, handler } = HttpRouter.toWebHandler(routes, { disableLogger: true })
afterAll(dispose)

const get = (path: string, headers: { readonly [name: string]: string } = {}, method = "GET"): Promise<Response> =>
  handler(new Request(`http://127.0.0.1${path}`, { headers, method }))
const pageText = async () => (await get("/")).text()
const assetsOf = (page: string): ReadonlyArray<string> => [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!)

describe("the routes of the console", () => {
  it("serve a page that is asked about every time, under a policy without anything inline", async () => {
    const response = await get("/")
    assert.strictEqual(response.status, 200)
    assert.strictEqual(response.headers.get("content-type"), "text/html; charset=utf-8")
    assert.strictEqual(response.headers.get("cache-control"), "no-cache")
    assert.strictEqual(response.headers.get("x-content-type-options"), "nosniff")
    const policy = response.headers.get("content-security-policy")!
    assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/)
    assert.notMatch(policy, /unsafe|\*|data:|http/)
    assert.notMatch(await response.text(), /<style|style=|<script(?! type="module" src=)/)
    const etag = response.headers.get("etag")!
    const again = await get("/", { "if-none-match": etag })
    assert.deepStrictEqual([again.status, await again.text()], [304, ""])
    assert.strictEqual((await get("/", { "if-none-match": '"another"' })).status, 200)
  })

  it("serve what the page loads below where the page is, for ever, within the budget", async () => {
    const assets = assetsOf(await pageText())
    assert.deepStrictEqual(assets.map((path) => path.replace(/-[\w-]{8}\./, "-HASH.")).toSorted(), [
      "assets/console-HASH.css",
      "assets/console-HASH.js",
      "assets/icon-HASH.svg"
    ])
    let first = 0
    for (const path of ["", ...assets]) {
      const response = await get(`/${path}`, { "accept-encoding": "gzip" })
      assert.strictEqual(response.status, 200)
      assert.strictEqual(response.headers.get("content-encoding"), "gzip")
      assert.strictEqual(response.headers.get("vary"), "accept-encoding")
      if (path !== "") assert.strictEqual(response.headers.get("cache-control"), "public, max-age=31536000, immutable")
      first += (await response.arrayBuffer()).byteLength
    }
    assert.isBelow(first, budgetBytes)
  })

  it("serve every encoding of the same", async () => {
    const script = `/${assetsOf(await pageText()).find((path) => path.endsWith(".js"))}`
    const encoded = async (accepted: string) => {
      const response = await get(script, { "accept-encoding": accepted })
      return { encoding: response.headers.get("content-encoding"), body: Buffer.from(await response.arrayBuffer()) }
    }
    const plain = await encoded("identity")
    assert.strictEqual(plain.encoding, null)
    const [gzip, br] = [await encoded("deflate, gzip;q=0.8"), await encoded("gzip, deflate, br")]
    assert.strictEqual(gzip.encoding, "gzip")
    assert.isTrue(gunzipSync(gzip.body).equals(plain.body))
    assert.strictEqual(br.encoding, "br")
    assert.isTrue(brotliDecompressSync(br.body).equals(plain.body))
    assert.strictEqual((await encoded("br;q=0, gzip")).encoding, "gzip")
    assert.strictEqual((await encoded("br;q=0.0, gzip;q=0")).encoding, null)
    assert.strictEqual((await encoded("brotli")).encoding, null)
  })

  it("serve nothing else", async () => {
    const paths = [
      "/assets/console.js",
      "/assets/..%2findex.html",
      "/assets/%2e%2e/package.json",
      "/assets/constructor",
      "/index.html",
      "/x"
    ]
    for (const path of paths) assert.strictEqual((await get(path)).status, 404, path)
    assert.strictEqual((await get("/", {}, "POST")).status, 404)
  })
})
