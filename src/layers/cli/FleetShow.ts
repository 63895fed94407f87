import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { printable, printableLine } from "../../domain/Printable.ts"
import type { AgentDetail, HealthView } from "../api/view/AgentView.ts"
import { ask } from "./client/ControlClient.ts"
import { indented, json, moment } from "./client/Table.ts"
import type { Where } from "./client/Where.ts"
import type { CommandFailure } from "./ExitCode.ts"

export const showAgent = (where: Where, id: string, asJson: boolean): Effect.Effect<void, CommandFailure> =>
  Effect.flatMap(
    ask(where, (client) => client.agents.get({ params: { id } })),
    (agent) => Console.log(asJson ? json(agent) : textOf(agent))
  )

const textOf = (agent: AgentDetail): string => {
  const { remote_config: config } = agent
  const line = (name: string, text: string) => `${name.padEnd(12)} ${printableLine(text)}`
  const told = [config.status, config.hash.slice(0, 12), config.message].filter((part) => part !== "").join(" ")
  return [
    line("uid", agent.instance_uid),
    line("status", `${agent.status}, last seen ${moment(agent.last_seen_unix_millis)} UTC`),
    line("labels", ""),
    ...Object.entries(agent.labels).map(([label, value]) => `  ${printableLine(`${label}=${value}`)}`),
    indented(`${"config".padEnd(12)} ${told}`),
    line("desired", agent.desired_hash?.slice(0, 12) ?? "its own"),
    line("revisions", agent.revisions.join(" ") || "none"),
    line("health", agent.health === null ? "not reported" : ""),
    ...(agent.health === null ? [] : healthLines("agent", agent.health, 1)),
    line("runs", agent.effective_config === null ? "not reported" : ""),
    ...(agent.effective_config ?? []).map(({ body }) => printable(body).trimEnd().replace(/^/gm, "  "))
  ].join("\n")
}

const healthLines = (name: string, { healthy, last_error, components }: HealthView, depth: number): ReadonlyArray<string> => [
  `${"  ".repeat(depth)}${printableLine(name)}: ${healthy ? "healthy" : `sick: ${printableLine(last_error)}`}`,
  ...Object.entries(components).flatMap(([part, health]) => healthLines(part, health, depth + 1))
]
