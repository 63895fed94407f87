import type { Batch } from "../../domain/Batch.ts"
import type { DropReason } from "../../domain/DropReason.ts"
import type { Holder, Passage } from "../../domain/Passage.ts"
import type { Refusal } from "../../domain/Refusal.ts"
import type { Connecting } from "./Component.ts"
import type { Consumer } from "./Consumer.ts"
import type { RowCache } from "./RowCache.ts"

/**
 * A connector: reads a batch at the end of one pipeline and hands its pieces to the heads of others.
 *
 * Full: it holds nothing; if one of the targets that get a piece is full, the whole request is refused. Fails: the request is refused
 * before the answer, dropped (`processor_error`) after it. Closes: nothing to do.
 */
export class ConnectorNode implements Consumer {
  private readonly connecting: Connecting
  private readonly rows: RowCache
  private readonly pipelines: ReadonlyMap<string, Consumer>

  constructor(connecting: Connecting, rows: RowCache, pipelines: ReadonlyMap<string, Consumer>) {
    this.connecting = connecting
    this.rows = rows
    this.pipelines = pipelines
  }

  consume(batch: Batch, passage: Passage): void {
    const row = this.rows.of(batch)
    const { items } = batch
    let emitted = 0
    let dropped = 0
    const emit = (pipeline: string, piece: Batch): void => {
      emitted += piece.items
      this.pipelines.get(pipeline)!.consume(piece, passage)
    }
    const drop = (piece: Batch, reason: DropReason): void => {
      dropped += piece.items
      passage.dropped(row, piece.items, reason)
      piece.lease.release()
    }
    const refusal = this.connecting.route(batch, emit, drop)
    if (refusal !== undefined) {
      passage.turnedAway(row, items, refusal)
      return
    }
    const copies = Math.max(0, emitted + dropped - items)
    passage.created(row, copies)
    passage.passed(row, emitted - copies)
  }

  refusal(announced: number): Refusal | undefined {
    let first: Refusal | undefined
    for (const pipeline of this.pipelines.values()) {
      const refusal = pipeline.refusal(announced)
      if (refusal === undefined) return undefined
      first ??= refusal
    }
    return first
  }

  full(): Holder | undefined {
    let first: Holder | undefined
    for (const pipeline of this.pipelines.values()) {
      const full = pipeline.full()
      if (full === undefined) return undefined
      first ??= full
    }
    return first
  }
}
