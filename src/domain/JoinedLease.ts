import { Lease } from "./Lease.ts"

/** The memory of a batch that was merged from several: each part is let go of when the whole is. Takes over the holds it is given. */
export class JoinedLease extends Lease {
  private readonly parts: ReadonlyArray<Lease>

  constructor(parts: ReadonlyArray<Lease>) {
    super()
    this.parts = parts
  }

  protected free(): void {
    for (const part of this.parts) part.release()
  }
}
