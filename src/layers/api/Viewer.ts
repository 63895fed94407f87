import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type { Unavailable } from "./Errors.ts"
import { comment, opening, type Topic } from "./EventFrames.ts"

/** A topic's latest event; the version rises with every new one. */
export interface Latest {
  readonly version: number
  readonly frame: Buffer
}

/** Where viewers read. */
export interface Sights {
  readonly latest: (topic: Topic) => Latest | undefined
  /** Journal events after a record, oldest first, some at a time, with the number of the last. */
  readonly recordsAfter: (id: number) => Effect.Effect<{ readonly frames: ReadonlyArray<Buffer>; readonly last: number }, Unavailable>
}

/** As long as nothing happens. */
const commentAfter = "15 seconds"

/**
 * One open stream. It pulls: what it gives is decided when the socket takes more, so a slow reader costs nothing but itself. Of a state it
 * gets the latest, of the journal every record from its cursor on. **Closes**: `close` ends it at once, also while it waits.
 */
export class Viewer {
  private readonly topics: ReadonlySet<Topic>
  private readonly sights: Sights
  private readonly wakeUps: Queue.Queue<void>
  private readonly seen = new Map<Topic, number>()
  private cursor: number
  private isOpened = false
  private isClosed = false

  private constructor(topics: ReadonlySet<Topic>, cursor: number, sights: Sights, wakeUps: Queue.Queue<void>) {
    this.topics = topics
    this.cursor = cursor
    this.sights = sights
    this.wakeUps = wakeUps
  }

  static readonly make = (topics: ReadonlySet<Topic>, cursor: number, sights: Sights): Effect.Effect<Viewer> =>
    Effect.map(Queue.sliding<void>(1), (wakeUps) => new Viewer(topics, cursor, sights, wakeUps))

  /** There may be something new. */
  wake(): void {
    Queue.offerUnsafe(this.wakeUps, undefined)
  }

  close(): void {
    this.isClosed = true
    this.wake()
  }

  /** What is to be sent next; `undefined` at the end. Waits while there is nothing. */
  readonly next: Effect.Effect<Buffer | undefined> = Effect.suspend(() => {
    if (this.isClosed) return Effect.undefined
    return Effect.flatMap(this.news, (frames) =>
      frames.length > 0
        ? Effect.succeed(Buffer.concat(frames))
        : Effect.flatMap(Effect.timeoutOption(Queue.take(this.wakeUps), commentAfter), (woken) =>
            woken._tag === "None" ? Effect.succeed(comment) : this.next
          )
    )
  })

  private readonly news: Effect.Effect<ReadonlyArray<Buffer>> = Effect.suspend(() => {
    const frames: Array<Buffer> = []
    if (!this.isOpened) {
      this.isOpened = true
      frames.push(opening)
    }
    for (const topic of this.topics) {
      const latest = this.sights.latest(topic)
      if (latest === undefined || latest.version === this.seen.get(topic)) continue
      this.seen.set(topic, latest.version)
      frames.push(latest.frame)
    }
    if (!this.topics.has("journal")) return Effect.succeed(frames)
    return this.sights.recordsAfter(this.cursor).pipe(
      Effect.map((records) => {
        this.cursor = records.last
        return [...frames, ...records.frames]
      }),
      // The journal is read again with the next wake-up.
      Effect.orElseSucceed(() => frames)
    )
  })
}
