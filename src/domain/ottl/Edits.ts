import { sizeOfVarint, writeVarint } from "./Wire.ts"

/**
 * What a walk wants changed in one chunk, as columns: a tree of nodes (messages whose length may change) with edits in their own
 * bytes. Nothing is touched until `write` lays the new chunk down in one pass from front to back: sizes are summed up first, from the
 * leaves, so every length is known before its content.
 *
 * Positions are offsets in the source; new bytes are ranges of the arena. Node 0 is the chunk itself.
 */
export class Edits {
  private editStart = new Int32Array(256)
  private editEnd = new Int32Array(256)
  private fromStart = new Int32Array(256)
  private fromEnd = new Int32Array(256)
  /** Edits and dropped messages so far. */
  count = 0
  private nodeTag = new Int32Array(256)
  private recordStart = new Int32Array(256)
  private payloadStart = new Int32Array(256)
  private payloadEnd = new Int32Array(256)
  private parent = new Int32Array(256)
  private firstChild = new Int32Array(256)
  private lastChild = new Int32Array(256)
  private nextSibling = new Int32Array(256)
  private editsFrom = new Int32Array(256)
  private editsTo = new Int32Array(256)
  private delta = new Int32Array(256)
  private dropped = new Uint8Array(256)
  private nodes = 0
  private edits = 0
  private first = 0

  reset(length: number): void {
    this.count = 0
    this.nodes = 0
    this.edits = 0
    this.open(-1, 0, 0, 0, length)
  }

  /** A message that may change: its field's tag, where its record and its payload start, and where both end. */
  open(parent: number, tag: number, recordStart: number, payloadStart: number, payloadEnd: number): number {
    if (this.nodes === this.nodeTag.length) this.growNodes()
    const node = this.nodes++
    this.nodeTag[node] = tag
    this.recordStart[node] = recordStart
    this.payloadStart[node] = payloadStart
    this.payloadEnd[node] = payloadEnd
    this.parent[node] = parent
    this.firstChild[node] = this.lastChild[node] = this.nextSibling[node] = -1
    this.editsFrom[node] = this.editsTo[node] = 0
    this.delta[node] = 0
    this.dropped[node] = 0
    if (parent >= 0) this.link(parent, node, recordStart)
    return node
  }

  private link(parent: number, node: number, position: number): void {
    const last = this.lastChild[parent]!
    if (last < 0) {
      this.firstChild[parent] = this.lastChild[parent] = node
    } else if (this.recordStart[last]! <= position) {
      this.nextSibling[last] = node
      this.lastChild[parent] = node
    } else {
      // A resource is flushed after its spans, and usually stands before them.
      let before = -1
      let after = this.firstChild[parent]!
      while (this.recordStart[after]! < position) {
        before = after
        after = this.nextSibling[after]!
      }
      this.nextSibling[node] = after
      if (before < 0) this.firstChild[parent] = node
      else this.nextSibling[before] = node
    }
  }

  payloadEndOf(node: number): number {
    return this.payloadEnd[node]!
  }

  /** Takes the whole message out. */
  drop(node: number): void {
    this.dropped[node] = 1
    this.count++
  }

  /** Starts the list of a node's own edits, ended by `finish`. A node has one list. */
  begin(): void {
    this.first = this.edits
  }

  replace(start: number, end: number, fromStart: number, fromEnd: number): void {
    let at = this.edits
    // Edits come nearly in order; an edit that touches the one before it becomes part of it.
    while (at > this.first && this.editStart[at - 1]! > start) at--
    if (at > this.first && this.editEnd[at - 1] === start) {
      const empty = fromStart === fromEnd
      const emptyBefore = this.fromStart[at - 1] === this.fromEnd[at - 1]
      if (empty || emptyBefore || this.fromEnd[at - 1] === fromStart) {
        this.editEnd[at - 1] = end
        if (!empty) {
          if (emptyBefore) this.fromStart[at - 1] = fromStart
          this.fromEnd[at - 1] = fromEnd
        }
        return
      }
    }
    this.place(at, start, end, fromStart, fromEnd)
  }

  /** New bytes at the end of the node; insertions keep the order in which they come. */
  insert(position: number, fromStart: number, fromEnd: number): void {
    this.replace(position, position, fromStart, fromEnd)
  }

  private place(at: number, start: number, end: number, fromStart: number, fromEnd: number): void {
    if (this.edits === this.editStart.length) this.growEdits()
    if (at < this.edits) {
      this.editStart.copyWithin(at + 1, at, this.edits)
      this.editEnd.copyWithin(at + 1, at, this.edits)
      this.fromStart.copyWithin(at + 1, at, this.edits)
      this.fromEnd.copyWithin(at + 1, at, this.edits)
    }
    this.editStart[at] = start
    this.editEnd[at] = end
    this.fromStart[at] = fromStart
    this.fromEnd[at] = fromEnd
    this.edits++
  }

