import { hashOf } from "./Canonical.ts"
import type { Revision } from "./Revision.ts"

/** A revision with the id that its content has. */
export const makeRevision = (content: Omit<Revision, "id">): Revision => ({ id: hashOf(content).slice(0, 16), ...content })
