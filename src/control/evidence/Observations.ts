import { addFigures, type Figures, noFigures, scaleFigures } from "../../domain/loop/Figures.ts"
import type { Subject } from "../../domain/loop/Observation.ts"
import type { Report } from "../../domain/loop/Report.ts"
import { isMeant, subjectKey, type SubjectFilter } from "../../domain/loop/SubjectFilter.ts"

/** How much is remembered. Whatever is full, the oldest seconds go first; subjects above the limit count as `_other`. */
export interface ObservationLimits {
  readonly retentionMillis: number
  /** A report that ends later than this after now has a wrong clock. */
  readonly aheadMillis: number
  /** Figures of one agent, subject and second: about 300 bytes each. */
  readonly observations: number
  readonly subjects: number
  readonly agents: number
}

export const defaultLimits: ObservationLimits = {
  retentionMillis: 600_000,
  aheadMillis: 120_000,
  observations: 200_000,
  subjects: 5000,
  agents: 2000
}

/**
 * What became of a report: `repeated`: it counts already; `outside`: of a time that is forgotten or has not come; `full`: of an agent
 * above the limit.
 */
export type Taken = "added" | "repeated" | "outside" | "full"

/** What one agent saw in a window, of all subjects that were meant. */
export interface AgentTotals {
  readonly agent: string
  readonly figures: Figures
  /** Seconds of the window that the agent has reported on, and how many there are. Fewer: its figures are too small. */
  readonly reported: number
  readonly seconds: number
  /** Batches that its observer did not look at. */
  readonly lost: number
  /** The configurations that were in force, by hash, in the order of time. */
  readonly revisions: ReadonlyArray<string>
}

/** A value out of figures that were taken in so many seconds; `undefined` where there is none. `DetectorMetric.read` is one. */
export type Read = (figures: Figures, seconds: number) => number | undefined

/** All agents together, in one second. */
export interface Second {
  readonly atUnixMillis: number
  /** Agents that have reported on it; without one, nothing is known of it. */
  readonly agents: number
  readonly subjects: ReadonlyArray<{ readonly subject: Subject; readonly figures: Figures }>
}

interface Cell {
  readonly agent: string
  readonly subject: Counted<Subject>
  readonly figures: Figures
}

/** What agents have said of one second. */
interface Slot {
  readonly cells: Array<Cell>
  readonly agents: Map<string, { lost: number; revision: string }>
  /** Reports that end here. */
  readonly ids: Array<string>
}

/** Something with the number of cells that it stands in. */
interface Counted<A> {
  readonly value: A
  cells: number
}

const otherService = "_other"

/**
 * The observations of the last minutes, of all agents, second by second. Reports begin and end at whole seconds (others are rounded); what
 * a longer one counts is spread evenly over its seconds, but for the durations, which belong to its last.
 */
export class Observations {
  private readonly limits: ObservationLimits
  private readonly slots = new Map<number, Slot>()
  private readonly ids = new Set<string>()
  private readonly subjects = new Map<string, Counted<Subject>>()
  private readonly agents = new Map<string, number>()
  private cells = 0
  private oldest = -Infinity

  constructor(limits: ObservationLimits = defaultLimits) {
    this.limits = limits
  }

  /** Figures that are remembered. */
  get size(): number {
    return this.cells
  }

  add(report: Report, nowMillis: number): Taken {
    const { limits } = this
    this.forget(nowMillis - limits.retentionMillis)
    const from = Math.round(report.startUnixMillis / 1000)
    const to = Math.max(from + 1, Math.round(report.endUnixMillis / 1000))
    if (this.ids.has(report.id)) return "repeated"
    if (to * 1000 <= this.oldest || to * 1000 > nowMillis + limits.aheadMillis) return "outside"
    if (!this.agents.has(report.agent) && this.agents.size >= limits.agents) return "full"
    this.ids.add(report.id)
    this.slot(to - 1).ids.push(report.id)
    for (let second = Math.max(from, Math.ceil(this.oldest / 1000)); second < to; second++) {
      this.addTo(this.slot(second), report, to - from, second === to - 1)
    }
    while (this.cells > limits.observations && this.slots.size > 1) this.forget((Math.min(...this.slots.keys()) + 1) * 1000)
    return "added"
  }

  private slot(second: number): Slot {
    let slot = this.slots.get(second)
    if (slot === undefined) this.slots.set(second, (slot = { cells: [], agents: new Map(), ids: [] }))
    return slot
  }