  finish(node: number): void {
    this.editsFrom[node] = this.first
    this.editsTo[node] = this.edits
    let delta = 0
    for (let i = this.first; i < this.edits; i++) delta += this.fromEnd[i]! - this.fromStart[i]! - (this.editEnd[i]! - this.editStart[i]!)
    this.delta[node] = delta
    this.count += this.edits - this.first
  }

  /** Length of the chunk after all edits. */
  measure(): number {
    for (let node = this.nodes - 1; node > 0; node--) {
      const parent = this.parent[node]!
      const old = this.payloadEnd[node]! - this.recordStart[node]!
      if (this.dropped[node] === 1) {
        this.delta[parent]! -= old
        continue
      }
      const size = this.payloadEnd[node]! - this.payloadStart[node]! + this.delta[node]!
      // An unchanged record is copied as it is, however its length was written.
      if (this.isClean(node)) continue
      this.delta[parent]! += sizeOfVarint(this.nodeTag[node]!) + sizeOfVarint(size) + size - old
    }
    return this.payloadEnd[0]! + this.delta[0]!
  }

  private isClean(node: number): boolean {
    return this.editsFrom[node] === this.editsTo[node] && this.firstChild[node]! < 0 && this.dropped[node] === 0
  }

  private source: Uint8Array = new Uint8Array(0)
  private arena: Uint8Array = new Uint8Array(0)
  private target: Uint8Array = new Uint8Array(0)
  private at = 0
  /** Source bytes up to here have been dealt with. */
  private copied = 0

  /** Writes the edited chunk into `target`, which has room for what `measure` has said; returns the length. */
  write(source: Uint8Array, arena: Uint8Array, target: Uint8Array): number {
    this.source = source
    this.arena = arena
    this.target = target
    this.at = 0
    this.copied = 0
    this.content(0)
    return this.at
  }

  private content(node: number): void {
    let child = this.firstChild[node]!
    let edit = this.editsFrom[node]!
    const lastEdit = this.editsTo[node]!
    while (child >= 0 || edit < lastEdit) {
      if (child >= 0 && (edit === lastEdit || this.recordStart[child]! < this.editStart[edit]!)) {
        if (this.dropped[child] === 1) {
          this.copyTo(this.recordStart[child]!)
          this.copied = this.payloadEnd[child]!
        } else if (!this.isClean(child)) {
          this.copyTo(this.recordStart[child]!)
          const size = this.payloadEnd[child]! - this.payloadStart[child]! + this.delta[child]!
          this.at = writeVarint(this.target, this.at, this.nodeTag[child]!)
          this.at = writeVarint(this.target, this.at, size)
          this.copied = this.payloadStart[child]!
          this.content(child)
        }
        child = this.nextSibling[child]!
      } else {
        this.copyTo(this.editStart[edit]!)
        this.put(this.arena, this.fromStart[edit]!, this.fromEnd[edit]!)
        this.copied = this.editEnd[edit]!
        edit++
      }
    }
    this.copyTo(this.payloadEnd[node]!)
  }

  private copyTo(end: number): void {
    if (end > this.copied) {
      this.put(this.source, this.copied, end)
      this.copied = end
    }
  }

  private put(from: Uint8Array, start: number, end: number): void {
    const { target } = this
    let at = this.at
    if (end - start > 40) Buffer.prototype.copy.call(from, target, at, start, end)
    else for (let i = start; i < end; i++) target[at++] = from[i]!
    this.at += end - start
  }

  private growEdits(): void {
    this.editStart = doubled(this.editStart)
    this.editEnd = doubled(this.editEnd)
    this.fromStart = doubled(this.fromStart)
    this.fromEnd = doubled(this.fromEnd)
  }

  private growNodes(): void {
    this.nodeTag = doubled(this.nodeTag)
    this.recordStart = doubled(this.recordStart)
    this.payloadStart = doubled(this.payloadStart)
    this.payloadEnd = doubled(this.payloadEnd)
    this.parent = doubled(this.parent)
    this.firstChild = doubled(this.firstChild)
    this.lastChild = doubled(this.lastChild)
    this.nextSibling = doubled(this.nextSibling)
    this.editsFrom = doubled(this.editsFrom)
    this.editsTo = doubled(this.editsTo)
    this.delta = doubled(this.delta)
    const dropped = new Uint8Array(this.dropped.length * 2)
    dropped.set(this.dropped)
    this.dropped = dropped
  }
}

const doubled = (column: Int32Array): Int32Array<ArrayBuffer> => {
  const grown = new Int32Array(column.length * 2)
  grown.set(column)
  return grown
}
