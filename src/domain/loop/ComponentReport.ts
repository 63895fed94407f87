import type { Component, ComponentKind } from "../Books.ts"
import type { Signal } from "../Signal.ts"
import { addCounts } from "./Figures.ts"

/** What one agent's components did in one interval, and how they stood at its end. Travels beside a `Report`. */
export interface ComponentReport {
  /** As in `Report`. */
  readonly agent: string
  readonly revision: string
  readonly startUnixMillis: number
  readonly endUnixMillis: number
  /** Accounts in which nothing happened and that hold nothing are left out. */
  readonly flows: ReadonlyArray<Flow>
  /** Every exporter's. */
  readonly queues: ReadonlyArray<QueueState>
}

/** The names of the accounts of a book that are one number; all but `held` count what happened in the interval. */
export const flowCounts = ["accepted", "created", "restored", "delivered", "returned", "held"] as const
/** Those that are told apart by reason. */
export const flowReasons = ["dropped", "refused"] as const

/** The accounts of one component, tenant and signal (see `Row`), in items; `held` is how it stood at the end of the interval. */
export interface Flow
  extends
    Readonly<Record<(typeof flowCounts)[number], number>>,
    Readonly<Record<(typeof flowReasons)[number], { readonly [reason: string]: number }>> {
  readonly component: Component
  readonly tenant: string
  readonly signal: Signal
}

/** How an exporter's queue of one signal stood at the end of an interval. */
export interface QueueState {
  readonly exporter: string
  readonly signal: Signal
  /** What was accepted and has not settled, in units of the queue's sizer, as `capacity`. */
  readonly size: number
  readonly capacity: number
  /** Requests under way, those that wait to be repeated too. */
  readonly inFlight: number
  readonly heldBytes: number
  /** Attempts to send that failed within the interval. */
  readonly failedAttempts: number
}

export const noFlow: Omit<Flow, "component" | "tenant" | "signal"> = {
  accepted: 0,
  created: 0,
  restored: 0,
  delivered: 0,
  returned: 0,
  held: 0,
  dropped: {},
  refused: {}
}
export const noQueue: Omit<QueueState, "exporter" | "signal"> = { size: 0, capacity: 0, inFlight: 0, heldBytes: 0, failedAttempts: 0 }

export const componentKinds: ReadonlyArray<ComponentKind> = ["receiver", "processor", "exporter", "connector", "fanout"]

/** Equal for the same account only. */
export const flowKey = ({ component: { kind, id, transport }, tenant, signal }: Pick<Flow, "component" | "tenant" | "signal">): string =>
  `${kind} ${transport ?? ""} ${signal} ${tenant.length} ${tenant} ${id}`

export const queueKey = ({ exporter, signal }: Pick<QueueState, "exporter" | "signal">): string => `${signal} ${exporter}`

/** Both together, as of the account of `a`. */
export const addFlows = (a: Flow, b: Flow): Flow => ({
  ...a,
  accepted: a.accepted + b.accepted,
  created: a.created + b.created,
  restored: a.restored + b.restored,
  delivered: a.delivered + b.delivered,
  returned: a.returned + b.returned,
  held: a.held + b.held,
  dropped: addCounts(a.dropped, b.dropped),
  refused: addCounts(a.refused, b.refused)
})
