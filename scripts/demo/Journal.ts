import type { JournalEntry } from "../../src/domain/loop/JournalEntry.ts"

/** A record of the control plane's journal, as its API streams it. */
export interface JournalRecord {
  readonly id: number
  readonly at_unix_millis: number
  readonly told: string
  readonly entry: JournalEntry
}

type Tag = JournalEntry["_tag"]
type Of<T extends Tag> = Extract<JournalEntry, { readonly _tag: T }>

/** What the control plane has written so far, and waiting for what it will write. */
export class Journal {
  readonly records: Array<JournalRecord> = []
  private waiting: Array<() => void> = []

  add(record: JournalRecord): void {
    this.records.push(record)
    const woken = this.waiting
    this.waiting = []
    for (const wake of woken) wake()
  }

  /** Entries of a kind that are written so far. */
  entries<T extends Tag>(tag: T): ReadonlyArray<Of<T>> {
    return this.records.flatMap(({ entry }) => (entry._tag === tag ? [entry as Of<T>] : []))
  }

  /** The first entry of a kind for which something holds, at once or when it is written. */
  async first<T extends Tag>(tag: T, holds: (entry: Of<T>) => boolean): Promise<Of<T>> {
    for (;;) {
      const found = this.entries(tag).find(holds)
      if (found !== undefined) return found
      await new Promise<void>((resolve) => this.waiting.push(resolve))
    }
  }
}
