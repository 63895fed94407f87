import * as Schema from "effect/Schema"
import { Rules } from "../loop/Rule.ts"
import { optional, section } from "./Fields.ts"

/** The section `weir:`: what the collector has no place for. Each key belongs to one part of Weir; other keys are errors. */
export const Weir = Schema.Struct({
  detectors: optional(
    Schema.Record(Schema.String, Schema.Unknown),
    "What is watched for, by `type/name`; each has the settings of its type."
  ),
  rules: section(Rules, "What to do about findings, by name of the rule.")
})

export type WeirSettings = typeof Weir.Type

/** What stands in force where the section is absent, or where an error in it has been reported. */
export const noWeir: WeirSettings = { rules: {} }
