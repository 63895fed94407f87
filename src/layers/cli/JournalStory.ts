import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { printableLine } from "../../domain/Printable.ts"
import type { JournalRecordView } from "../api/view/JournalView.ts"
import { ask } from "./client/ControlClient.ts"
import { follow } from "./client/EventStream.ts"
import { moment } from "./client/Table.ts"
import type { Where } from "./client/Where.ts"
import { CommandFailure, ExitCode } from "./ExitCode.ts"

export interface StoryOptions {
  readonly rollout: string | undefined
  readonly follow: boolean
  readonly limit: number
  readonly json: boolean
}

const retryAfter = "2 seconds"

export const tellJournal = (where: Where, options: StoryOptions): Effect.Effect<void, CommandFailure> =>
  Effect.gen(function* () {
    const { rollout, limit } = options
    if (limit < 1 || limit > 1000)
      return yield* Effect.fail(new CommandFailure(ExitCode.usage, `weir: --limit ${limit}: expected 1 to 1000`))
    const { records } = yield* ask(where, (client) =>
      client.journal.list({ query: { limit, ...(rollout === undefined ? {} : { rollout }) } })
    )
    for (const record of records) yield* Console.log(lineOf(record, options.json))
    if (options.follow) return yield* goOn(where, options, records.at(-1)?.id)
  })

/** Follows until it is interrupted; a control plane that goes away is waited for. */
const goOn = (where: Where, { rollout, json }: StoryOptions, last: number | undefined): Effect.Effect<never> => {
  let known = last
  let isLost = false
  return Effect.suspend(() =>
    follow(where, ["journal"], known === undefined ? undefined : String(known), (event) => {
      const record = event.data as JournalRecordView
      known = record.id
      isLost = false
      return rollout === undefined || record.rollout === rollout ? Console.log(lineOf(record, json)) : Effect.void
    })
  ).pipe(
    Effect.catch(({ message }) => {
      if (isLost) return Effect.void
      isLost = true
      return Console.error(printableLine(message))
    }),
    Effect.andThen(Effect.sleep(retryAfter)),
    (once) => Effect.forever(once)
  )
}

const lineOf = (record: JournalRecordView, asJson: boolean): string =>
  asJson ? JSON.stringify(record) : `${moment(record.at_unix_millis)}  ${record.kind.padEnd(10)} ${printableLine(record.told)}`
