import { addFlows, type ComponentReport, type Flow, flowKey, queueKey, type QueueState } from "../../domain/loop/ComponentReport.ts"
import type { Taken } from "./Observations.ts"

/** How much is remembered. Whatever is full, the reports that came first go first; of agents above the limit there are none. */
export interface ComponentLimits {
  /** After it has arrived. Longer than the windows that are read, or their rates are of fewer seconds. */
  readonly retentionMillis: number
  /** A report that ends this long before or after now is of another time. */
  readonly skewMillis: number
  /** Accounts and queues in all reports: about 400 bytes each. */
  readonly rows: number
  readonly agents: number
}

export const defaultComponentLimits: ComponentLimits = { retentionMillis: 20_000, skewMillis: 120_000, rows: 100_000, agents: 2000 }

/** An exporter's queue: how it stood last, and where it goes. */
export interface QueueTrend extends QueueState {
  /** Units of its size per second, by least squares over the last ten seconds; 0 of fewer than three reports. */
  readonly growth: number
  /** Failed attempts in the window, not in the last interval. */
  readonly failedAttempts: number
}

/** What the components of one agent did in a window, and how they stood last. */
export interface AgentComponents {
  /** End of the newest report, which `held` and the queues are of. */
  readonly atUnixMillis: number
  /** Of the window, that were reported on; counts divided by them are rates. */
  readonly seconds: number
  readonly flows: ReadonlyArray<Flow>
  readonly queues: ReadonlyArray<QueueTrend>
}

interface Kept {
  readonly report: ComponentReport
  readonly rows: number
  readonly arrivedMillis: number
}

const trendMillis = 10_000

/** The reports of the last seconds on the components of all agents, in the order in which they came. An interval counts once. */
export class ComponentReports {
  private readonly limits: ComponentLimits
  private readonly byAgent = new Map<string, Array<ComponentReport>>()
  private kept: Array<Kept> = []
  private rowsTotal = 0

  constructor(limits: ComponentLimits = defaultComponentLimits) {
    this.limits = limits
  }

  /** Agents, and accounts and queues, that are remembered. */
  get size(): { readonly agents: number; readonly rows: number } {
    return { agents: this.byAgent.size, rows: this.rowsTotal }
  }

  add(report: ComponentReport, nowMillis: number): Taken {
    const { limits } = this
    this.forget(nowMillis)
    if (Math.abs(report.endUnixMillis - nowMillis) > limits.skewMillis) return "outside"
    const rows = report.flows.length + report.queues.length
    const reports = this.byAgent.get(report.agent)
    if (reports?.some(({ startUnixMillis }) => startUnixMillis === report.startUnixMillis) === true) return "repeated"
    if ((reports === undefined && this.byAgent.size >= limits.agents) || rows > limits.rows) return "full"
    this.kept.push({ report, rows, arrivedMillis: nowMillis })
    this.rowsTotal += rows
    if (reports === undefined) this.byAgent.set(report.agent, [report])
    else reports.push(report)
    this.forget(nowMillis)
    return "added"
  }

  private forget(nowMillis: number): void {
    const { retentionMillis, rows: mostRows } = this.limits
    let first = 0
    for (; first < this.kept.length; first++) {
      const { report, rows, arrivedMillis } = this.kept[first]!
      if (arrivedMillis > nowMillis - retentionMillis && this.rowsTotal <= mostRows) break
      this.rowsTotal -= rows
      const reports = this.byAgent.get(report.agent)!
      reports.shift()
      if (reports.length === 0) this.byAgent.delete(report.agent)
    }
    if (first > 0) this.kept = this.kept.slice(first)
  }

