import { type Ack, JoinedAck } from "../../../domain/Ack.ts"
import { Batch, type BatchOrigin, type ClientMetadata } from "../../../domain/Batch.ts"
import { JoinedLease } from "../../../domain/JoinedLease.ts"
import type { Part } from "../../../domain/otlp/Cut.ts"

/** Requests one after the other are one request: no byte is copied. */
export const concatenated = (elements: ReadonlyArray<Batch>): Part => {
  const chunks: Array<Uint8Array> = []
  let items = 0
  let sizeBytes = 0
  for (const element of elements) {
    for (const chunk of element.chunks) chunks.push(chunk)
    items += element.items
    sizeBytes += element.sizeBytes
  }
  return { chunks, items, sizeBytes }
}

/**
 * Batches out of several of one tenant: `parts` are all that is in `elements`, in order. Their senders have their answers, so nobody
 * waits for the result: the deadline is gone.
 */
export const merge = (elements: ReadonlyArray<Batch>, metadata: ClientMetadata, parts: ReadonlyArray<Part>): ReadonlyArray<Batch> => {
  let arrivedAt = Infinity
  for (const element of elements) arrivedAt = Math.min(arrivedAt, element.origin.arrivedAt)
  const { signal, tenant } = elements[0]!.origin
  const isCopy = elements.every((element) => element.origin.isCopy === true)
  const origin: BatchOrigin = { signal, tenant, arrivedAt, deadline: Infinity, metadata, ...(isCopy ? { isCopy } : {}) }
  const lease = new JoinedLease(elements.map((element) => element.lease))
  lease.retain(parts.length - 1)
  const acks = joinedAcks(elements, parts)
  return parts.map((part, i) => new Batch(origin, part.chunks, part.items, part.sizeBytes, lease, acks[i]!))
}

/** For each part, the acknowledgement of the pieces of elements in it. An element that lies in several parts is forked. */
const joinedAcks = (elements: ReadonlyArray<Batch>, parts: ReadonlyArray<Part>): ReadonlyArray<JoinedAck> => {
  let index = 0
  let used = 0
  return parts.map((part, number) => {
    const pieces: Array<{ readonly ack: Ack; readonly items: number }> = []
    const isLast = number === parts.length - 1
    for (let left = part.items; index < elements.length && (left > 0 || isLast);) {
      const { ack, items } = elements[index]!
      const piece = Math.min(left, items - used)
      pieces.push({ ack, items: piece })
      left -= piece
      used += piece
      if (used === items) {
        index++
        used = 0
      } else ack.fork()
    }
    return new JoinedAck(pieces)
  })
}
