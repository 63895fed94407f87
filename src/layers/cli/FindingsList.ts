import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { number } from "../../domain/loop/Numbers.ts"
import type { FindingsView } from "../api/view/FindingView.ts"
import { ask } from "./client/ControlClient.ts"
import { json, moment, table } from "./client/Table.ts"
import type { Where } from "./client/Where.ts"
import type { CommandFailure } from "./ExitCode.ts"

export const listFindings = (where: Where, asJson: boolean): Effect.Effect<void, CommandFailure> =>
  Effect.flatMap(
    ask(where, (client) => client.findings()),
    (findings) => Console.log(asJson ? json(findings) : tableOf(findings))
  )

const tableOf = ({ open, closed }: FindingsView): string => {
  if (open.length + closed.length === 0) return "nothing was found lately"
  const shown = (value: number | null) => (value === null ? "-" : number(value))
  return table(
    ["SINCE (UTC)", "UNTIL (UTC)", "WHAT", "WHERE", "SCORE", "VALUE", "EXPECTED", "BY"],
    [...open, ...closed].map(({ since_unix_millis, until_unix_millis, kind, subject, score, value, expected, detector }) => [
      moment(since_unix_millis),
      until_unix_millis === null ? "open" : moment(until_unix_millis),
      kind,
      `${subject.tenant}/${subject.service} (${subject.signal})`,
      number(score),
      shown(value),
      shown(expected),
      detector
    ])
  )
}
