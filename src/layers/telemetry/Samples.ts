import type { Books, Row } from "../../domain/Books.ts"
import type { DropReason } from "../../domain/DropReason.ts"
import type { Signal } from "../../domain/Signal.ts"
import type { MetricName } from "./Metrics.ts"
import type { Labels } from "./Registry.ts"

/** Takes one value; values with the same name and labels add up. */
export type Emit = (name: MetricName, labels: Labels, value: number) => void

const suffix = { traces: "Spans", metrics: "Points", logs: "Records" } as const satisfies { readonly [S in Signal]: string }

/** The ways of losing an item that the Collector calls a failed send. */
const failedSends: ReadonlyArray<DropReason> = ["permanent_error", "retry_exhausted", "partial_success", "shutdown", "too_large"]

const sumOf = (counts: ReadonlyMap<string, number>): number => {
  let sum = 0
  for (const count of counts.values()) sum += count
  return sum
}

/** The books as metrics: each row once in Weir's words, and added up over tenants in the Collector's. */
export const bookSamples = (books: Books, emit: Emit): void => {
  for (const row of books.rows()) {
    accountSamples(row, emit)
    const { kind, id, transport } = row.component
    const items = suffix[row.signal]
    if (kind === "receiver") {
      const labels = { receiver: id, ...(transport === undefined ? {} : { transport }) }
      emit(`receiverAccepted${items}`, labels, row.accepted - row.returned - row.refusedLate)
      emit(`receiverRefused${items}`, labels, sumOf(row.refused))
    } else if (kind === "exporter") {
      const labels = { exporter: id }
      emit(`exporterSent${items}`, labels, row.delivered)
      let failed = 0
      for (const reason of failedSends) failed += row.dropped.get(reason) ?? 0
      emit(`exporterSendFailed${items}`, labels, failed)
      emit(`exporterEnqueueFailed${items}`, labels, row.refused.get("queue_full") ?? 0)
    } else if (kind === "processor") {
      const labels = { processor: id, otel_signal: row.signal }
      emit("processorIncoming", labels, row.accepted)
      emit("processorOutgoing", labels, row.delivered)
      if (id === "memory_limiter" || id.startsWith("memory_limiter/")) {
        emit(`limiterAccepted${items}`, { processor: id }, row.accepted)
        emit(`limiterRefused${items}`, { processor: id }, sumOf(row.refused))
      }
    }
  }
}

const accountSamples = (row: Row, emit: Emit): void => {
  const { kind, id, transport } = row.component
  const labels = { kind, component: id, ...(transport === undefined ? {} : { transport }), signal: row.signal, tenant: row.tenant }
  emit("accepted", labels, row.accepted)
  emit("created", labels, row.created)
  emit("restored", labels, row.restored)
  emit("delivered", labels, row.delivered)
  emit("returned", labels, row.returned)
  emit("held", labels, row.held)
  for (const [reason, items] of row.dropped) emit("dropped", { reason, ...labels }, items)
  for (const [reason, items] of row.refused) emit("refused", { reason, ...labels }, items)
  for (const [reason, requests] of row.refusedRequests) emit("refusedRequests", { reason, ...labels }, requests)
}

/** The process, as the operating system and the engine see it. */
export const processSamples = (emit: Emit): void => {
  const { user, system } = process.cpuUsage()
  const memory = process.memoryUsage()
  emit("processCpu", {}, (user + system) / 1e6)
  emit("processMemory", {}, memory.rss)
  emit("processUptime", {}, process.uptime())
  emit("processHeap", {}, memory.heapUsed)
  emit("processSystem", {}, memory.heapTotal + memory.external)
}
