import { assert, it } from "@effect/vitest"
import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib"
import { Admission } from "../../../src/layers/ingest/Admission.ts"
import { type Body, BodyBuffer } from "../../../src/layers/ingest/Body.ts"
import { type Compression, inflate } from "../../../src/layers/ingest/Inflate.ts"
import { Seeded } from "../../support/Seeded.ts"

const fresh = (size: number, fill = 1): Uint8Array => new Uint8Array(size).fill(fill)

it("a body in one chunk stays where it is and is detached when its last holder lets go", () => {
  const admission = new Admission(1000)
  const body = new BodyBuffer(admission, 1000, 500, true)
  const chunk = fresh(500)
  assert.isUndefined(body.add(chunk))
  const { bytes, lease } = body.finish()
  assert.strictEqual(bytes, chunk)
  lease.retain()
  lease.release()
  assert.strictEqual(chunk.length, 500)
  lease.release()
  assert.isTrue((chunk.buffer as ArrayBuffer).detached)
  assert.strictEqual(admission.usedBytes, 0)
})

it("chunks of a body in several are detached at once; chunks that share a buffer never are", () => {
  const admission = new Admission(0)
  const owned = [fresh(300), fresh(200)]
  const body = new BodyBuffer(admission, 1000, 500, true)
  for (const chunk of owned) assert.isUndefined(body.add(chunk))
  assert.isTrue(owned.every((chunk) => (chunk.buffer as ArrayBuffer).detached))
  const { bytes, lease } = body.finish()
  assert.deepStrictEqual([...new Set(bytes)], [1])
  assert.strictEqual(bytes.length, 500)
  lease.release()

  const shared = fresh(1000)
  const other = new BodyBuffer(admission, 1000, 500, true)
  other.add(shared.subarray(0, 300))
  other.add(shared.subarray(300, 500))
  other.finish().lease.release()
  assert.strictEqual(shared.length, 1000)
  assert.strictEqual(admission.usedBytes, 0)
})

it("an announced length reserves no more than eight times what has arrived", () => {
  const admission = new Admission(0)
  const bodies = Array.from({ length: 100 }, () => {
    const body = new BodyBuffer(admission, 4 << 20, 4 << 20, false)
    body.add(fresh(5))
    return body
  })
  assert.isAtMost(admission.usedBytes, 100 * (16 << 10))
  for (const body of bodies) body.discard()
  assert.strictEqual(admission.usedBytes, 0)
})

it("bodies cut anywhere are whole, within their limit, and leave nothing behind", () => {
  const seeded = new Seeded(7)
  const random = () => seeded.next()
  const admission = new Admission(0)
  for (let round = 0; round < 300; round++) {
    const whole = Uint8Array.from({ length: Math.floor(random() * 100_000) }, () => Math.floor(random() * 256))
    const limit = random() < 0.2 ? whole.length >> 1 : 100_000
    const body = new BodyBuffer(admission, limit, random() < 0.5 && whole.length <= limit ? whole.length : undefined, random() < 0.5)
    let fault: string | undefined
    for (let at = 0; at < whole.length && fault === undefined;) {
      const size = 1 + Math.floor(random() * 30_000)
      fault = body.add(whole.slice(at, at + size))
      at += size
    }
    if (whole.length > limit) {
      assert.strictEqual(fault, "too_large")
      body.discard()
    } else {
      const { bytes, lease } = body.finish()
      assert.isTrue(Buffer.from(bytes).equals(whole))
      lease.release()
    }
    assert.strictEqual(admission.usedBytes, 0)
  }
})

const compressors: { readonly [C in Compression]: (bytes: Uint8Array) => Uint8Array } = {
  gzip: gzipSync,
  zstd: zstdCompressSync,
  deflate: deflateSync
}

const inflated = (compression: Compression, bytes: Uint8Array, limit: number, admission: Admission) =>
  new Promise<unknown>((resolve) => {
    const body = new BodyBuffer(admission, Infinity, bytes.length, true)
    body.add(Uint8Array.from(bytes))
    inflate(compression, body.finish(), limit, admission, resolve)
  })

for (const [compression, compress] of Object.entries(compressors) as Array<[Compression, (bytes: Uint8Array) => Uint8Array]>) {
  it(`${compression}: small and large bodies are restored and let go of`, async () => {
    const seeded = new Seeded(11)
    const admission = new Admission(0)
    for (const size of [1, 10, 5000, 200_000, 1_048_576, 3_000_000]) {
      const whole = Uint8Array.from({ length: size }, () => seeded.between(0, 15))
      const { bytes, lease } = (await inflated(compression, compress(whole), size, admission)) as Body
      assert.isTrue(Buffer.from(bytes).equals(whole))
      lease.release()
      assert.strictEqual(admission.usedBytes, 0)
    }
  })

  it(`${compression}: fifty bombs at once keep to the limits`, async () => {
    const bomb = compress(Buffer.alloc(100 << 20))
    const admission = new Admission(64 << 20)
    let most = 0
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().arrayBuffers)), 1)
    const before = process.memoryUsage().arrayBuffers
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => inflated(compression, bomb, 20 << 20, admission)))
    clearInterval(watch)
    assert.deepStrictEqual([...new Set(outcomes)], ["too_large"])
    assert.strictEqual(admission.usedBytes, 0)
    assert.isBelow(most - before, 200 << 20)
  })
}
