import type { Patch } from "../../src/domain/loop/Patch.ts"
import type { AgentView } from "../../src/layers/api/view/AgentView.ts"
import type { Accepted, Propose } from "../../src/layers/api/view/Inputs.ts"
import type { ReplayView } from "../../src/layers/api/view/JournalView.ts"
import type { JournalRecord } from "./Journal.ts"

const retryMillis = 200

/** The control plane's API as any client has it: JSON over HTTP, and a stream of server-sent events. */
export class ControlApi {
  private readonly base: string
  private readonly closing = new AbortController()

  /** `base`: where it is served, such as `http://127.0.0.1:4319`. */
  constructor(base: string) {
    this.base = `${base}/api/v1`
  }

  agents(): Promise<ReadonlyArray<AgentView>> {
    return this.request("GET", "/agents")
  }

  /** The rollout that is proposed. */
  async propose(payload: Pick<typeof Propose.Encoded, "plan" | "reason" | "by"> & { readonly patch: Patch }): Promise<string> {
    return (await this.request<Accepted>("POST", "/rollouts", payload)).rollout!
  }

  approve(rollout: string, by: string): Promise<Accepted> {
    return this.request("POST", `/rollouts/${rollout}/approve`, { by })
  }

  /** Judges a rollout again from its record. */
  replay(rollout: string): Promise<ReplayView> {
    return this.request("GET", `/journal/replay/${rollout}`)
  }

  /** The journal from its beginning, until `close`; a stream that breaks is taken up where it ended. */
  async follow(told: (record: JournalRecord) => void): Promise<void> {
    let last = 0
    while (!this.closing.signal.aborted) {
      try {
        const headers = { accept: "text/event-stream", "last-event-id": String(last) }
        const response = await fetch(`${this.base}/events?topics=journal`, { headers, signal: this.closing.signal })
        if (response.body === null || !response.ok) throw new Error(`the stream of events answers ${response.status}`)
        for await (const data of eventsOf(response.body)) {
          const record = JSON.parse(data) as JournalRecord
          last = record.id
          told(record)
        }
      } catch {
        await new Promise((resolve) => setTimeout(resolve, retryMillis))
      }
    }
  }

  close(): void {
    this.closing.abort()
  }

  private async request<A>(method: string, path: string, payload?: unknown): Promise<A> {
    const response = await fetch(`${this.base}${path}`, {
      method,
      ...(payload === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(payload) })
    })
    const body = await response.text()
    if (!response.ok) throw new Error(`${method} ${path} answers ${response.status}: ${body}`)
    return JSON.parse(body) as A
  }
}

/** The data of server-sent events. */
async function* eventsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ""
  for await (const chunk of body) {
    const events = (rest + decoder.decode(chunk, { stream: true })).split("\n\n")
    rest = events.pop()!
    for (const event of events) {
      const data = event.split("\n").find((line) => line.startsWith("data: "))
      if (data !== undefined) yield data.slice("data: ".length)
    }
  }
}
