import type { Figures } from "../loop/Figures.ts"
import type { Subject, Volume } from "../loop/Observation.ts"
import { HistogramRecorder } from "../stats/HistogramRecorder.ts"

/** Severity ranges by `severity_number / 4`, rounded up: 1 to 4 is TRACE, ..., 21 to 24 is FATAL; anything else is UNSPECIFIED. */
export const severityRanges = ["UNSPECIFIED", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"] as const

/** The first severity number that counts as an error. */
export const firstErrorSeverity = 17

/** What was counted on one side of the gateway, of one subject. */
export class Side {
  items = 0
  bytes = 0
  errors = 0
  slow = 0

  /** The volume since the last call. */
  take(): Volume {
    const { items, bytes, errors, slow } = this
    this.items = this.bytes = this.errors = this.slow = 0
    return { items, bytes, errors, slow }
  }
}

/** Counters of one subject, reused from second to second. */
export class Tally {
  readonly subject: Subject
  readonly received = new Side()
  readonly delivered = new Side()
  /** Spans: durations in seconds. Log records: counts by `severityRanges`. Of what was received. */
  private recorder: HistogramRecorder | undefined = undefined
  readonly severities = new Float64Array(severityRanges.length)
  private dropped: { [reason: string]: number } = {}
  /** How often it was taken without anything in it, since there was something. */
  idle = 0

  constructor(subject: Subject) {
    this.subject = subject
  }

  get durations(): HistogramRecorder {
    return (this.recorder ??= new HistogramRecorder())
  }

  drop(reason: string, items: number): void {
    this.dropped[reason] = (this.dropped[reason] ?? 0) + items
  }

  /** What was counted since the last call; `undefined`: nothing. */
  take(): Figures | undefined {
    const { dropped } = this
    const received = this.received.take()
    const delivered = this.delivered.take()
    const hasDropped = Object.keys(dropped).length > 0
    if (received.items === 0 && delivered.items === 0 && !hasDropped) {
      this.idle++
      return undefined
    }
    this.idle = 0
    if (hasDropped) this.dropped = {}
    const severities: { [range: string]: number } = {}
    if (this.subject.signal === "logs") {
      for (const [i, range] of severityRanges.entries()) if (this.severities[i]! > 0) severities[range] = this.severities[i]!
      this.severities.fill(0)
    }
    return { received, delivered, dropped, durations: this.recorder?.take(), severities }
  }
}
