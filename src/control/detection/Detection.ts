import type { DetectorSettings } from "../../domain/config/DetectorSettings.ts"
import type { Detecting } from "../../domain/loop/Detector.ts"
import { findDetectorMetric } from "../../domain/loop/DetectorMetric.ts"
import { addFigures, type Figures, noFigures } from "../../domain/loop/Figures.ts"
import type { Finding, FindingEvent } from "../../domain/loop/Finding.ts"
import type { Subject } from "../../domain/loop/Observation.ts"
import type { Json } from "../../domain/loop/Patch.ts"
import { subjectKey } from "../../domain/loop/SubjectFilter.ts"
import type { Second } from "../evidence/Observations.ts"
import { type Alarm, calm, judge, overdue } from "./Alarm.ts"

/** A detector as a control plane runs it. */
export interface Watching {
  /** The name in the configuration (`baseline/volume`). */
  readonly name: string
  readonly settings: DetectorSettings
  readonly detecting: Detecting<Json>
}

/** What is known of one series. Plain data. */
interface Series {
  readonly subject: Subject
  /** Figures of the seconds in the window, oldest first. */
  readonly window: ReadonlyArray<readonly [atUnixMillis: number, figures: Figures]>
  readonly state: Json
  readonly alarm: Alarm
  /** When there last was anything of the subject. */
  readonly busyAt: number
}

/** What is kept of one series over a restart: everything but the window, and the evidence where nothing is open. */
type Kept = Omit<Series, "window">

/** What detectors remember, by their names. Plain data (JSON). */
export interface DetectionMemory {
  readonly [detector: string]: { readonly settings: DetectorSettings; readonly series: ReadonlyArray<Kept> }
}

/** What a subject is called by that a detector puts together with others. */
const together = "*"

/** A series of which nothing has come for so long is forgotten, unless it is in alarm. */
const forgetMillis = 3_600_000
/** Series of one detector; of further subjects nothing is found. */
const mostSeries = 5000

/**
 * Feeds detectors, second by second, with the series of every subject, and says what findings open, change and close. It knows no clock:
 * the same seconds give the same events. Seconds come in order.
 *
 * A second on which no agent has reported is unknown, one on which some have is 0 for the subjects that they do not name.
 */
export class Detection {
  private readonly watchers: ReadonlyArray<Watcher>

  /** With what `memory` has given before; detectors whose settings have changed since begin anew. */
  constructor(watching: ReadonlyArray<Watching>, memory: DetectionMemory = {}) {
    this.watchers = watching.map((one) => {
      const kept = memory[one.name]
      const isSame = kept !== undefined && JSON.stringify(kept.settings) === JSON.stringify(one.settings)
      return new Watcher(one, isSame ? kept.series : [])
    })
  }

  memory(): DetectionMemory {
    return Object.fromEntries(this.watchers.map((watcher) => watcher.memory()))
  }

  /** What has been found and has not ended. */
  open(): ReadonlyArray<Finding> {
    return this.watchers.flatMap((watcher) => watcher.open())
  }

  step(second: Second): ReadonlyArray<FindingEvent> {
    return this.watchers.flatMap((watcher) => watcher.step(second))
  }
}

class Watcher {
  private readonly watching: Watching
  private readonly series = new Map<string, Series>()

  constructor(watching: Watching, kept: ReadonlyArray<Kept>) {
    this.watching = watching
    for (const one of kept) this.series.set(subjectKey(one.subject), { ...one, window: [] })
  }

  memory(): readonly [string, DetectionMemory[string]] {
    const { name, settings } = this.watching
    const series = [...this.series.values()].map(({ subject, state, alarm, busyAt }): Kept => {
      return { subject, state, alarm: alarm.finding === undefined ? { ...alarm, evidence: [] } : alarm, busyAt }
    })
    return [name, { settings, series }]
  }

  open(): ReadonlyArray<Finding> {
    return [...this.series.values()].flatMap(({ alarm }) => alarm.finding ?? [])
  }

  step(second: Second): ReadonlyArray<FindingEvent> {
    const { series } = this
    const events: Array<FindingEvent> = []
    const groups = this.groups(second)
    for (const [key, { subject }] of groups) {
      if (series.has(key) || series.size >= mostSeries) continue
      series.set(key, { subject, window: [], state: this.watching.detecting.initial, alarm: calm, busyAt: second.atUnixMillis })
    }
    for (const [key, known] of series) {
      const figures = groups.get(key)?.figures
      const [next, event] = this.advance(known, second, figures)
      if (event !== undefined) events.push(event)
      const isForgotten = second.atUnixMillis - next.busyAt > forgetMillis && next.alarm.finding === undefined
      if (isForgotten) series.delete(key)
      else series.set(key, next)
    }
    return events
  }

  /** The figures of the second, in the groups that the detector looks at. */
  private groups({ subjects }: Second): ReadonlyMap<string, { readonly subject: Subject; readonly figures: Figures }> {
    const { by, signal } = this.watching.settings
    const groups = new Map<string, { readonly subject: Subject; readonly figures: Figures }>()
    for (const { subject, figures } of subjects) {
      if (subject.signal !== signal || figures.received.items === 0) continue
      const group: Subject = {
        tenant: by.includes("tenant") ? subject.tenant : together,
        service: by.includes("service") ? subject.service : together,
        signal
      }
      const key = subjectKey(group)
      const known = groups.get(key)
      groups.set(key, { subject: group, figures: known === undefined ? figures : addFigures(known.figures, figures) })
    }
    return groups
  }

  private advance(known: Series, second: Second, figures: Figures | undefined): readonly [Series, FindingEvent | undefined] {
    const { name, settings, detecting } = this.watching
    const { atUnixMillis } = second
    const busyAt = figures === undefined ? known.busyAt : atUnixMillis
    const about = { detector: name, kind: settings.kind, subject: known.subject }
    const limits = { forMillis: settings.for, clearMillis: settings.clear }
    const earlier = known.window.filter(([at]) => at > atUnixMillis - settings.window)
    const window = second.agents === 0 ? earlier : [...earlier, [atUnixMillis, figures ?? noFigures] as const]
    const value = second.agents === 0 ? undefined : this.value(window.map(([, some]) => some))
    if (value === undefined) {
      const [alarm, event] = overdue(known.alarm, atUnixMillis, limits)
      return [{ ...known, window, alarm, busyAt }, event]
    }
    const [state, judgement] = detecting.step(known.state, [atUnixMillis, value])
    const [alarm, event] = judge(known.alarm, about, [atUnixMillis, value], judgement, limits)
    return [{ ...known, window, state, alarm, busyAt }, event]
  }

  private value(figures: ReadonlyArray<Figures>): number | undefined {
    const { metric, min_items } = this.watching.settings
    const sum = figures.reduce(addFigures, noFigures)
    return sum.received.items < min_items ? undefined : findDetectorMetric(metric)!.read(sum, Math.max(1, figures.length))
  }
}
