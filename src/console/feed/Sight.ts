import { useEffect, useState } from "preact/hooks"
import type { AgentView, FindingView, JournalRecordView, OverviewView, PipelinesView, RolloutView } from "./Answers.ts"
import { History } from "./History.ts"

/**
 * - `connecting`: no answer yet;
 * - `live`: the stream stands;
 * - `lost`: it does not, and is tried again at `retryAt` (of `performance.now()`);
 * - `locked`: a token is needed.
 */
export type Connection =
  | { readonly _tag: "connecting" | "live" }
  | { readonly _tag: "lost"; readonly reason: string; readonly retryAt: number }
  | { readonly _tag: "locked"; readonly reason: string }

/** All that the page knows. `undefined` is not known yet. */
export interface Sight {
  readonly overview: OverviewView | undefined
  readonly open: ReadonlyArray<FindingView> | undefined
  readonly closed: ReadonlyArray<FindingView>
  readonly rollouts: ReadonlyArray<RolloutView> | undefined
  readonly agents: ReadonlyArray<AgentView> | undefined
  readonly pipelines: PipelinesView | undefined
  /** Oldest first, the latest of them. */
  readonly journal: ReadonlyArray<JournalRecordView>
  /** What could not be had, by what it is. */
  readonly problems: { readonly [part: string]: string }
}

export const nothing: Sight = {
  overview: undefined,
  open: undefined,
  closed: [],
  rollouts: undefined,
  agents: undefined,
  pipelines: undefined,
  journal: [],
  problems: {}
}

/** What is shown, and who is told when it changes. While it is held, what comes is kept and counted but not shown. */
export class Sights {
  readonly history = new History()
  connection: Connection = { _tag: "connecting" }
  /** When the overview came, of `performance.now()`. */
  heardAt: number | undefined
  /** Snapshots that came while the page was held; `undefined`: it is not. */
  skipped: number | undefined
  private latest: Sight = nothing
  private heldSight: Sight | undefined
  private readonly listeners = new Set<() => void>()

  get shown(): Sight {
    return this.heldSight ?? this.latest
  }

  get now(): Sight {
    return this.latest
  }

  update(change: Partial<Sight>): void {
    this.latest = { ...this.latest, ...change }
    if (change.overview !== undefined) {
      this.heardAt = performance.now()
      this.history.add(change.overview)
      if (this.skipped !== undefined) this.skipped++
    }
    this.tell()
  }

  connect(connection: Connection): void {
    this.connection = connection
    this.tell()
  }

  hold(isHeld: boolean): void {
    this.heldSight = isHeld ? this.latest : undefined
    this.skipped = isHeld ? 0 : undefined
    this.tell()
  }

  /** Forgets what a person without the token may not go on seeing. */
  clear(): void {
    this.latest = nothing
    this.hold(false)
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  private tell(): void {
    for (const listener of this.listeners) listener()
  }
}

/** Draws again when something has changed, and every second, for ages. */
export const useSights = (sights: Sights): void => {
  const [, draw] = useState(0)
  useEffect(() => {
    const redraw = () => draw((count) => count + 1)
    const timer = window.setInterval(redraw, 1000)
    const unsubscribe = sights.subscribe(redraw)
    return () => {
      window.clearInterval(timer)
      unsubscribe()
    }
  }, [sights])
}
