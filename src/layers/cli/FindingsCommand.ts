import * as Effect from "effect/Effect"
import * as Command from "effect/cli/Command"
import { jsonFlag, whereFlags, whereOf } from "./client/ApiFlags.ts"

/** `weir findings`: what detectors have found. */
export const findings = Command.make("findings", { ...whereFlags, json: jsonFlag }).pipe(
  Command.withDescription("List findings: those that are open, and those that have lately ended."),
  Command.withShortDescription("List what detectors have found"),
  Command.withHandler(({ json, ...flags }) =>
    Effect.flatMap(
      Effect.promise(() => import("./FindingsList.ts")),
      ({ listFindings }) => listFindings(whereOf(flags), json)
    )
  )
)
