/** A value of JSON. */
export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }

/**
 * A change of an agent's configuration, small enough to be taken back by leaving it out: what an agent runs is its own file, then the
 * document that was pushed to it, then the live patches in order.
 */
export interface Patch {
  /** Partial configuration, merged over what lies below: maps merge, lists are replaced. */
  readonly merge: { readonly [section: string]: Json }
  /** Elements added at the end of lists, so that two patches of one list do not undo each other: a group of statements, a condition. */
  readonly append: ReadonlyArray<Append>
}

export interface Append {
  /** From the root of the configuration to the list (`["processors", "transform/tenant", "trace_statements"]`); it is made if absent. */
  readonly path: ReadonlyArray<string>
  readonly value: Json
}

/**
 * A patch on its way to an agent: the body, in JSON, of the entry `revision/<id>` of the offered configuration map. The agent applies the
 * entries in the order of `order`, and takes an expired one out by itself, also while the control plane is away.
 */
export interface PatchEntry extends Patch {
  readonly revision: string
  readonly order: number
  /** When it ends, in milliseconds since the epoch; `null` for never. */
  readonly expiresAt: number | null
}

export const patchContentType = "application/vnd.weir.patch+json"
export const patchEntryPrefix = "revision/"
