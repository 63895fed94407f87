import * as Effect from "effect/Effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { jsonFlag, whereFlags, whereOf } from "./client/ApiFlags.ts"

const uid = Argument.String("uid").pipe(Argument.withDescription("The agent's instance uid"))

const list = Command.make("list", { ...whereFlags, json: jsonFlag }).pipe(
  Command.withDescription("List the agents that the control plane knows: uid, status (online, stale, offline), configuration, labels."),
  Command.withShortDescription("List agents"),
  Command.withHandler(({ json, ...flags }) =>
    Effect.flatMap(
      Effect.promise(() => import("./FleetList.ts")),
      ({ listFleet }) => listFleet(whereOf(flags), json)
    )
  )
)

const show = Command.make("show", { ...whereFlags, uid, json: jsonFlag }).pipe(
  Command.withDescription("Show one agent: who it is, how it is, what it was told and what it runs."),
  Command.withShortDescription("Show one agent"),
  Command.withHandler(({ uid: id, json, ...flags }) =>
    Effect.flatMap(
      Effect.promise(() => import("./FleetShow.ts")),
      ({ showAgent }) => showAgent(whereOf(flags), id, json)
    )
  )
)

const push = Command.make("push", {
  ...whereFlags,
  file: Argument.String("file").pipe(Argument.withDescription("Partial YAML, merged over the agents' own files; - is standard input")),
  agents: Flag.String("agents").pipe(
    Flag.withMetavar("SELECTOR"),
    Flag.withDescription("An instance uid, or label=value[,label=value], or all")
  ),
  now: Flag.Boolean("now").pipe(Flag.withDescription("Desired at once; without it a rollout is proposed"), Flag.withDefault(false)),
  wait: Flag.Boolean("wait").pipe(
    Flag.withDescription("With --now: wait until every agent has reported APPLIED or FAILED (the default; --no-wait does not)"),
    Flag.withDefault(true)
  ),
  timeout: Flag.Finite("timeout").pipe(
    Flag.withMetavar("SECONDS"),
    Flag.withDescription("How long to wait for the agents"),
    Flag.withDefault(60)
  )
}).pipe(
  Command.withDescription(
    "Push a document to agents. Exit code 1 when it is refused, when an agent fails with it, or does not report in time; 65 when it is no YAML. An empty document takes a pushed one back. An agent reports APPLIED when what has changed has carried data, or after ten seconds without any."
  ),
  Command.withShortDescription("Push a document to agents"),
  Command.withExamples([
    { command: "weir fleet push batch.yaml --agents region=eu", description: "Propose a rollout to the agents with that label" },
    { command: "weir fleet push batch.yaml --agents all --now", description: "Everywhere, at once" }
  ]),
  Command.withHandler(({ file, agents, now, wait, timeout, ...flags }) =>
    Effect.flatMap(
      Effect.promise(() => import("./FleetPush.ts")),
      ({ pushDocument }) => pushDocument(whereOf(flags), { file, agents, now, wait, timeoutSeconds: timeout })
    )
  )
)

/** `weir fleet`: agents, and what they are to run. */
export const fleet = Command.make("fleet").pipe(
  Command.withDescription("Look at the agents of a control plane, and push documents to them."),
  Command.withShortDescription("Look at agents, push documents to them"),
  Command.withSubcommands([list, show, push])
)
