import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import type { AgentView } from "../api/view/AgentView.ts"
import { ask } from "./client/ControlClient.ts"
import { json, moment, table } from "./client/Table.ts"
import type { Where } from "./client/Where.ts"
import type { CommandFailure } from "./ExitCode.ts"

/** Labels that tell an agent apart; the others are in `weir fleet show`. */
const shownLabels = ["service.name", "service.version", "host.name"]

export const listFleet = (where: Where, asJson: boolean): Effect.Effect<void, CommandFailure> =>
  Effect.flatMap(
    ask(where, (client) => client.agents.list()),
    (agents) => Console.log(asJson ? json(agents) : agents.length === 0 ? "no agent has been here yet" : tableOf(agents))
  )

const tableOf = (agents: ReadonlyArray<AgentView>): string =>
  table(
    ["INSTANCE UID", "STATUS", "CONFIG", "HEALTH", "LAST SEEN (UTC)", "NAME"],
    agents.map(({ instance_uid, status, remote_config, healthy, last_seen_unix_millis, labels }) => [
      instance_uid,
      status,
      remote_config.status === "UNSET" ? "own" : remote_config.status,
      healthy === null ? "-" : healthy ? "healthy" : "sick",
      moment(last_seen_unix_millis),
      shownLabels.flatMap((label) => labels[label] ?? []).join(" ")
    ])
  )
