import { Keys } from "../otlp/Attributes.ts"
import { equals } from "../otlp/Entry.ts"
import { HEAD, HEAD_END, PARENT, RECORD_PARENT } from "../otlp/Groups.ts"
import { Malformed } from "../otlp/Malformed.ts"
import {
  AFTER_LAST_POINT,
  attributesField,
  EXPONENTIAL_HISTOGRAM,
  FIRST_ATTRIBUTE,
  FIRST_POINT,
  GAUGE,
  Metrics,
  NAME,
  POINT_END,
  START_TIME,
  SUM,
  TIME,
  TYPE
} from "../otlp/Metrics.ts"
import { readCount, readExponential, readNumber } from "../otlp/PointValues.ts"
import { decodeUtf8, encodeUtf8 } from "../otlp/Utf8.ts"
import { LENGTH, tagOf, tagValue, valueEnd, varintEnd } from "../otlp/Wire.ts"
import { type Signal, signals } from "../Signal.ts"
import { componentScope } from "./ComponentMetrics.ts"
import { type ComponentDraft, ComponentReader } from "./ComponentReader.ts"
import type { ComponentReport } from "./ComponentReport.ts"
import { addFigures, type Figures, noFigures } from "./Figures.ts"
import { type Report, reportId } from "./Report.ts"
import { subjectKey } from "./SubjectFilter.ts"
import { durationMetric, lostMetric, reportMetrics, resourceKeys, scopeName } from "./ReportMetrics.ts"
import { SpanMetricsReader } from "./SpanMetricsReader.ts"

const observationBytes = encodeUtf8(scopeName)
const componentBytes = encodeUtf8(componentScope)

/** Attributes of a resource that say who speaks, in this order. */
const resourceAttributes = [resourceKeys.agent, resourceKeys.revision]
const pointAttributes = ["service", "tenant", "signal", "reason", "severity"]
const [SERVICE, TENANT, SIGNAL, REASON, SEVERITY] = [0, 1, 2, 3, 4]

/** Values of `by`; anything else is not taken as a name of a count. */
const reasonPattern = /^[a-z][a-z_]{0,39}$/
const severityPattern = /^(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL|UNSPECIFIED)$/

/** Who reports on which interval. */
interface About {
  readonly agent: string
  readonly revision: string
  readonly startUnixMillis: number
  readonly endUnixMillis: number
}

/** A report that is being put together. */
interface Draft extends About {
  lost: number
  readonly subjects: Map<string, { readonly service: string; readonly tenant: string; readonly signal: Signal; figures: Figures }>
}

/** What requests bring: what agents saw, and what their components did. A request that somebody has split may have one without the other. */
export interface Decoded {
  readonly reports: ReadonlyArray<Report>
  readonly components: ReadonlyArray<ComponentReport>
}

/**
 * Reads reports out of ExportMetricsServiceRequests: those of `encodeReport`, whoever has passed them on, and what a collector's
 * `span_metrics` connector sends (`SpanMetricsReader`). Other metrics are left out.
 *
 * It is given bytes from the network: names have a longest length, counts that are no whole numbers from 0 on are left out.
 */
export class ReportDecoder {
  private readonly metrics = new Metrics()
  private readonly resource = new Keys(resourceAttributes)
  private readonly point = new Keys(pointAttributes)
  private readonly spanMetrics = new SpanMetricsReader()
  private readonly components = new ComponentReader()
  private drafts = new Map<string, Draft>()
  private componentDrafts = new Map<string, ComponentDraft>()

  decode(bytes: Uint8Array): Decoded | Malformed {
    const { metrics } = this
    const fault = metrics.index(bytes)
    if (fault !== undefined) return fault
    this.drafts = new Map()
    this.componentDrafts = new Map()
    const reports: Array<Report> = []
    for (let i = 0; i < metrics.records.count; i++) {
      const found = this.isOf(i, observationBytes)
        ? this.read(i, this.addObservation)
        : this.isOf(i, componentBytes)
          ? this.read(i, this.addComponent)
          : this.spanMetrics.read(metrics, i, reports)
      if (found !== undefined) return found
    }
    for (const draft of this.drafts.values()) reports.push(finish(draft))
    return { reports, components: Array.from(this.componentDrafts.values(), finishComponents) }
  }

  private isOf(record: number, scopeBytes: Uint8Array): boolean {
    const { bytes, records, scopes } = this.metrics
    const scope = records.data[record * records.width + RECORD_PARENT]! * scopes.width
    const end = scopes.data[scope + HEAD_END]!
    for (let pos = scopes.data[scope + HEAD]!; pos >= 0 && pos < end;) {
      const valueAt = varintEnd(bytes, pos, end)
      const tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
      const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
      if (tag === tagOf(1, LENGTH) && next >= 0) return equals(bytes, varintEnd(bytes, valueAt, end), next, scopeBytes)
      pos = next
    }
    return false
  }

  /** Calls with each point of a metric that says of which agent and interval it is. */
  private read(
    record: number,
    add: (name: string, type: number, at: number, about: About) => Malformed | undefined
  ): Malformed | undefined {
    const { bytes, metrics, points } = this.metrics
    const row = record * metrics.width
    const nameAt = metrics.data[row + NAME]!
    const name = nameAt < 0 ? "" : decodeUtf8(bytes, nameAt, metrics.data[row + NAME + 1]!)
    const speaker = this.speaker(record)
    if (speaker instanceof Malformed) return speaker
    const type = metrics.data[row + TYPE]!
    for (let i = metrics.data[row + FIRST_POINT]!; i < metrics.data[row + AFTER_LAST_POINT]!; i++) {
      const at = i * points.width
      const about = this.about(at, speaker)
      const fault = about === undefined ? undefined : add(name, type, at, about)
      if (fault !== undefined) return fault
    }
    return undefined
  }

