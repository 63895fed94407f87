import { readFileSync } from "node:fs"
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type Accepted, Push } from "../api/view/Inputs.ts"
import { ask, whoAmI } from "./client/ControlClient.ts"
import { indented } from "./client/Table.ts"
import type { Where } from "./client/Where.ts"
import { CommandFailure, ExitCode } from "./ExitCode.ts"

export interface PushOptions {
  readonly file: string
  readonly agents: string
  readonly now: boolean
  readonly wait: boolean
  readonly timeoutSeconds: number
}

const withDefaults = Schema.decodeSync(Push)

const pollInterval = "200 millis"

export const pushDocument = (where: Where, { file, agents, now, wait, timeoutSeconds }: PushOptions): Effect.Effect<void, CommandFailure> =>
  Effect.gen(function* () {
    const document = yield* read(file)
    const meant = yield* selected(agents)
    const payload = withDefaults({ agents: meant, document, now, reason: `pushed from ${file}`, by: whoAmI() })
    const accepted = yield* ask(where, (client) => client.agents.push({ payload }))
    if (accepted.rollout !== null) {
      yield* Console.log(`rollout ${accepted.rollout} is proposed; it starts with: weir rollout approve ${accepted.rollout}`)
      return
    }
    const until = (yield* Clock.currentTimeMillis) + timeoutSeconds * 1000
    if (!wait) {
      for (const { instance_uid, status } of accepted.agents) yield* Console.log(`${instance_uid}  told  ${status}`)
      return
    }
    const outcomes = yield* Effect.forEach(accepted.agents, (agent) => outcomeOf(where, agent, until), { concurrency: 8 })
    const missing = outcomes.filter((applied) => !applied).length
    if (missing > 0)
      return yield* Effect.fail(new CommandFailure(ExitCode.no, `weir: ${missing} of ${outcomes.length} agents do not run it`))
  })

const read = (file: string): Effect.Effect<string, CommandFailure> =>
  Effect.try({
    try: () => readFileSync(file === "-" ? 0 : file, "utf8"),
    catch: (cause) => new CommandFailure(ExitCode.data, `weir: ${file} cannot be read: ${cause instanceof Error ? cause.message : cause}`)
  })

type Meant = { readonly instance_uid: string } | { readonly labels: { readonly [label: string]: string } }

const selected = (selector: string): Effect.Effect<Meant, CommandFailure> => {
  if (selector === "all") return Effect.succeed({ labels: {} })
  if (!selector.includes("=")) return Effect.succeed({ instance_uid: selector })
  const pairs = selector.split(",").map((pair) => /^([^=]+)=(.*)$/.exec(pair))
  return pairs.some((pair) => pair === null)
    ? Effect.fail(new CommandFailure(ExitCode.usage, `weir: --agents ${selector}: expected a uid, all, or label=value[,label=value]`))
    : Effect.succeed({ labels: Object.fromEntries(pairs.map((pair) => [pair![1]!, pair![2]!])) })
}

/** Waits for what one agent reports, prints it, and tells whether it runs the document. */
const outcomeOf = (
  where: Where,
  { instance_uid: id, desired_hash }: Accepted["agents"][number],
  until: number
): Effect.Effect<boolean, CommandFailure> =>
  Effect.gen(function* () {
    for (;;) {
      const { remote_config: config, desired_hash: desired, status } = yield* ask(where, (client) => client.agents.get({ params: { id } }))
      if (config.hash === desired_hash && (config.status === "APPLIED" || config.status === "FAILED")) {
        yield* Console.log(indented(`${id}  ${config.status}  ${config.message}`))
        return config.status === "APPLIED"
      }
      const isLate = (yield* Clock.currentTimeMillis) >= until
      if (isLate || desired !== desired_hash) {
        yield* Console.log(`${id}  ${isLate ? `no report yet (${status})` : "told something else meanwhile"}`)
        return false
      }
      yield* Effect.sleep(pollInterval)
    }
  })
