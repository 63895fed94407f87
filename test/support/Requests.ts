import type { Signal } from "../../src/domain/Signal.ts"
import { attribute, encode, type Item } from "./Otlp.ts"

/** The attribute by which tests tell items apart, and the resource attribute by which Weir tells tenants apart. */
export const idAttribute = "test.id"
export const tenantAttribute = "tenant"

const text = (key: string, stringValue: string) => ({ key, value: { stringValue } })

const item = (signal: Signal, id: string) => {
  const attributes = [text(idAttribute, id), text("padding", "x".repeat(40))]
  switch (signal) {
    case "traces":
      return {
        traceId: Buffer.alloc(16, 1),
        spanId: Buffer.alloc(8, 2),
        name: "operation",
        kind: 2,
        startTimeUnixNano: "1790000000000000001",
        endTimeUnixNano: "1790000000000000002",
        attributes
      }
    case "logs":
      return { timeUnixNano: "1790000000000000001", severityNumber: 9, body: { stringValue: "something happened" }, attributes }
    case "metrics":
      return { name: "measure", gauge: { dataPoints: [{ timeUnixNano: "1790000000000000001", asInt: "7", attributes }] } }
  }
}

/** A request with one item per id, of one tenant. */
export const request = (signal: Signal, ids: ReadonlyArray<string>, tenant: string): Uint8Array => {
  const resource = { attributes: [text("service.name", "test"), text(tenantAttribute, tenant)] }
  const scope = { name: "test" }
  const items = ids.map((id) => item(signal, id))
  switch (signal) {
    case "traces":
      return encode(signal, { resourceSpans: [{ resource, scopeSpans: [{ scope, spans: items }] }] })
    case "logs":
      return encode(signal, { resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords: items }] }] })
    case "metrics":
      return encode(signal, { resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics: items }] }] })
  }
}

export const idOf = (it: Item): string => attribute(it.item, idAttribute) ?? "without id"
export const tenantOf = (it: Item): string => attribute(it.resource.resource!, tenantAttribute) ?? "default"
