/**
 * How much memory the bodies of one receiver may take, from their first byte until whoever holds them last lets go (queues included).
 * It counts bytes that have arrived, never bytes that were announced, so a lie costs its teller only.
 */
export class Admission {
  private readonly limit: number
  private used = 0

  /** `limit`: bytes; 0 is no limit. */
  constructor(limit: number) {
    this.limit = limit === 0 ? Infinity : limit
  }

  /** Whether `sizeBytes` more would fit now; nothing is set aside. */
  fits(sizeBytes: number): boolean {
    return this.used + sizeBytes <= this.limit
  }

  take(sizeBytes: number): boolean {
    if (this.used + sizeBytes > this.limit) return false
    this.used += sizeBytes
    return true
  }

  give(sizeBytes: number): void {
    this.used -= sizeBytes
  }

  get usedBytes(): number {
    return this.used
  }
}
