import type { ReadableSpan } from "@opentelemetry/sdk-trace"
import { Bits56 } from "../../domain/sampling/Bits56.ts"
import { Sampler } from "../../domain/sampling/Sampler.ts"
import { OtState, setHexRandomness } from "./OtState.ts"

/**
 * Lowers the rate of spans that have ended, consistently: a span stays where its trace's randomness passes the raised threshold, and
 * carries that threshold from then on. What was sampled more strictly already stays unchanged.
 */
export class HealthySpanSampler {
  readonly probability: number
  private readonly sampler: Sampler
  private readonly state = new OtState()
  private readonly randomness = new Bits56()

  constructor(probability: number) {
    this.probability = probability
    this.sampler = new Sampler({ mode: "equalizing", percentage: 100 * probability, precision: 4, failClosed: false })
  }

  /** The span as it is to be sent; `undefined`: it goes. */
  sample(span: ReadableSpan): ReadableSpan | undefined {
    const context = span.spanContext()
    const carrier = this.state.read(context.traceState)
    const own = setHexRandomness(this.randomness, context.traceId) ? this.randomness : undefined
    if (!this.sampler.decide(carrier, own, undefined)) return undefined
    return carrier.hasChanged ? withState(span, { ...context, traceState: this.state.write() }) : span
  }
}

const withState = (span: ReadableSpan, context: ReturnType<ReadableSpan["spanContext"]>): ReadableSpan => ({
  name: span.name,
  kind: span.kind,
  spanContext: () => context,
  ...(span.parentSpanContext === undefined ? {} : { parentSpanContext: span.parentSpanContext }),
  startTime: span.startTime,
  endTime: span.endTime,
  status: span.status,
  attributes: span.attributes,
  links: span.links,
  events: span.events,
  duration: span.duration,
  ended: span.ended,
  resource: span.resource,
  instrumentationScope: span.instrumentationScope,
  droppedAttributesCount: span.droppedAttributesCount,
  droppedEventsCount: span.droppedEventsCount,
  droppedLinksCount: span.droppedLinksCount
})