  /** What is known of an agent's components, from the reports that end after `fromMillis` and not after `toMillis`; `undefined`: nothing. */
  of(agent: string, fromMillis: number, toMillis: number): AgentComponents | undefined {
    this.forget(toMillis)
    const reports = this.byAgent.get(agent)
    if (reports === undefined) return undefined
    const newest = newestOf(reports)
    const window = within(reports, fromMillis, toMillis)
    return {
      atUnixMillis: newest.endUnixMillis,
      seconds: secondsOf(window),
      flows: flowsOf(window, newest),
      queues: newest.queues.map((queue) => trendOf(queue, reports, window))
    }
  }

  /** The queues of all agents that hold something, the fullest first, `most` of them. `seconds` are those of their failed attempts. */
  fullest(
    most: number,
    fromMillis: number,
    toMillis: number
  ): ReadonlyArray<{ readonly agent: string; readonly seconds: number; readonly queue: QueueTrend }> {
    this.forget(toMillis)
    return Array.from(this.byAgent, ([agent, reports]) =>
      newestOf(reports)
        .queues.filter(({ size }) => size > 0)
        .map((queue) => ({ agent, reports, queue, fill: queue.size / queue.capacity }))
    )
      .flat()
      .toSorted((a, b) => b.fill - a.fill)
      .slice(0, most)
      .map(({ agent, reports, queue }) => {
        const window = within(reports, fromMillis, toMillis)
        return { agent, seconds: secondsOf(window), queue: trendOf(queue, reports, window) }
      })
  }
}

const newestOf = (reports: ReadonlyArray<ComponentReport>): ComponentReport =>
  reports.reduce((a, b) => (b.endUnixMillis > a.endUnixMillis ? b : a))

const within = (reports: ReadonlyArray<ComponentReport>, fromMillis: number, toMillis: number): ReadonlyArray<ComponentReport> =>
  reports.filter(({ endUnixMillis }) => endUnixMillis > fromMillis && endUnixMillis <= toMillis)

const secondsOf = (window: ReadonlyArray<ComponentReport>): number =>
  window.reduce((sum, { startUnixMillis, endUnixMillis }) => sum + (endUnixMillis - startUnixMillis) / 1000, 0)

const trendOf = (queue: QueueState, reports: ReadonlyArray<ComponentReport>, window: ReadonlyArray<ComponentReport>): QueueTrend => ({
  ...queue,
  growth: growthOf(queue, reports, newestOf(reports).endUnixMillis - trendMillis),
  failedAttempts: window.reduce((sum, report) => sum + (sameQueue(queue, report)?.failedAttempts ?? 0), 0)
})

/** What happened in a window, and what is held now. */
const flowsOf = (window: ReadonlyArray<ComponentReport>, newest: ComponentReport): ReadonlyArray<Flow> => {
  const sums = new Map<string, Flow>()
  for (const { flows } of window) {
    for (const flow of flows) {
      const key = flowKey(flow)
      const sum = sums.get(key)
      sums.set(key, sum === undefined ? flow : addFlows(sum, flow))
    }
  }
  const held = new Map(newest.flows.map((flow) => [flowKey(flow), flow.held]))
  return Array.from(sums, ([key, flow]) => ({ ...flow, held: held.get(key) ?? 0 }))
}

const sameQueue = (queue: QueueState, { queues }: ComponentReport): QueueState | undefined =>
  queues.find((other) => queueKey(other) === queueKey(queue))

/** The slope of the line through the sizes of a queue, by least squares. */
const growthOf = (queue: QueueState, reports: ReadonlyArray<ComponentReport>, afterMillis: number): number => {
  const points = reports.flatMap((report) => {
    const state = report.endUnixMillis > afterMillis ? sameQueue(queue, report) : undefined
    return state === undefined ? [] : [{ at: (report.endUnixMillis - afterMillis) / 1000, size: state.size }]
  })
  if (points.length < 3) return 0
  const mean = (read: (point: (typeof points)[number]) => number) => points.reduce((sum, point) => sum + read(point), 0) / points.length
  const [at, size] = [mean((point) => point.at), mean((point) => point.size)]
  return mean((point) => (point.at - at) * (point.size - size)) / mean((point) => (point.at - at) ** 2)
}
