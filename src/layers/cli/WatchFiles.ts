import { statSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"

/** Often enough for a person who waits, and a handful of `stat` calls a second cost nothing. */
const intervalMillis = 500

/** What tells one state of a file from another. A link is followed, so that a mounted ConfigMap that is swapped counts as a change. */
const state = (path: string): string => {
  try {
    const { ino, size, mtimeMs } = statSync(path)
    return `${ino} ${size} ${mtimeMs}`
  } catch {
    return "absent"
  }
}

/**
 * Offers to `reloads` when one of the files has changed. It asks for their state instead of being told, which also works for network
 * file systems, replaced files and swapped links. A change counts when the state has held for one interval, so that a file that is
 * still being written is not read half. `files` is asked each time, since a reload can bring in others.
 */
export const watchFiles = (files: () => ReadonlyArray<string>, reloads: Queue.Enqueue<string>): Effect.Effect<never> =>
  Effect.gen(function* () {
    const states = () => new Map(files().map((path) => [path, state(path)]))
    let known = states()
    let previous = known
    for (;;) {
      yield* Effect.sleep(intervalMillis)
      const now = states()
      const changed = [...now].filter(([path, is]) => known.has(path) && known.get(path) !== is)
      const settled = [...now].every(([path, is]) => previous.get(path) === is)
      previous = now
      if (changed.length > 0 && settled) {
        known = now
        yield* Queue.offer(reloads, changed.map(([path]) => path).join(", "))
      } else if (changed.length === 0) known = now
    }
  })