  private addTo(slot: Slot, { agent, revision, lost, observations }: Report, seconds: number, isLast: boolean): void {
    const known = slot.agents.get(agent)
    if (known !== undefined) {
      known.lost += isLast ? lost : 0
      known.revision = revision
    } else {
      slot.agents.set(agent, { lost: isLast ? lost : 0, revision })
      this.agents.set(agent, (this.agents.get(agent) ?? 0) + 1)
    }
    for (const observation of observations) {
      const { received, delivered, dropped, severities } = observation
      const whole: Figures = { received, delivered, dropped, severities, durations: isLast ? observation.durations : undefined }
      const subject = this.subject(observation.subject)
      subject.cells++
      this.cells++
      slot.cells.push({ agent, subject, figures: seconds === 1 ? whole : scaleFigures(whole, 1 / seconds) })
    }
  }

  private subject(subject: Subject): Counted<Subject> {
    const key = subjectKey(subject)
    const known = this.subjects.get(key)
    if (known !== undefined) return known
    if (this.subjects.size >= this.limits.subjects && subject.service !== otherService) {
      return this.subject({ tenant: otherService, service: otherService, signal: subject.signal })
    }
    const counted = { value: subject, cells: 0 }
    this.subjects.set(key, counted)
    return counted
  }

  private forget(beforeMillis: number): void {
    if (beforeMillis <= this.oldest) return
    this.oldest = beforeMillis
    for (const [second, slot] of this.slots) {
      if ((second + 1) * 1000 > beforeMillis) continue
      this.slots.delete(second)
      this.cells -= slot.cells.length
      for (const id of slot.ids) this.ids.delete(id)
      for (const { subject } of slot.cells) if (--subject.cells === 0) this.subjects.delete(subjectKey(subject.value))
      for (const agent of slot.agents.keys()) {
        const left = this.agents.get(agent)! - 1
        if (left === 0) this.agents.delete(agent)
        else this.agents.set(agent, left)
      }
    }
  }

  /** The second that begins at this time, or in which it lies. */
  second(atMillis: number): Second {
    const second = Math.floor(atMillis / 1000)
    const slot = this.slots.get(second)
    const sums = new Map<Subject, Figures>()
    for (const { subject, figures } of slot?.cells ?? []) {
      const sum = sums.get(subject.value)
      sums.set(subject.value, sum === undefined ? figures : addFigures(sum, figures))
    }
    return {
      atUnixMillis: second * 1000,
      agents: slot?.agents.size ?? 0,
      subjects: [...sums].map(([subject, figures]) => ({ subject, figures }))
    }
  }

  /**
   * What `read` makes of the figures of each second, of all agents and all subjects that are meant, as (start of the second, value), oldest
   * first, from `fromMillis` until before `toMillis`. Seconds of which nothing is known, or that have no value, are left out.
   */
  series(read: Read, filter: SubjectFilter, fromMillis: number, toMillis: number): ReadonlyArray<readonly [number, number]> {
    const points: Array<readonly [number, number]> = []
    for (const [second, slot] of this.window(fromMillis, toMillis)) {
      let sum = noFigures
      for (const { subject, figures } of slot.cells) if (isMeant(filter, subject.value)) sum = addFigures(sum, figures)
      const value = slot.agents.size === 0 ? undefined : read(sum, 1)
      if (value !== undefined) points.push([second * 1000, value])
    }
    return points
  }

  /** What each agent that reported within the window saw of the subjects that are meant, from `fromMillis` until before `toMillis`. */
  totals(filter: SubjectFilter, fromMillis: number, toMillis: number): ReadonlyArray<AgentTotals> {
    const seconds = Math.ceil(toMillis / 1000) - Math.ceil(fromMillis / 1000)
    const sums = new Map<string, { figures: Figures; reported: number; lost: number; readonly revisions: Set<string> }>()
    for (const [, slot] of this.window(fromMillis, toMillis)) {
      for (const [agent, { lost, revision }] of slot.agents) {
        let sum = sums.get(agent)
        if (sum === undefined) sums.set(agent, (sum = { figures: noFigures, reported: 0, lost: 0, revisions: new Set() }))
        sum.reported++
        sum.lost += lost
        sum.revisions.add(revision)
      }
      for (const { agent, subject, figures } of slot.cells) {
        const sum = sums.get(agent)!
        if (isMeant(filter, subject.value)) sum.figures = addFigures(sum.figures, figures)
      }
    }
    return [...sums].map(([agent, { revisions, ...sum }]) => ({ agent, ...sum, seconds, revisions: [...revisions] }))
  }

  /** The slots whose seconds begin within the window, in order. */
  private window(fromMillis: number, toMillis: number): ReadonlyArray<readonly [number, Slot]> {
    const within = [...this.slots].filter(([second]) => second * 1000 >= fromMillis && second * 1000 < toMillis)
    return within.toSorted(([a], [b]) => a - b)
  }
}
