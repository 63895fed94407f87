import { Batch } from "../../../domain/Batch.ts"
import { GrpcCode } from "../../../domain/GrpcCode.ts"
import { JoinedLease } from "../../../domain/JoinedLease.ts"
import type { Lease } from "../../../domain/Lease.ts"
import { type EditItem, editItems } from "../../../domain/otlp/EditItems.ts"
import type { Edits } from "../../../domain/otlp/Edits.ts"
import type { Groups } from "../../../domain/otlp/Groups.ts"
import { Malformed } from "../../../domain/otlp/Malformed.ts"
import { Refusal } from "../../../domain/Refusal.ts"
import { slabs } from "../../../domain/SlabPool.ts"

/**
 * Goes over every item of a batch and rebuilds the chunks in which something changed; the others stay as they are. Bytes that do not
 * read as OTLP turn the batch away.
 */
export const editChunks = (batch: Batch, view: Groups, edits: Edits, edit: EditItem): Batch | Refusal => {
  const chunks: Array<Uint8Array> = []
  const leases: Array<Lease> = []
  let items = 0
  let sizeBytes = 0
  let untouched = 0
  for (const chunk of batch.chunks) {
    const fault = view.index(chunk)
    if (fault instanceof Malformed) {
      for (const lease of leases) lease.release()
      return new Refusal("malformed", GrpcCode.INVALID_ARGUMENT, fault.message, undefined)
    }
    edits.begin(view.bytes)
    items += editItems(view, edits, edit)
    let bytes = chunk
    if (edits.isEmpty) untouched++
    else {
      const piece = edits.rebuild(slabs)
      bytes = piece.bytes
      leases.push(piece.lease)
    }
    if (bytes.length === 0) continue
    chunks.push(bytes)
    sizeBytes += bytes.length
  }
  if (leases.length === 0) return batch
  if (untouched === 0) return batch.replace(chunks, items, sizeBytes, leases.length === 1 ? leases[0]! : new JoinedLease(leases))
  // Some chunks are still the old ones, so the old memory stays as long as the new batch.
  return new Batch(batch.origin, chunks, items, sizeBytes, new JoinedLease([batch.lease, ...leases]), batch.ack)
}
