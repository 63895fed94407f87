import type { Effect } from "./Effect.ts"
import type { Entry } from "./JournalEntry.ts"
import { endings, type Rollout, type Stage } from "./Rollout.ts"
import type { Agent, State } from "./State.ts"

/** One event's work: the state as it becomes, and the effects in their order. It lives within one call of `decide`. */
export class Turn {
  state: State
  readonly effects: Array<Effect> = []
  /** Agents whose offers may have changed; `undefined` for all. */
  touched: Set<string> | undefined = new Set()

  constructor(state: State, at: number) {
    this.state = { ...state, now: Math.max(state.now, at) }
  }

  get now(): number {
    return this.state.now
  }

  /** Rollouts in the order in which they were made. */
  get rollouts(): ReadonlyArray<Rollout> {
    return Object.values(this.state.rollouts)
  }

  rollout(id: string): Rollout | undefined {
    return own(this.state.rollouts, id)
  }

  agent(uid: string): Agent | undefined {
    return own(this.state.agents, uid)
  }

  record(entry: Entry): void {
    this.effects.push({ _tag: "Record", entry: { at: this.now, ...entry } })
  }

  putAgent(agent: Agent): void {
    this.state = { ...this.state, agents: { ...this.state.agents, [agent.uid]: agent } }
  }

  put(rollout: Rollout): Rollout {
    this.state = { ...this.state, rollouts: { ...this.state.rollouts, [rollout.id]: rollout } }
    return rollout
  }

  /** Takes a rollout to another stage, which may change what agents are offered. */
  enter(rollout: Rollout, stage: Stage, reason: string): Rollout {
    this.touched = undefined
    this.record({ _tag: "action", rollout: rollout.id, stage: stage._tag, reason })
    const isOver = endings.has(stage._tag)
    return this.put({ ...rollout, stage, ...(isOver ? { trial: undefined, pausedAt: undefined } : {}) })
  }

  /** Takes a rollout back for what it did: its rule rests, and the same patch is not tried again for a time. */
  revert(rollout: Rollout, reason: string): void {
    const until = this.now + rollout.plan.cooldownMillis
    const { failed, resting } = this.state
    this.state = {
      ...this.state,
      failed: { ...failed, [rollout.patchHash]: until },
      resting: rollout.rule === undefined ? resting : { ...resting, [rollout.rule]: until }
    }
    this.enter(rollout, { _tag: "reverted", at: this.now, reason }, reason)
  }

  abort(rollout: Rollout, reason: string): void {
    this.enter(rollout, { _tag: "aborted", at: this.now, reason }, reason)
  }

  isPaused(rollout: Rollout): boolean {
    return this.state.pausedAt !== undefined || rollout.pausedAt !== undefined
  }
}

/** Keys of maps come from the network: `constructor` is none of them unless it was put there. */
export const own = <A>(map: { readonly [key: string]: A }, key: string): A | undefined => (Object.hasOwn(map, key) ? map[key] : undefined)

/** A map without a key. */
export const without = <A>(map: { readonly [key: string]: A }, key: string): { readonly [key: string]: A } =>
  Object.fromEntries(Object.entries(map).filter(([name]) => name !== key))
