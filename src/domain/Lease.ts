/**
 * Counted ownership of the memory behind a batch. When the last holder lets go, the memory is freed at once, not by the garbage
 * collector: request bodies live outside the heap, and their churn, not their size, is what makes the collector expensive.
 *
 * A holder releases only when nothing reads the bytes any more; for an exporter that is after its request has finished writing.
 */
export abstract class Lease {
  private holders = 1

  protected abstract free(): void

  retain(count = 1): void {
    this.holders += count
  }

  release(): void {
    if (--this.holders === 0) this.free()
    else if (this.holders < 0) throw new Error("a lease was released more often than it was taken")
  }

  /** Nobody holds it any more. */
  get isFree(): boolean {
    return this.holders === 0
  }

  /** For bytes that the garbage collector may keep (small, shared, or literal ones). */
  static readonly none: Lease = new (class extends Lease {
    protected free(): void {}
    override retain(): void {}
    override release(): void {}
  })()
}
