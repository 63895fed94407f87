import { defaultTenant } from "../Batch.ts"
import { Keys } from "../otlp/Attributes.ts"
import { Malformed } from "../otlp/Malformed.ts"
import { HEAD, HEAD_END, PARENT, RECORD_PARENT } from "../otlp/Groups.ts"
import {
  AFTER_LAST_POINT,
  attributesField,
  EXPONENTIAL_HISTOGRAM,
  FIRST_ATTRIBUTE,
  FIRST_POINT,
  HISTOGRAM,
  type Metrics,
  NAME,
  POINT_END,
  START_TIME,
  SUM,
  TEMPORALITY,
  TIME,
  TYPE,
  UNIT
} from "../otlp/Metrics.ts"
import { readCount, readExplicit, readExponential, readNumber } from "../otlp/PointValues.ts"
import { decodeUtf8 } from "../otlp/Utf8.ts"
import { LENGTH, tagOf, tagValue, valueEnd, varintEnd } from "../otlp/Wire.ts"
import { addFigures, type Figures, noFigures } from "./Figures.ts"
import { noVolume } from "./Metric.ts"
import type { Report } from "./Report.ts"
import { type Cumulative, CumulativeSeries, errorStatus, exponentialOf, rescale, spanMetricNames } from "./SpanMetrics.ts"

/** Agents that say nowhere who they are share this name. */
export const unidentifiedAgent = "unidentified"

const resourceAttributes = ["weir.agent", "service.name", "tenant"]
const pointAttributes = ["service.name", "status.code", "tenant", "collector.instance.id"]
const [AGENT, RESOURCE_SERVICE, RESOURCE_TENANT] = [0, 1, 2]
const [SERVICE, STATUS, TENANT, COLLECTOR] = [0, 1, 2, 3]
const CUMULATIVE = 2
/** Longest interval whose calls count where they were made. */
const promptMillis = 2000

/** Figures of one service in one interval, out of one metric of one resource. */
interface Draft {
  readonly agent: string
  readonly service: string
  readonly tenant: string
  readonly startUnixMillis: number
  readonly endUnixMillis: number
  figures: Figures
}

/**
 * Reads the metrics of a collector's `span_metrics` connector as what arrived there: calls, of them errors, durations. Delta and cumulative
 * temporality. The agent is the resource's `weir.agent`, else the point's `collector.instance.id`, else `unidentified`.
 *
 * Each resource, metric, service and interval makes a report of its own, since a collector may send them in requests of their own.
 *
 * Detectors look at each second once, a few seconds after it. Calls that were counted over a longer time than that come too late for the
 * seconds in which they were made: they count for the time after it, as long as it was, which is until the collector sends the next ones.
 */
export class SpanMetricsReader {
  private readonly resource = new Keys(resourceAttributes)
  private readonly point = new Keys(pointAttributes)
  private readonly series = new CumulativeSeries()

  /** Reads the metric in row `record`, and adds the reports that it makes. Another metric makes none. */
  read(view: Metrics, record: number, reports: Array<Report>): Malformed | undefined {
    const { bytes, metrics, points } = view
    const row = record * metrics.width
    const nameAt = metrics.data[row + NAME]!
    const name = nameAt < 0 ? "" : decodeUtf8(bytes, nameAt, metrics.data[row + NAME + 1]!)
    if (name !== spanMetricNames.calls && name !== spanMetricNames.duration) return undefined
    const scope = view.records.data[record * view.records.width + RECORD_PARENT]! * view.scopes.width
    const group = view.scopes.data[scope + PARENT]! * view.resources.width
    const resourceAt = view.resources.data[group + HEAD]!
    const resourceEnd = resourceAt < 0 ? 0 : view.resources.data[group + HEAD_END]!
    const fault = this.resource.find(bytes, Math.max(0, resourceAt), resourceEnd, 1)
    if (fault !== undefined) return fault
    const source = `${name} ${latin1(bytes, Math.max(0, resourceAt), resourceEnd)}`
    const drafts = new Map<string, Draft>()
    for (let i = metrics.data[row + FIRST_POINT]!; i < metrics.data[row + AFTER_LAST_POINT]!; i++) {
      const failed = this.readPoint(view, row, i * points.width, source, drafts)
      if (failed !== undefined) return failed
    }
    for (const [key, draft] of drafts) reports.push(reportOf(`${key} ${hash(source)}`, draft))
    return undefined
  }

