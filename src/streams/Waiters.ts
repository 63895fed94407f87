interface Node {
  readonly callback: () => void
  previous: Node | undefined
  next: Node | undefined
  listed: boolean
}

/**
 * Callbacks that wait for something, first come first served; each is called at most once. Adding, leaving and calling are O(1), so
 * that thousands may wait and go away again.
 */
export class Waiters {
  private first: Node | undefined = undefined
  private last: Node | undefined = undefined
  private count = 0

  get size(): number {
    return this.count
  }

  /** Adds at the end. The result takes it out again; after the call it does nothing. */
  add(callback: () => void): () => void {
    const node: Node = { callback, previous: this.last, next: undefined, listed: true }
    if (this.last === undefined) this.first = node
    else this.last.next = node
    this.last = node
    this.count++
    return () => this.remove(node)
  }

  /** Adds before all others. */
  addFirst(callback: () => void): () => void {
    const node: Node = { callback, previous: undefined, next: this.first, listed: true }
    if (this.first === undefined) this.last = node
    else this.first.previous = node
    this.first = node
    this.count++
    return () => this.remove(node)
  }

  /** Calls the one that has waited longest; `false` if nobody waits. */
  callFirst(): boolean {
    const node = this.first
    if (node === undefined) return false
    this.remove(node)
    node.callback()
    return true
  }

  /** Calls everybody who waits now, but nobody who comes meanwhile. */
  callAll(): void {
    for (let left = this.count; left > 0 && this.callFirst(); left--);
  }

  private remove(node: Node): void {
    if (!node.listed) return
    node.listed = false
    if (node.previous === undefined) this.first = node.next
    else node.previous.next = node.next
    if (node.next === undefined) this.last = node.previous
    else node.next.previous = node.previous
    this.count--
  }
}
