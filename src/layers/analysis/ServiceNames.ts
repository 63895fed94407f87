import type { Batch } from "../../domain/Batch.ts"
import { TenantReader } from "../../domain/otlp/TenantReader.ts"
import { LENGTH, tagOf, tagValue, valueEnd, varintEnd } from "../../domain/otlp/Wire.ts"

/** Field 1 of an export request (`resource_spans`, ...) and of each of its members (`resource`). */
const first = tagOf(1, LENGTH)

/** Finds the service names in a batch that it has not seen before. It remembers `capacity` names; later ones are not told. */
export class ServiceNames {
  private readonly reader = new TenantReader("service.name")
  private readonly seen = new Set<string>()
  private readonly capacity: number
  private last: string | undefined = undefined

  constructor(capacity: number) {
    this.capacity = capacity
  }

  observe(batch: Batch, onNew: (name: string) => void): void {
    for (const chunk of batch.chunks) {
      for (let pos = 0; pos < chunk.length;) {
        const valueAt = varintEnd(chunk, pos, chunk.length)
        const tag = valueAt < 0 ? 0 : tagValue(chunk, pos, valueAt)
        const next = tag === 0 ? -1 : valueEnd(chunk, valueAt, chunk.length, tag & 7)
        if (next < 0) return
        if (tag === first) this.group(chunk, varintEnd(chunk, valueAt, chunk.length), next, onNew)
        pos = next
      }
    }
  }

  /** The resource of one group is looked for first only: writers put it there. */
  private group(bytes: Uint8Array, pos: number, end: number, onNew: (name: string) => void): void {
    const valueAt = varintEnd(bytes, pos, end)
    if (valueAt < 0 || tagValue(bytes, pos, valueAt) !== first) return
    const next = valueEnd(bytes, valueAt, end, LENGTH)
    if (next < 0) return
    const name = this.reader.read(bytes, varintEnd(bytes, valueAt, end), next)
    if (typeof name !== "string" || name === this.last) return
    this.last = name
    if (this.seen.has(name) || this.seen.size >= this.capacity) return
    this.seen.add(name)
    onNew(name)
  }
}
