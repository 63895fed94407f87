import type { Books } from "../../../domain/Books.ts"
import type { Registry } from "../../telemetry/Registry.ts"
import { recordsOf } from "./Trial.ts"

/** A component is at fault when it has failed and carried nothing for this long. */
const windowMillis = 10_000

/** Which components do not work at present, out of the books: looked at every second or so. */
export class Faults {
  private readonly books: Books
  private readonly telemetry: Registry
  private readonly tracks = new Map<string, { carried: number; failed: number; carriedAt: number; failedAt: number | undefined }>()

  constructor(books: Books, telemetry: Registry) {
    this.books = books
    this.telemetry = telemetry
  }

  /** What is wrong, by `kind/id`. `now` in milliseconds, of any clock that does not go back. */
  look(now: number): ReadonlyMap<string, string> {
    const faults = new Map<string, string>()
    for (const [key, { carried, failed }] of recordsOf(this.books, this.telemetry)) {
      const track = this.tracks.get(key) ?? { carried, failed, carriedAt: now, failedAt: undefined }
      if (carried > track.carried) track.carriedAt = now
      if (failed > track.failed) track.failedAt = now
      this.tracks.set(key, { ...track, carried, failed })
      const { carriedAt, failedAt } = track
      if (failedAt !== undefined && now - failedAt < windowMillis && failedAt > carriedAt && now - carriedAt >= windowMillis)
        faults.set(key, "has failed, and carried nothing, for ten seconds")
    }
    return faults
  }
}
