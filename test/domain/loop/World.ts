import { Weir } from "../../../src/domain/config/Weir.ts"
import { decide } from "../../../src/domain/loop/Decider.ts"
import type { Effect } from "../../../src/domain/loop/Effect.ts"
import type { UnitEvidence } from "../../../src/domain/loop/Evaluation.ts"
import type { Command, Event, Happening } from "../../../src/domain/loop/Event.ts"
import type { FindingEvent } from "../../../src/domain/loop/Finding.ts"
import type { JournalEntry } from "../../../src/domain/loop/JournalEntry.ts"
import type { Rollout } from "../../../src/domain/loop/Rollout.ts"
import type { Rules } from "../../../src/domain/loop/Rule.ts"
import { defaultLimits, initialState, type Limits, type State } from "../../../src/domain/loop/State.ts"
import * as Schema from "effect/Schema"
import { bytes, unitOf } from "./Evidence.ts"

/** Rules as a configuration would give them. */
export const rulesOf = (rules: unknown): Rules => Schema.decodeUnknownSync(Weir)({ rules }).rules

export const storm = {
  when: 'finding.kind == "volume"',
  mode: "act",
  action: {
    append: [
      { path: ["processors", "filter/storm", "trace_conditions"], value: 'resource.attributes["tenant"] == "{{ finding.subject.tenant }}"' }
    ]
  },
  goal: { metric: "delivered.bytes", direction: "down", at_least: 0.4, look_after: "60s" },
  ttl: "10m",
  cooldown: "5m"
}

type Unfixed<A> = A extends unknown ? Omit<A, "at"> : never
type Incoming = Unfixed<FindingEvent | Happening | Command>

/** Drives the decider by hand, and keeps what it wants done. */
export class World {
  readonly first: State
  state: State
  now = 1_000_000
  readonly events: Array<Event> = []
  readonly journal: Array<JournalEntry> = []
  readonly effects: Array<Effect> = []
  /** What each agent was offered last. */
  readonly offers = new Map<string, ReadonlyArray<string>>()
  private commands = 0

  constructor(limits: Partial<Limits> = {}) {
    // Stories tell of a finding once.
    this.first = initialState("salt", { ...defaultLimits, silentMillis: Number.MAX_SAFE_INTEGER, ...limits })
    this.state = this.first
  }

  send(incoming: Incoming): ReadonlyArray<Effect> {
    const event: Event = { ...incoming, at: this.now }
    // Who is gone for good keeps nothing that could be taken back.
    if (event._tag === "AgentRemoved") this.offers.delete(event.uid)
    this.events.push(event)
    const [state, effects] = decide(this.state, event)
    this.state = state
    for (const effect of effects) {
      this.effects.push(effect)
      if (effect._tag === "Record") this.journal.push(effect.entry)
      if (effect._tag === "Offer")
        this.offers.set(
          effect.uid,
          effect.revisions.map(({ revision }) => revision.id)
        )
    }
    return effects
  }

  tick(millis: number): ReadonlyArray<Effect> {
    this.now += millis
    return this.send({ _tag: "Tick" })
  }

  command(command: Unfixed<Command> extends infer C ? (C extends unknown ? Omit<C, "id" | "by"> : never) : never) {
    const id = `command-${++this.commands}`
    const effects = this.send({ ...command, id, by: "ada" } as Incoming)
    const answer = effects.find((effect) => effect._tag === "Answer")
    if (answer?._tag !== "Answer" || answer.command !== id) throw new Error("a command was not answered")
    return answer.outcome
  }

  agents(count: number, labels: { readonly [label: string]: string } = {}, from = 0): void {
    for (let i = from; i < from + count; i++)
      this.send({ _tag: "AgentChanged", uid: `agent-${i}`, key: `key-${i}`, labels, online: true, acceptsRemoteConfig: true })
  }

  /** Every agent reports on what it was offered last. */
  report(status: "APPLIED" | "FAILED" = "APPLIED", uids: Iterable<string> = this.offers.keys()): void {
    // What agents are offered may change while they report.
    const all = [...uids]
    for (const uid of all) this.send({ _tag: "AgentStatus", uid, revisions: this.offers.get(uid) ?? [], status, message: "" })
  }

  /** Answers a request for evidence: the canary arm delivers `factor` of what it did before. */
  answer(
    effects: ReadonlyArray<Effect>,
    factor: number,
    change: (unit: UnitEvidence, isCanary: boolean) => UnitEvidence = (unit) => unit
  ): void {
    for (const effect of effects) {
      if (effect._tag !== "RequestEvidence") continue
      const { canary } = this.state.rollouts[effect.rollout]!
      const length = (effect.post.to - effect.post.from) / 1000
      const units = effect.units.map((uid, i) => {
        const isCanary = canary.includes(uid)
        const unit = unitOf(uid, bytes(100_000), bytes((100_000 + 100 * i) * (isCanary ? factor : 1)))
        const sized = { ...unit, pre: { ...unit.pre, seconds: 60 }, post: { ...unit.post, seconds: length } }
        return change(sized, isCanary)
      })
      this.send({ _tag: "Evidence", rollout: effect.rollout, look: effect.look, units })
    }
  }

  get rollouts(): ReadonlyArray<Rollout> {
    return Object.values(this.state.rollouts)
  }

  /** The stages that rollouts went through, in order. */
  stages(): ReadonlyArray<string> {
    return this.journal.flatMap((entry) => (entry._tag === "action" ? [entry.stage] : []))
  }

  last(): Rollout {
    return this.rollouts.at(-1)!
  }
}
