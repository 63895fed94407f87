import { gzipSync, zstdCompressSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { ReusedInflater } from "../../../src/layers/ingest/ReusedInflater.ts"
import { Random } from "../../support/Random.ts"

const compressors = { gzip: gzipSync, zstd: zstdCompressSync }

const bytesOf = (random: Random, length: number): Uint8Array => {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = random.int(random.chance(0.5) ? 4 : 256)
  return bytes
}

for (const compression of ["gzip", "zstd"] as const) {
  describe(`${compression} with one codec`, () => {
    it("is there in this Node", () => assert.isDefined(ReusedInflater.make(compression)))

    it("gives the bytes of whole bodies, and says no to anything else, whatever came before", () => {
      const inflater = ReusedInflater.make(compression)!
      for (let seed = 1; seed <= 400; seed++) {
        const random = new Random(seed)
        const plain = bytesOf(random, 1 + random.int(20_000))
        const packed = compressors[compression](plain)
        const target = new Uint8Array(plain.length + 1)
        const verdict = (bytes: Uint8Array, length = plain.length) => inflater.inflate(bytes, target.fill(0), length)
        switch (random.int(5)) {
          case 0:
            assert.isFalse(verdict(packed.subarray(0, random.int(packed.length - 1))), `cut, seed ${seed}`)
            break
          case 1:
            assert.isFalse(verdict(bytesOf(random, packed.length)), `garbage, seed ${seed}`)
            break
          case 2:
            assert.isFalse(verdict(packed, plain.length - 1), `longer than announced, seed ${seed}`)
            break
          case 3:
            assert.isFalse(verdict(Buffer.concat([packed, packed])), `two members, seed ${seed}`)
            break
          default:
            assert.isTrue(verdict(packed), `seed ${seed}`)
            assert.isTrue(Buffer.from(plain).equals(target.subarray(0, plain.length)), `seed ${seed}`)
        }
      }
    })
  })
}