  private readPoint(view: Metrics, row: number, at: number, source: string, drafts: Map<string, Draft>): Malformed | undefined {
    const { bytes, metrics, points } = view
    const type = metrics.data[row + TYPE]!
    const first = points.data[at + FIRST_ATTRIBUTE]!
    const end = points.data[at + POINT_END]!
    const fault = this.point.find(bytes, first < 0 ? end : first, end, attributesField(type))
    if (fault !== undefined) return fault
    const value = this.valueOf(view, type, at)
    const times = timesOf(view, at)
    if (value === undefined || times === undefined) return undefined
    const agent = this.resource.text(bytes, AGENT) ?? this.point.text(bytes, COLLECTOR) ?? unidentifiedAgent
    let increase = { value, startUnixMillis: times.start }
    if (metrics.data[row + TEMPORALITY]! >= 0 && bytes[metrics.data[row + TEMPORALITY]!] === CUMULATIVE) {
      const key = first < 0 ? source : `${source} ${attributesOf(bytes, first, end, attributesField(type))}`
      const since = this.series.increase(agent, key, value, times.start, times.end)
      if (since === undefined) return undefined
      increase = since
    }
    const figures = this.figuresOf(view, row, increase.value)
    if (figures === undefined || increase.startUnixMillis >= times.end) return undefined
    const service = this.point.text(bytes, SERVICE) ?? this.resource.text(bytes, RESOURCE_SERVICE) ?? "unknown_service"
    const tenant = this.point.text(bytes, TENANT) ?? this.resource.text(bytes, RESOURCE_TENANT) ?? defaultTenant
    const key = `${agent}@${increase.startUnixMillis}-${times.end} ${tenant.length} ${tenant} ${service}`
    const draft = drafts.get(key)
    if (draft !== undefined) draft.figures = addFigures(draft.figures, figures)
    else drafts.set(key, { agent, service, tenant, ...countedIn(increase.startUnixMillis, times.end, value), figures })
    return undefined
  }

  private valueOf(view: Metrics, type: number, at: number): Cumulative | undefined {
    switch (type) {
      case SUM: {
        const calls = readNumber(view, at)
        return calls >= 0 && Number.isFinite(calls) ? calls : undefined
      }
      case HISTOGRAM:
        return readExplicit(view, at)
      case EXPONENTIAL_HISTOGRAM:
        return readExponential(view, at)
      default:
        return undefined
    }
  }

  private figuresOf({ bytes, metrics }: Metrics, row: number, value: Cumulative): Figures | undefined {
    if (typeof value === "number") {
      if (value === 0) return undefined
      const errors = this.point.text(bytes, STATUS) === errorStatus ? value : 0
      return { ...noFigures, received: { ...noVolume, items: value, errors } }
    }
    const unitAt = metrics.data[row + UNIT]!
    const isSeconds = unitAt >= 0 && decodeUtf8(bytes, unitAt, metrics.data[row + UNIT + 1]!) === "s"
    if ("bounds" in value) {
      const durations = exponentialOf(value, isSeconds ? 1 : 1e-3)
      return durations === undefined ? undefined : { ...noFigures, durations }
    }
    return value.count === 0 ? undefined : { ...noFigures, durations: isSeconds ? value : rescale(value, 1e-3) }
  }
}

/** When figures count. Durations belong to the last second, which is never late. */
const countedIn = (startUnixMillis: number, endUnixMillis: number, value: Cumulative) => {
  const length = endUnixMillis - startUnixMillis
  return typeof value === "number" && length > promptMillis
    ? { startUnixMillis: endUnixMillis, endUnixMillis: endUnixMillis + length }
    : { startUnixMillis, endUnixMillis }
}

const timesOf = ({ bytes, points: { data } }: Metrics, at: number): { readonly start: number; readonly end: number } | undefined => {
  const startAt = data[at + START_TIME]!
  const endAt = data[at + TIME]!
  if (startAt < 0 || endAt < 0) return undefined
  return { start: Math.round(readCount(bytes, startAt) / 1e6), end: Math.round(readCount(bytes, endAt) / 1e6) }
}

const reportOf = (id: string, { agent, service, tenant, startUnixMillis, endUnixMillis, figures }: Draft): Report => {
  const about = { agent, revision: "", startUnixMillis, endUnixMillis }
  return { id, ...about, lost: 0, observations: [{ ...about, subject: { tenant, service, signal: "traces" }, ...figures }] }
}

/** The attributes of a point as bytes, in an order of their own: what tells a series from others. */
const attributesOf = (bytes: Uint8Array, start: number, end: number, field: number): string => {
  const found: Array<string> = []
  for (let pos = start; pos < end;) {
    const valueAt = varintEnd(bytes, pos, end)
    const tag = tagValue(bytes, pos, valueAt)
    const next = valueEnd(bytes, valueAt, end, tag & 7)
    if (tag === tagOf(field, LENGTH)) found.push(latin1(bytes, pos, next))
    pos = next
  }
  return found.toSorted().join("")
}

const latin1 = (bytes: Uint8Array, start: number, end: number): string => {
  let text = ""
  for (let pos = start; pos < end; pos++) text += String.fromCharCode(bytes[pos]!)
  return text
}

/** FNV-1a, 32 bits, in hex. */
const hash = (text: string): string => {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  return (value >>> 0).toString(16)
}
