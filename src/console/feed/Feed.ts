import type { AgentView, FindingsView, JournalRecordView, PipelinesView, RolloutView } from "./Answers.ts"
import { ApiFailure, get, open } from "./Client.ts"
import { EventParser, type ServerEvent } from "./EventStream.ts"
import type { Sight, Sights } from "./Sight.ts"

/** An overview comes every second, and a comment when nothing else does; a stream that is silent for longer is dead. */
const silentMillis = 20_000
const firstRetryMillis = 1000
const longestRetryMillis = 15_000
/** What is not on the stream is asked for so often while somebody looks. */
const pollMillis = 5000
/** Journal records that are kept. */
export const keptRecords = 500

/**
 * Keeps the page's sight up to date: one stream of events, opened again with growing waits when it ends; and what the stream does not tell, asked for every few seconds while the page is visible.
 */
export class Feed {
  private readonly sights: Sights
  private stopped = new AbortController()
  private wake: () => void = () => {}

  constructor(sights: Sights) {
    this.sights = sights
  }

  start(): void {
    this.stopped = new AbortController()
    const { signal } = this.stopped
    const poll = () => {
      if (document.visibilityState === "visible" && this.sights.connection._tag === "live") void this.poll()
    }
    const timer = window.setInterval(poll, pollMillis)
    signal.addEventListener("abort", () => window.clearInterval(timer))
    window.addEventListener("online", () => this.retryNow(), { signal })
    document.addEventListener("visibilitychange", poll, { signal })
    void this.run(signal)
  }

  stop(): void {
    this.stopped.abort()
    this.wake()
  }

  /** Does not wait any longer. */
  retryNow(): void {
    this.wake()
  }

  /** Asks for what the stream does not tell, now. */
  async poll(): Promise<void> {
    await Promise.all([
      this.ask("agents", get<ReadonlyArray<AgentView>>("/agents"), (agents) => ({ agents })),
      this.ask("pipelines", get<PipelinesView>("/pipelines"), (pipelines) => ({ pipelines }))
    ])
  }

  private async run(signal: AbortSignal): Promise<void> {
    let wait = firstRetryMillis
    while (!signal.aborted) {
      let reason = "the control plane has ended the stream"
      try {
        await this.follow(signal, () => (wait = firstRetryMillis))
      } catch (failure) {
        if (signal.aborted) return
        if (failure instanceof ApiFailure && failure.status === 401) {
          this.sights.clear()
          this.sights.connect({ _tag: "locked", reason: failure.message })
          return
        }
        reason = failure instanceof Error ? failure.message : String(failure)
      }
      if (signal.aborted) return
      this.sights.connect({ _tag: "lost", reason, retryAt: performance.now() + wait })
      await this.pause(wait)
      wait = Math.min(longestRetryMillis, wait * 2)
    }
  }

  private pause(millis: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = window.setTimeout(resolve, millis)
      this.wake = () => {
        window.clearTimeout(timer)
        resolve()
      }
    })
  }

  /** One stream, from its beginning to its end. */
  private async follow(signal: AbortSignal, opened: () => void): Promise<void> {
    // Every time: behind the address there may be another control plane by now, with a journal of its own.
    const { records } = await get<{ readonly records: ReadonlyArray<JournalRecordView> }>(`/journal?limit=${keptRecords}`)
    this.sights.update({ journal: records })
    const last = records.at(-1)?.id ?? 0
    const silence = new AbortController()
    let timer = window.setTimeout(() => silence.abort(), silentMillis)
    try {
      const headers = { accept: "text/event-stream", "last-event-id": String(last) }
      const { body } = await open("/events", { headers, signal: AbortSignal.any([signal, silence.signal]) })
      const reader = body!.pipeThrough(new TextDecoderStream()).getReader()
      const parser = new EventParser()
      opened()
      this.sights.connect({ _tag: "live" })
      void this.poll()
      void this.askFindings()
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return
        window.clearTimeout(timer)
        timer = window.setTimeout(() => silence.abort(), silentMillis)
        this.take(parser.push(value))
      }
    } catch (failure) {
      throw silence.signal.aborted ? new Error(`nothing was heard for ${silentMillis / 1000} s`) : failure
    } finally {
      window.clearTimeout(timer)
    }
  }

  private take(events: ReadonlyArray<ServerEvent>): void {
    let journal: Array<JournalRecordView> | undefined
    let hasClosed = false
    for (const { event, data } of events) {
      const told: unknown = JSON.parse(data)
      if (event === "overview") this.sights.update({ overview: told as NonNullable<Sight["overview"]> })
      else if (event === "findings") this.sights.update({ open: told as NonNullable<Sight["open"]> })
      else if (event === "rollouts") this.sights.update({ rollouts: told as ReadonlyArray<RolloutView> })
      else if (event === "journal") {
        journal ??= [...this.sights.now.journal]
        const record = told as JournalRecordView
        if (record.id > (journal.at(-1)?.id ?? 0)) journal.push(record)
        if (record.kind === "finding") hasClosed = true
      }
    }
    if (journal !== undefined) this.sights.update({ journal: journal.slice(-keptRecords) })
    if (hasClosed) void this.askFindings()
  }

  /** The stream tells the open ones. */
  private askFindings(): Promise<void> {
    return this.ask("findings", get<FindingsView>("/findings"), ({ closed, open: still }) =>
      this.sights.now.open === undefined ? { closed, open: still } : { closed }
    )
  }

  private async ask<A>(part: string, answer: Promise<A>, change: (answer: A) => Partial<Sight>): Promise<void> {
    try {
      const told = await answer
      const { [part]: _, ...problems } = this.sights.now.problems
      this.sights.update({ ...change(told), problems })
    } catch (failure) {
      const message = failure instanceof Error ? failure.message : String(failure)
      this.sights.update({ problems: { ...this.sights.now.problems, [part]: message } })
    }
  }
}
