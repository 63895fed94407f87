import { deflateSync, gunzipSync, gzipSync, inflateSync, constants, zstdCompressSync, zstdDecompressSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { slabs } from "../../../src/domain/SlabPool.ts"
import { compressed, type Compressor, compressor, type Packed } from "../../../src/layers/delivery/Compression.ts"
import { Random } from "../../support/Random.ts"

const inflaters = { gzip: gunzipSync, deflate: inflateSync, zstd: zstdDecompressSync }

const oneShot = {
  gzip: (bytes: Uint8Array, level: number) => gzipSync(bytes, { level, memLevel: 9 }),
  deflate: (bytes: Uint8Array, level: number) => deflateSync(bytes, { level, memLevel: 9 }),
  zstd: (bytes: Uint8Array, level: number) => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } })
}

/** Far below, around and far above the size from which a thread compresses, up to more than a codec's buffers hold. */
const sizes = [1, 20, 1000, 40_000, 256 * 1024, 256 * 1024 + 1, 700_000, 3_000_000]

/** Bytes that shrink to a fraction, or not at all, in chunks of any length. */
const bodyOf = (random: Random): ReadonlyArray<Uint8Array> => {
  const bytes = new Uint8Array(random.pick(sizes))
  const alphabet = random.pick([3, 20, 256])
  for (let i = 0; i < bytes.length; i++) bytes[i] = random.int(alphabet)
  const chunks: Array<Uint8Array> = []
  for (let at = 0; at < bytes.length;) {
    const length = 1 + random.int(bytes.length)
    chunks.push(bytes.subarray(at, at + length))
    at += length
  }
  return chunks
}

const sizeOf = (chunks: ReadonlyArray<Uint8Array>) => chunks.reduce((size, chunk) => size + chunk.length, 0)

const turn = Effect.promise(() => new Promise<void>((next) => setImmediate(next)))

const assertInflates = (encoding: Compressor["encoding"], { chunks, sizeBytes }: Packed, expected: Uint8Array, message: string): void => {
  assert.strictEqual(sizeBytes, sizeOf(chunks), message)
  assert.isTrue(inflaters[encoding](Buffer.concat(chunks)).equals(expected), message)
}

for (const encoding of ["gzip", "deflate", "zstd"] as const) {
  describe(`a body compressed with ${encoding}`, () => {
    it.effect("is the body, among any others, whether they are sent, fail or are stopped; and its memory comes back", () =>
      Effect.gen(function* () {
        const occupied = slabs.occupiedBytes
        const compressing = compressor(encoding, undefined)!
        const one = (seed: number): Effect.Effect<void> => {
          const random = new Random(seed)
          const chunks = bodyOf(random)
          const whole = Buffer.concat(chunks)
          const fate = random.pick(["sent", "failed", "stopped"])
          const sending = compressed(compressing, chunks, whole.length, (packed) =>
            turn.pipe(
              Effect.andThen(Effect.sync(() => assertInflates(encoding, packed, whole, `seed ${seed}`))),
              Effect.andThen(fate === "failed" ? Effect.fail("refused") : turn)
            )
          )
          if (fate !== "stopped") {
            return Effect.map(Effect.exit(sending), (exit) => assert.strictEqual(Exit.isSuccess(exit), fate === "sent", String(exit)))
          }
          return Effect.gen(function* () {
            const fiber = yield* Effect.forkChild(sending)
            for (let turns = random.int(4); turns > 0; turns--) yield* turn
            yield* Fiber.interrupt(fiber)
            // From now on its memory belongs to others.
            for (const chunk of chunks) chunk.fill(0xff)
          })
        }
        for (let round = 0; round < 5; round++) {
          yield* Effect.forEach(
            Array.from({ length: 12 }, (_, index) => round * 100 + index),
            one,
            { concurrency: "unbounded", discard: true }
          )
        }
        assert.strictEqual(slabs.occupiedBytes, occupied)
      })
    )

    it.effect("has the level that was asked for, however often its codec was used", () =>
      Effect.gen(function* () {
        for (const level of [9, 1, 9, 9]) {
          for (const chunks of [bodyOf(new Random(5)), bodyOf(new Random(6)), bodyOf(new Random(8))]) {
            const whole = Buffer.concat(chunks)
            const bytes = yield* compressed(compressor(encoding, level)!, chunks, whole.length, (packed) =>
              Effect.sync(() => Buffer.concat(packed.chunks))
            )
            assert.isTrue(bytes.equals(oneShot[encoding](whole, level)), `level ${level}, ${whole.length} bytes`)
          }
        }
      })
    )

    it.effect("that waits for a thread begins nothing when it is stopped, and those behind it go on", () =>
      Effect.gen(function* () {
        const compressing = compressor(encoding, undefined)!
        const whole = new Uint8Array(1_000_000).fill(7)
        const held = yield* Deferred.make<void>()
        const send = compressed(compressing, [whole], whole.length, (packed) =>
          Effect.andThen(
            Effect.sync(() => assertInflates(encoding, packed, whole, "held")),
            Deferred.await(held)
          )
        )
        const fibers = yield* Effect.forEach(Array.from({ length: 16 }), () => Effect.forkChild(send))
        yield* Effect.forEach(fibers.slice(0, 8), Fiber.interrupt)
        yield* Deferred.succeed(held, undefined)
        yield* Effect.forEach(fibers.slice(8), Fiber.join)
      })
    )
  })
}
