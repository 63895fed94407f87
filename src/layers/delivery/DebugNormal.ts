import type { Signal } from "../../domain/Signal.ts"
import { goThrough, type Place } from "./DebugPlace.ts"
import { child, countOf, dataOf, exponentialBuckets, float, type Json, list, plain, textOf } from "./DebugValue.ts"

const attributes = (of: Json | undefined, name = "attributes"): ReadonlyArray<string> =>
  list(of, name).map((entry) => `${textOf(entry, "key")}=${plain(child(entry, "value"))}`)

const joined = (...words: ReadonlyArray<string>): string => words.filter((word) => word !== "").join(" ")

const bracketed = (url: string): string => (url === "" ? "" : `[${url}]`)

const number = (value: unknown): string => String(value ?? 0)

const pointText = (type: string, point: Json): string => {
  if (type === "Gauge" || type === "Sum") return number(point["asInt"] ?? point["asDouble"])
  const words = [`count=${countOf(point, "count")}`]
  if (type === "Summary") {
    const quantiles = list(point, "quantileValues").map(({ quantile, value }) => `q${number(quantile)}=${number(value)}`)
    return joined(...words, `sum=${float(point["sum"])}`, ...quantiles)
  }
  for (const name of ["sum", "min", "max"]) if (point[name] !== undefined) words.push(`${name}=${number(point[name])}`)
  if (type === "Histogram") {
    const bounds = (point["explicitBounds"] ?? []) as ReadonlyArray<number>
    const counts = (point["bucketCounts"] ?? []) as ReadonlyArray<string>
    counts.forEach((count, index) => words.push(index < bounds.length ? `le${number(bounds[index])}=${count}` : count))
  } else {
    for (const { from, to, count } of exponentialBuckets(point)) words.push(from === 0 && to === 0 ? `zero=${count}` : `le${to}=${count}`)
  }
  return words.join(" ")
}

const metricLines = (metric: Json): ReadonlyArray<string> => {
  const data = dataOf(metric)
  if (data === undefined) return []
  const [type, { dataPoints }] = data
  return ((dataPoints ?? []) as ReadonlyArray<Json>).map(
    (point) => `${textOf(metric, "name")}{${attributes(point).join(",")}} ${pointText(type, point)}`
  )
}

const records: {
  readonly [S in Signal]: readonly [
    resources: string,
    scopes: string,
    items: string,
    label: string,
    lines: (item: Json) => ReadonlyArray<string>
  ]
} = {
  traces: [
    "resourceSpans",
    "scopeSpans",
    "spans",
    "Traces",
    (span) => [joined(textOf(span, "name"), textOf(span, "traceId"), textOf(span, "spanId"), ...attributes(span))]
  ],
  logs: ["resourceLogs", "scopeLogs", "logRecords", "Log", (record) => [joined(plain(child(record, "body")), ...attributes(record))]],
  metrics: ["resourceMetrics", "scopeMetrics", "metrics", "Metrics", metricLines]
}

/** `verbosity: normal`: a line for every group and every item of a slice. */
export const normalText = (signal: Signal, slice: Json, continued: number, place: Place): string => {
  const [resources, scopes, items, label, lines] = records[signal]
  const out: Array<string> = []
  goThrough(
    slice,
    continued,
    place,
    { resources, scopes, items },
    {
      resource: (group) => {
        out.push(
          joined(`Resource${label} #${place.resource}`, bracketed(textOf(group, "schemaUrl")), ...attributes(child(group, "resource")))
        )
      },
      scope: (group) => {
        const scope = child(group, "scope")
        const version = textOf(scope, "version")
        const name = `${textOf(scope, "name")}${version === "" ? "" : `@${version}`}`
        out.push(joined(`Scope${label} #${place.scope}`, name, bracketed(textOf(group, "schemaUrl")), ...attributes(scope)))
      },
      item: (item) => {
        for (const line of lines(item)) out.push(line)
      }
    }
  )
  return out.map((line) => `${line}\n`).join("")
}
