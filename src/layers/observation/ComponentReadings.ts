import { type Books, overflowTenant, type Row } from "../../domain/Books.ts"
import {
  addFlows,
  type ComponentReport,
  type Flow,
  flowKey,
  noQueue,
  queueKey,
  type QueueState
} from "../../domain/loop/ComponentReport.ts"
import type { Signal } from "../../domain/Signal.ts"
import type { MetricName } from "../telemetry/Metrics.ts"
import type { Registry } from "../telemetry/Registry.ts"
import { RowReading } from "./RowReading.ts"
import { TenantLabels } from "./TenantLabels.ts"

/** Tenants that are told of by name in one report; the books have up to 1000, times components. */
const mostTenants = 100

/**
 * What components have done since the last `take`, out of the books, and how exporters' queues stand now. Accounts in which nothing
 * happened and that hold nothing are left out; tenants above the limit count as `_other`, a minute of silence makes room.
 */
export class ComponentReadings {
  private readonly books: Books
  private readonly telemetry: Registry
  private readonly rows = new Map<Row, RowReading>()
  private readonly tenants = new TenantLabels(mostTenants)
  private readonly failures = new Map<string, number>()

  /** From now on. */
  constructor(books: Books, telemetry: Registry) {
    this.books = books
    this.telemetry = telemetry
    for (const row of books.rows()) this.reading(row).take(row.tenant)
    this.queues()
  }

  take(): Pick<ComponentReport, "flows" | "queues"> {
    return { flows: this.flows(), queues: this.queues() }
  }

  private flows(): ReadonlyArray<Flow> {
    const flows: Array<Flow> = []
    const others = new Map<string, Flow>()
    for (const row of this.books.rows()) {
      const reading = this.reading(row)
      if (!reading.hasNews) continue
      const tenant = this.tenants.label(row.tenant)
      const flow = reading.take(tenant)
      if (tenant !== overflowTenant) flows.push(flow)
      else {
        const key = flowKey(flow)
        const sum = others.get(key)
        others.set(key, sum === undefined ? flow : addFlows(sum, flow))
      }
    }
    this.tenants.age()
    return [...flows, ...others.values()]
  }

  private reading(row: Row): RowReading {
    let reading = this.rows.get(row)
    if (reading === undefined) this.rows.set(row, (reading = new RowReading(row)))
    return reading
  }

  private queues(): ReadonlyArray<QueueState> {
    const queues = new Map<string, QueueState>()
    for (const [field, name] of readings) {
      for (const { labels, read } of this.telemetry.readingsOf(name)) {
        const exporter = labels["exporter"]!
        const signal = labels["data_type"] as Signal
        const key = queueKey({ exporter, signal })
        const queue = queues.get(key) ?? { exporter, signal, ...noQueue }
        queues.set(key, { ...queue, [field]: field === "failedAttempts" ? this.sinceLast(key, read()) : read() })
      }
    }
    return [...queues.values()]
  }

  /** A queue that was made anew counts from 0. */
  private sinceLast(key: string, attempts: number): number {
    const before = this.failures.get(key) ?? 0
    this.failures.set(key, attempts)
    return attempts < before ? attempts : attempts - before
  }
}

const readings: ReadonlyArray<readonly [Exclude<keyof QueueState, "exporter" | "signal">, MetricName]> = [
  ["size", "exporterQueueSize"],
  ["capacity", "exporterQueueCapacity"],
  ["inFlight", "exporterInFlight"],
  ["heldBytes", "exporterQueueBytes"],
  ["failedAttempts", "exporterFailedAttempts"]
]
