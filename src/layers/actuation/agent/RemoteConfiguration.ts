import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { RemoteLayer } from "../../../domain/config/Overlay.ts"
import { maxSourceLength } from "../../../domain/config/Parse.ts"
import { Source } from "../../../domain/config/Source.ts"
import { type Json, patchContentType, patchEntryPrefix } from "../../../domain/loop/Patch.ts"
import type { AgentConfigObject } from "../../../domain/opamp/RemoteConfig.ts"

/** Entries of a configuration map that was offered, by name. */
export type Entries = ReadonlyMap<string, AgentConfigObject>

/** What the entries mean at a moment. */
export interface Meaning {
  readonly layer: RemoteLayer
  /** When a patch ends next and the meaning changes, in milliseconds since the epoch. */
  readonly changesAt: number | undefined
}

const JsonRecord = Schema.Record(Schema.String, Schema.Unknown)

const PatchBody = Schema.Struct({
  revision: Schema.String.check(Schema.isPattern(/^[\w.-]{1,128}$/)),
  order: Schema.Finite,
  expiresAt: Schema.NullOr(Schema.Finite),
  merge: JsonRecord,
  append: Schema.Array(Schema.Struct({ path: Schema.NonEmptyArray(Schema.String), value: Schema.Unknown }))
})

const decodeBody = Schema.decodeUnknownResult(Schema.fromJsonString(PatchBody), { errors: "all", onExcessProperty: "error" })

/**
 * Reads what was offered: entries `revision/<id>` are patches, applied in their order while they last; all others are YAML documents,
 * merged in the order of their names, the one without a name last. Fails with one line.
 */
export const meaningOf = (entries: Entries, now: number): Result.Result<Meaning, string> => {
  const size = [...entries.values()].reduce((sum, { body }) => sum + body.length, 0)
  if (size > maxSourceLength) return Result.fail(`remote configuration: larger than ${maxSourceLength >> 20} MiB`)
  const documents: Array<Source> = []
  const patches: Array<typeof PatchBody.Type> = []
  const names = [...entries.keys()].toSorted((a, b) => (a === "" ? 1 : b === "" ? -1 : a < b ? -1 : 1))
  for (const name of names) {
    const { body, contentType } = entries.get(name)!
    const shown = name === "" ? "remote configuration" : name
    let text: string
    try {
      text = new TextDecoder("utf-8", { fatal: true }).decode(body)
    } catch {
      return Result.fail(`${shown}: not UTF-8`)
    }
    if (!name.startsWith(patchEntryPrefix)) documents.push(new Source(shown, text))
    else if (contentType !== patchContentType) return Result.fail(`${shown}: expected content of type ${patchContentType}`)
    else {
      const patch = decodeBody(text)
      if (Result.isFailure(patch)) return Result.fail(`${shown}: ${patch.failure.message}`)
      patches.push(patch.success)
    }
  }
  const live = patches.filter(({ expiresAt }) => expiresAt === null || expiresAt > now).toSorted((a, b) => a.order - b.order)
  const ends = live.flatMap(({ expiresAt }) => (expiresAt === null ? [] : [expiresAt]))
  return Result.succeed({
    layer: {
      documents,
      patches: live.map(({ revision, merge, append }) => ({
        merge: written(`revision ${revision}`, merge as Json),
        append: append.map(({ path, value }) => ({ path, value: written(`revision ${revision}: ${path.join(".")}`, value as Json) }))
      }))
    },
    changesAt: ends.length === 0 ? undefined : Math.min(...ends)
  })
}

/** JSON is YAML: what is wrong in it has a line too. */
const written = (name: string, value: Json): Source => new Source(name, JSON.stringify(value, null, 2))