  private speaker(record: number): { readonly agent: string; readonly revision: string } | Malformed {
    const { bytes, records, scopes, resources } = this.metrics
    const scope = records.data[record * records.width + RECORD_PARENT]! * scopes.width
    const group = scopes.data[scope + PARENT]! * resources.width
    const start = resources.data[group + HEAD]!
    const fault = this.resource.find(bytes, Math.max(0, start), start < 0 ? 0 : resources.data[group + HEAD_END]!, 1)
    return fault ?? { agent: this.resource.text(bytes, 0) ?? "", revision: this.resource.text(bytes, 1) ?? "" }
  }

  private about(at: number, speaker: Pick<About, "agent" | "revision">): About | undefined {
    const { bytes, points } = this.metrics
    const startAt = points.data[at + START_TIME]!
    const endAt = points.data[at + TIME]!
    if (speaker.agent === "" || startAt < 0 || endAt < 0) return undefined
    const startUnixMillis = Math.round(readCount(bytes, startAt) / 1e6)
    const endUnixMillis = Math.round(readCount(bytes, endAt) / 1e6)
    return endUnixMillis <= startUnixMillis ? undefined : { ...speaker, startUnixMillis, endUnixMillis }
  }

  private readonly addObservation = (name: string, type: number, at: number, about: About): Malformed | undefined => {
    const { bytes, points } = this.metrics
    const first = points.data[at + FIRST_ATTRIBUTE]!
    const end = points.data[at + POINT_END]!
    const fault = this.point.find(bytes, first < 0 ? end : first, end, attributesField(type))
    if (fault !== undefined) return fault
    const draft = draftOf(this.drafts, about, () => ({ ...about, lost: 0, subjects: new Map() }))
    if (name === lostMetric.name) draft.lost += wholeOf(readNumber(this.metrics, at))
    else this.addFigures(draft, name, type, at)
    return undefined
  }

  private readonly addComponent = (name: string, type: number, at: number, about: About): Malformed | undefined => {
    if (type !== SUM && type !== GAUGE) return undefined
    const draft = draftOf(this.componentDrafts, about, () => ({ ...about, flows: new Map(), queues: new Map() }))
    return this.components.read(this.metrics, name, at, draft)
  }

  private addFigures(draft: Draft, name: string, type: number, at: number): void {
    const { bytes } = this.metrics
    const service = this.point.text(bytes, SERVICE)
    const tenant = this.point.text(bytes, TENANT)
    const signal = signals.find((known) => known === this.point.text(bytes, SIGNAL))
    if (service === undefined || tenant === undefined || signal === undefined) return
    const figures = this.figures(name, type, at)
    if (figures === undefined) return
    const key = subjectKey({ tenant, service, signal })
    const known = draft.subjects.get(key)
    if (known === undefined) draft.subjects.set(key, { service, tenant, signal, figures })
    else known.figures = addFigures(known.figures, figures)
  }

  private figures(name: string, type: number, at: number): Figures | undefined {
    if (name === durationMetric.name) {
      const durations = type === EXPONENTIAL_HISTOGRAM ? readExponential(this.metrics, at) : undefined
      return durations === undefined ? undefined : { ...noFigures, durations }
    }
    if (!sums.has(name)) return undefined
    const count = wholeOf(readNumber(this.metrics, at))
    const [, family, field] = /^weir\.(received|delivered|dropped)\.(\w+)$/.exec(name)!
    if (family === "dropped") return { ...noFigures, dropped: this.named(REASON, reasonPattern, count) }
    if (field === "severity") return { ...noFigures, severities: this.named(SEVERITY, severityPattern, count) }
    return { ...noFigures, [family!]: { ...noFigures.received, [field!]: count } }
  }

  private named(attribute: number, pattern: RegExp, count: number): { readonly [name: string]: number } {
    const name = this.point.text(this.metrics.bytes, attribute)
    return name !== undefined && pattern.test(name) ? { [name]: count } : {}
  }
}

const sums = new Set(reportMetrics.map(({ name }) => name))

const draftOf = <D>(drafts: Map<string, D>, { agent, revision, startUnixMillis, endUnixMillis }: About, make: () => D): D => {
  const key = `${agent} ${revision} ${startUnixMillis} ${endUnixMillis}`
  let draft = drafts.get(key)
  if (draft === undefined) drafts.set(key, (draft = make()))
  return draft
}

const finishComponents = ({ flows, queues, ...about }: ComponentDraft): ComponentReport => ({
  ...about,
  flows: [...flows.values()],
  queues: [...queues.values()]
})

const finish = ({ agent, revision, startUnixMillis, endUnixMillis, lost, subjects }: Draft): Report => ({
  id: reportId(agent, startUnixMillis),
  agent,
  revision,
  startUnixMillis,
  endUnixMillis,
  lost,
  observations: [...subjects.values()].map(({ service, tenant, signal, figures }) => ({
    agent,
    revision,
    startUnixMillis,
    endUnixMillis,
    subject: { tenant, service, signal },
    ...figures
  }))
})

const wholeOf = (value: number): number => (Number.isInteger(value) && value > 0 ? value : 0)
