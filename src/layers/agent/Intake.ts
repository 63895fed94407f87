import { TraceFlags } from "@opentelemetry/api"
import type { LogRecordProcessor, ReadableLogRecord } from "@opentelemetry/sdk-logs"
import type { PushMetricExporter, ResourceMetrics } from "@opentelemetry/sdk-metrics"
import type { ReadableSpan, SpanProcessor } from "@opentelemetry/sdk-trace"
import type { Drops } from "./Drops.ts"
import { Lane, laneOfLog, laneOfSpan } from "./Lane.ts"
import type { Pressure } from "./Pressure.ts"
import type { Sender } from "./Sender.ts"
import { groupSize, type Waiting } from "./Waiting.ts"

/** From this fill on the queue itself is a sign of pressure. */
const highFill = 0.8

/**
 * Where the SDK hands over what the application made.
 *
 * **Reads** spans that ended, log records, collections of metrics. **Emits** into `Waiting`, and wakes the sender: when a group is
 * complete, or `limits.flushMillis` after the first item. Under pressure it gives up logs below WARN, then healthy spans. **Full**: see
 * `Waiting`. Nothing here waits or throws, and an item costs the application an append to a list; the rest happens in turns of the event
 * loop of its own. **Closes**: what comes later is dropped (`shutdown`).
 */
export class Intake {
  private readonly waiting: Waiting
  private readonly pressure: Pressure
  private readonly drops: Drops
  private readonly sender: Sender
  private readonly now: () => number
  private timer: NodeJS.Timeout | undefined = undefined
  private isEncoding = false
  private isClosed = false

  constructor(waiting: Waiting, pressure: Pressure, drops: Drops, sender: Sender, now: () => number) {
    this.waiting = waiting
    this.pressure = pressure
    this.drops = drops
    this.sender = sender
    this.now = now
  }

  readonly spans: SpanProcessor = {
    onStart: () => {},
    onEnd: (span) => this.onSpan(span),
    forceFlush: () => this.flush(),
    shutdown: () => Promise.resolve()
  }

  readonly logs: LogRecordProcessor = {
    onEmit: (record) => this.onLog(record),
    forceFlush: () => this.flush(),
    shutdown: () => Promise.resolve()
  }

  readonly metrics: PushMetricExporter = {
    export: (metrics, done) => {
      this.onMetrics(metrics)
      done({ code: 0 })
    },
    forceFlush: () => this.flush(),
    shutdown: () => Promise.resolve()
  }

  /** Resolves when everything is delivered, or has to wait because the backend is under pressure. */
  flush(): Promise<void> {
    while (this.waiting.encodeSome(this.now()));
    return this.sender.flushed()
  }

  close(): void {
    this.isClosed = true
    clearTimeout(this.timer)
    while (this.waiting.encodeSome(this.now()));
  }

  private onSpan(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return
    const lane = laneOfSpan(span)
    if (this.isClosed) return this.drops.add("traces", "shutdown", 1)
    const sampler = lane === Lane.healthySpans ? this.pressure.healthySpans(this.now()) : undefined
    const sampled = sampler === undefined ? span : sampler.sample(span)
    if (sampled === undefined) this.drops.add("traces", "sampled", 1)
    else this.add(lane, sampled)
  }

  private onLog(record: ReadableLogRecord): void {
    const lane = laneOfLog(record)
    if (this.isClosed) this.drops.add("logs", "shutdown", 1)
    else if (lane === Lane.lowLogs && !this.pressure.keepsLowLogs(this.now())) this.drops.add("logs", "pressure", 1)
    else this.add(lane, record)
  }

  /** The last collection arrives while the agent shuts down. */
  private onMetrics(metrics: ResourceMetrics): void {
    this.waiting.addMetrics(metrics, this.now())
    this.sender.wake()
  }

  private add(lane: Lane, record: ReadableSpan | ReadableLogRecord): void {
    if (this.waiting.addRecord(lane, record)) this.encodeSoon()
    if (this.waiting.fill > highFill) this.pressure.onFilling(this.now())
    this.timer ??= setTimeout(this.onTimer, this.waiting.limits.flushMillis).unref()
  }

  private readonly onTimer = (): void => {
    this.timer = undefined
    this.encodeSoon()
  }

  private encodeSoon(): void {
    if (this.isEncoding) return
    this.isEncoding = true
    setImmediate(this.encodeGroups).unref()
  }

  /**
   * A group in each turn of the event loop, so that the application's own work goes on between them; more of them where the application
   * makes more in a turn.
   */
  private readonly encodeGroups = (): void => {
    this.isEncoding = false
    let isWorthSending = false
    for (let groups = 1 + Math.floor(this.waiting.recordCount / (4 * groupSize)); groups > 0; groups--) {
      if (this.waiting.encodeSome(this.now()) === groupSize) isWorthSending = true
    }
    const isDone = this.waiting.recordCount === 0
    if (!isDone) this.encodeSoon()
    // Small groups wait for the others, so that lanes of one signal share a request.
    if (isDone || isWorthSending) this.sender.wake()
  }
}
