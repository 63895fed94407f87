/** A double-ended queue on a growing ring: every operation is O(1), and a slot that is left keeps nothing alive. */
export class Ring<A> {
  private slots: Array<A | undefined> = Array.from({ length: 16 })
  private head = 0
  private count = 0

  get size(): number {
    return this.count
  }

  pushLast(value: A): void {
    if (this.count === this.slots.length) this.grow()
    this.slots[(this.head + this.count++) & (this.slots.length - 1)] = value
  }

  pushFirst(value: A): void {
    if (this.count === this.slots.length) this.grow()
    this.head = (this.head - 1) & (this.slots.length - 1)
    this.slots[this.head] = value
    this.count++
  }

  takeFirst(): A | undefined {
    if (this.count === 0) return undefined
    const value = this.slots[this.head]
    this.slots[this.head] = undefined
    this.head = (this.head + 1) & (this.slots.length - 1)
    this.count--
    return value
  }

  first(): A | undefined {
    return this.count === 0 ? undefined : this.slots[this.head]
  }

  private grow(): void {
    const { slots, head, count } = this
    this.slots = Array.from({ length: slots.length * 2 }, (_, i) => (i < count ? slots[(head + i) & (slots.length - 1)] : undefined))
    this.head = 0
  }
}
