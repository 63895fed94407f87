import { duration, number } from "../../../domain/loop/Numbers.ts"
import { printableLine } from "../../../domain/Printable.ts"
import type { Rates } from "../../api/view/Basics.ts"
import type { FindingView } from "../../api/view/FindingView.ts"
import type { OverviewView } from "../../api/view/OverviewView.ts"
import type { RolloutView } from "../../api/view/RolloutView.ts"
import { table } from "./Table.ts"

/** All that is shown. */
export interface Standing {
  readonly overview: OverviewView
  readonly findings: ReadonlyArray<FindingView>
  readonly rollouts: ReadonlyArray<RolloutView>
}

export interface Paper {
  readonly width: number
  readonly isColoured: boolean
}

const over: ReadonlySet<string> = new Set(["expired", "reverted", "refused", "aborted"])
const colours: { readonly [word: string]: number | undefined } = { degraded: 31, needs_you: 33, acting: 36, watching: 36 }

/** How things stand, line by line; none is longer than the paper is wide. */
export const topLines = ({ overview, findings, rollouts }: Standing, { width, isColoured }: Paper): ReadonlyArray<string> => {
  const { agents, rollouts: counts } = overview
  const live = rollouts.filter(({ stage }) => !over.has(stage))
  const cut = (line: string) => (line.length > width ? `${line.slice(0, Math.max(0, width - 1))}…` : line)
  const word = overview.state.toUpperCase().replace("_", " ")
  const first = cut(`${word}  ${printableLine(overview.reason)}`)
  const colour = colours[overview.state]
  const lines = [
    `agents ${agents.online} online, ${agents.stale} stale, ${agents.offline} offline, ${agents.failed} failed; ${agents.reporting} report`,
    `findings ${findings.length} open; rollouts ${counts.proposed} proposed, ${counts.running} running, ${counts.held} held, ${counts.promoted} in force${overview.paused ? "; THE LOOP IS PAUSED" : ""}`,
    "",
    ...(overview.rates.length === 0 ? ["no agent reports any data"] : rateLines(overview.rates)),
    ...(overview.queues.length === 0 ? [] : ["", ...queueLines(overview.queues)]),
    ...(findings.length === 0
      ? []
      : ["", ...findings.toSorted((a, b) => b.score - a.score).map((finding) => findingLine(finding, overview))]),
    ...(live.length === 0 ? [] : ["", ...live.map(rolloutLine)])
  ].map(cut)
  return [
    colour === undefined || !isColoured ? first : `\u001b[${colour}m${first.slice(0, word.length)}\u001b[0m${first.slice(word.length)}`,
    ...lines
  ]
}

const rateLines = (rates: ReadonlyArray<Rates>): ReadonlyArray<string> =>
  table(
    ["TENANT", "SIGNAL", "IN/s", "OUT/s", "IN kB/s", "OUT kB/s", "DROPPED/s"],
    rates.map(({ tenant, signal, received, delivered, dropped }) => [
      tenant,
      signal,
      number(received.items),
      number(delivered.items),
      number(received.bytes / 1000),
      number(delivered.bytes / 1000),
      Object.entries(dropped)
        .map(([reason, items]) => `${reason} ${number(items)}`)
        .join(", ") || "0"
    ])
  ).split("\n")

const queueLines = (queues: OverviewView["queues"]): ReadonlyArray<string> =>
  table(
    ["QUEUE OF", "SIGNAL", "AGENT", "SIZE", "CAPACITY", "HELD kB", "FAILED/s", "FULL IN"],
    queues.map(({ exporter, signal, instance_uid, size, capacity, held_bytes, failed_attempts, full_in_seconds }) => [
      exporter,
      signal,
      instance_uid,
      number(size),
      capacity === null ? "" : number(capacity),
      number(held_bytes / 1000),
      failed_attempts === null ? "" : number(failed_attempts),
      full_in_seconds === null ? "" : duration(Math.round(full_in_seconds) * 1000)
    ])
  ).split("\n")

const findingLine = ({ kind, subject, score, since_unix_millis }: FindingView, { at_unix_millis: now }: OverviewView): string =>
  printableLine(
    `finding  ${kind} of ${subject.tenant}/${subject.service} (${subject.signal}), score ${number(score)}, for ${duration(Math.max(0, now - since_unix_millis))}`
  )

const rolloutLine = ({ id, stage, paused_since_unix_millis, arms, evaluation, revision }: RolloutView): string =>
  printableLine(
    `rollout  ${id}  ${stage}${paused_since_unix_millis === null ? "" : ", paused"}  ${arms.canary.length} canary, ${arms.control.length} control, ${arms.applied.length} applied  ${evaluation === null ? revision.reason : `${evaluation.judgement}: ${evaluation.reason}`}`
  )
