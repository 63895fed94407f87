import type { Finding } from "./Finding.ts"
import type { Rollout } from "./Rollout.ts"
import type { Rules } from "./Rule.ts"
import type { Selector } from "./Selector.ts"

export interface Agent {
  readonly uid: string
  readonly key: string
  readonly labels: Selector
  readonly online: boolean
  /** Since when it has been offline. */
  readonly offlineSince: number | undefined
  readonly acceptsRemoteConfig: boolean
  /** The document that was pushed to it, as YAML text. */
  readonly document: string | undefined
  /** The revisions that were offered last, and a hash over that offer; `undefined` before the first one. */
  readonly offered: { readonly hash: string; readonly revisions: ReadonlyArray<string> } | undefined
}

/** Times that are not a rule's business, in milliseconds. */
export interface Limits {
  /** From the offer to the last APPLIED. An agent reports APPLIED ten seconds after the swap. */
  readonly applyMillis: number
  /** How long a canary agent may be away before the change is taken back. */
  readonly goneMillis: number
  /** How often guardrails are looked at while a change is observed. */
  readonly lookMillis: number
  /** How long after a moment its observations have arrived. */
  readonly lagMillis: number
  /** How long after the last look was due its evidence may come; without it there is no verdict. */
  readonly evidenceMillis: number
  /** How long a proposal waits for approval. */
  readonly approvalMillis: number
  /** How long a held rollout waits for a decision. */
  readonly holdMillis: number
  /** A finding that nobody has spoken of for so long is over: its detector has gone. An open one is told of every ten seconds. */
  readonly silentMillis: number
  /** How many findings may be open; later ones are not looked at until some close. Their names come from the network. */
  readonly findings: number
  /** How many rollouts that are over are remembered here; the journal has all of them. */
  readonly remembered: number
}

export const defaultLimits: Limits = {
  applyMillis: 120_000,
  goneMillis: 30_000,
  lookMillis: 10_000,
  lagMillis: 5_000,
  evidenceMillis: 30_000,
  approvalMillis: 24 * 3_600_000,
  holdMillis: 3_600_000,
  silentMillis: 900_000,
  findings: 500,
  remembered: 200
}

/** All that the decider knows. It is plain JSON (with absent keys for `undefined`): what is read back behaves as what was written. */
export interface State {
  readonly now: number
  /** Mixed into every assignment, so that no two control planes choose the same canaries. */
  readonly salt: string
  readonly limits: Limits
  readonly rules: Rules
  /** Since when a person has stopped the whole loop: nothing starts, and nothing goes on but guardrails and the ends of exposures. */
  readonly pausedAt: number | undefined
  readonly agents: { readonly [uid: string]: Agent }
  /** The findings that are open, by id. */
  readonly findings: { readonly [id: string]: Finding }
  /** When each of them was last told of. */
  readonly toldAt: { readonly [id: string]: number }
  /** By id, in the order in which they were made. */
  readonly rollouts: { readonly [id: string]: Rollout }
  /** Rules that rest, and patches that failed (by hash), each until when. */
  readonly resting: { readonly [rule: string]: number }
  readonly failed: { readonly [patchHash: string]: number }
  /** Refusals that were recorded already, by rule and finding: the same one is not said again. */
  readonly refusals: { readonly [about: string]: string }
  readonly nextOrder: number
}

export const initialState = (salt: string, limits: Limits = defaultLimits): State => ({
  now: 0,
  salt,
  limits,
  rules: {},
  pausedAt: undefined,
  agents: {},
  findings: {},
  toldAt: {},
  rollouts: {},
  resting: {},
  failed: {},
  refusals: {},
  nextOrder: 1
})
