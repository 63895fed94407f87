import type { Batch } from "../../domain/Batch.ts"
import type { Books } from "../../domain/Books.ts"
import { type Counted, mostBits, Scanner } from "../../domain/observe/Scanner.ts"
import { anyService, Tallies } from "../../domain/observe/Tallies.ts"
import { concat } from "../../domain/otlp/Copy.ts"
import { slices } from "../../domain/otlp/Slices.ts"
import type { Turns } from "../../streams/Turns.ts"
import { BookDrops } from "./BookDrops.ts"
import type { ObserverOptions, Seen } from "./ObserverOptions.ts"

/** A batch of at most so much (a full one of the exporter's) is looked at in its place: a millisecond or two. */
const wholeItems = 16_384
const wholeBytes = 4 << 20

/** Of a larger one, so much a turn. */
const pieceBytes = 512 << 10
const pieceLimits = { maxItems: 2048, maxBytes: pieceBytes, maxFields: 65_536, maxRepeated: 64 << 20 } as const

/** With this many times the looks of a second, the next ones are of fewer traces at once. */
const patience = 2

/** One time that the observer is on, from `turn(true)` to `turn(false)`. */
export class Watch {
  private readonly options: ObserverOptions
  private readonly turns: Turns
  private readonly tallies: Tallies
  private readonly scanner: Scanner
  private readonly drops: BookDrops
  private waitingBytes = 0
  private lost = 0
  private isClosed = false

  constructor(options: ObserverOptions, books: Books, turns: Turns) {
    this.options = options
    this.turns = turns
    this.tallies = new Tallies(options.subjects)
    this.scanner = new Scanner(this.tallies, options)
    this.drops = new BookDrops(books)
  }

  close(): void {
    this.isClosed = true
  }

  look(batch: Batch, as: Counted): void {
    const { sizeBytes, items, origin, lease } = batch
    if (sizeBytes <= wholeBytes && items <= wholeItems) {
      for (const chunk of batch.chunks) this.scanner.scan(origin, chunk, as)
      return this.pace()
    }
    if (this.waitingBytes + sizeBytes > this.options.waitingBytes) {
      this.lost++
      return
    }
    lease.retain()
    this.waitingBytes += sizeBytes
    this.later(batch, this.pieces(batch, as))
  }

  /** Rejected items of a success: nobody knows which they are. */
  rejected({ origin, signal }: Batch, items: number): void {
    this.tallies.of(signal, origin.tenant, anyService).drop("partial_success", items)
  }

  take(): Seen {
    const { lost } = this
    this.lost = 0
    this.drops.count(this.tallies)
    const { scanner } = this
    // Half of the spans are on each side.
    scanner.bits = Math.min(mostBits, Math.ceil(Math.log2(Math.max(1, scanner.spans / 2 / this.options.looksPerSecond))))
    scanner.spans = scanner.looks = 0
    scanner.age()
    return { subjects: this.tallies.take(), lost }
  }

  /** A burst does not have to wait for the end of the second. */
  private pace(): void {
    const { scanner } = this
    if (scanner.looks <= patience * 2 * this.options.looksPerSecond || scanner.bits === mostBits) return
    scanner.looks = 0
    scanner.bits++
  }

  private later(batch: Batch, pieces: Iterator<undefined, undefined>): void {
    this.turns.later(() => {
      if (!this.isClosed && pieces.next().done !== true) return this.later(batch, pieces)
      this.waitingBytes -= batch.sizeBytes
      batch.lease.release()
    })
  }

  /** Looks at a large batch: at some chunks, or at a part of a large one, in a step. */
  private *pieces({ origin, signal, chunks }: Batch, as: Counted): Generator<undefined, undefined, undefined> {
    let left = pieceBytes
    for (const chunk of chunks) {
      if (chunk.length <= pieceBytes) this.scanner.scan(origin, chunk, as)
      else {
        for (const part of slices(signal, [chunk], pieceLimits)) {
          if (part !== undefined) this.scanner.scan(origin, concat(part.chunks), as)
          this.pace()
          yield undefined
        }
      }
      this.pace()
      left -= chunk.length
      if (left > 0) continue
      left = pieceBytes
      yield undefined
    }
    return undefined
  }
}
