import * as Schema from "effect/Schema"
import { optional } from "./Fields.ts"

/**
 * A setting of the Collector's that would have to be obeyed and is not: refused, with the reason, unless it is switched off.
 * `reason` continues "expected nothing here: ".
 */
export const unsupported = (reason: string) =>
  optional(Schema.Unknown.check(Schema.makeFilter((value) => isOff(value) || `nothing here: ${reason}`)), `Refused unless off: ${reason}.`)

const isOff = (value: unknown): boolean =>
  value === undefined || value === null || value === "" || value === false || (value as { readonly enabled?: unknown }).enabled === false
