import * as Effect from "effect/Effect"
import { turns } from "../../streams/Turns.ts"

/** Bytes that are copied before others have a turn: less than a millisecond. */
const bytesPerPiece = 1 << 20

/**
 * Copies chunks together to the start of `target`, a bounded piece a turn, and calls `done`; in this turn if they are short. The result
 * stops it, and says whether it was still under way: then `done` is not called, and neither side is touched any more.
 */
export const gather = (chunks: ReadonlyArray<Uint8Array>, target: Uint8Array, done: () => void): (() => boolean) => {
  let index = 0
  let at = 0
  let isOver = false
  const piece = (): void => {
    if (isOver) return
    const end = at + bytesPerPiece
    while (index < chunks.length && at < end) {
      const chunk = chunks[index++]!
      target.set(chunk, at)
      at += chunk.length
    }
    if (index < chunks.length) return turns.later(piece)
    isOver = true
    done()
  }
  piece()
  return () => {
    const wasUnderWay = !isOver
    isOver = true
    return wasUnderWay
  }
}

/** The chunks in one piece, in memory of its own. */
export const joined = (chunks: ReadonlyArray<Uint8Array>): Effect.Effect<Uint8Array> =>
  Effect.callback((resume) => {
    const whole = Buffer.allocUnsafe(chunks.reduce((size, chunk) => size + chunk.length, 0))
    return Effect.sync(gather(chunks, whole, () => resume(Effect.succeed(whole))))
  })
