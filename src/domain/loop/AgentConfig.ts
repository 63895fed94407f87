import { patchContentType, type PatchEntry, patchEntryPrefix } from "./Patch.ts"
import type { Revision } from "./Revision.ts"

/** A revision that an agent should run, its place among them, and when it ends (milliseconds since the epoch; `null` for never). */
export interface LiveRevision {
  readonly revision: Revision
  readonly order: number
  readonly expiresAt: number | null
}

/** One file of OpAMP's `AgentConfigMap`. */
export interface AgentConfigFile {
  readonly name: string
  readonly body: string
  readonly contentType: string
}

/**
 * The configuration map that is offered to an agent: the pushed document as it was pushed (the entry `""`, partial collector YAML), then
 * one entry `revision/<id>` per live revision, in their order. Equal input gives equal bytes, so its hash depends on content alone.
 */
export const configFor = (document: string | undefined, revisions: ReadonlyArray<LiveRevision>): ReadonlyArray<AgentConfigFile> => {
  const entries = revisions
    .toSorted((a, b) => a.order - b.order)
    .map(({ revision: { id, patch }, order, expiresAt }): AgentConfigFile => {
      const entry: PatchEntry = { revision: id, order, expiresAt, merge: patch.merge, append: patch.append }
      return { name: `${patchEntryPrefix}${id}`, body: JSON.stringify(entry), contentType: patchContentType }
    })
  return document === undefined ? entries : [{ name: "", body: document, contentType: "text/yaml" }, ...entries]
}
