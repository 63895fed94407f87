import type { Patch } from "./Patch.ts"

/** A content-addressed change with its story. `id` is the first 16 hex digits of the SHA-256 of everything else in canonical JSON. */
export interface Revision {
  readonly id: string
  readonly patch: Patch
  /** Revisions that were live when this one was made. */
  readonly parents: ReadonlyArray<string>
  readonly author: { readonly kind: "rule"; readonly name: string } | { readonly kind: "person"; readonly name: string }
  readonly reason: string
  /** Time that a promoted change lives, in milliseconds; `null` for until somebody takes it back. */
  readonly timeToLiveMillis: number | null
  /** When it was made, in milliseconds since the epoch. */
  readonly createdAt: number
}
