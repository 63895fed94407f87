import { type Attributes, type Context, isSpanContextValid, type SpanKind, trace, TraceFlags, type TraceState } from "@opentelemetry/api"
import type { Sampler, SamplingResult } from "@opentelemetry/sdk-trace"
import { Bits56 } from "../../domain/sampling/Bits56.ts"
import { setThreshold } from "../../domain/sampling/Threshold.ts"
import type { SamplingPolicy } from "./AgentSettings.ts"
import { OtState, setHexRandomness, stateOf } from "./OtState.ts"
import { SpanMatcher } from "./SpanMatcher.ts"

// The members of the SDK's enum `SamplingDecision`, which its releases keep in different packages.
const dropped = 0
const kept = 2

/** Significant hexadecimal digits of a threshold: OpenTelemetry's default, which keeps `tracestate` short. */
const precision = 4

class Rate {
  readonly threshold = new Bits56()
  readonly rootResult: SamplingResult

  constructor(probability: number) {
    setThreshold(this.threshold, probability, precision)
    this.rootResult = this.threshold.isNever ? { decision: dropped } : { decision: kept, traceState: stateOf(this.threshold) }
  }
}

/** A policy with its arithmetic done. */
class Plan {
  readonly policy: SamplingPolicy
  readonly rate: Rate
  readonly rules: ReadonlyArray<{ readonly matcher: SpanMatcher; readonly rate: Rate }>

  constructor(policy: SamplingPolicy) {
    this.policy = policy
    this.rate = new Rate(policy.probability)
    this.rules = policy.rules.map(({ probability, ...rule }) => ({ matcher: new SpanMatcher(rule), rate: new Rate(probability) }))
  }

  rateOf(name: string, kind: SpanKind, attributes: Attributes): Rate {
    for (const { matcher, rate } of this.rules) if (matcher.matches(name, kind, attributes)) return rate
    return this.rate
  }
}

/**
 * A sampler of the OpenTelemetry SDK whose probabilities change while the application runs: assigning `policy` is all there is to it.
 *
 * Consistent (OpenTelemetry, "TraceState: probability sampling"): a span stays where its trace's randomness R >= T, the threshold of its
 * probability, and says so (`ot=th`), so that 1 / probability is its unbiased count whatever the policy was at that moment. R is the
 * explicit `rv` of the caller, else the last 56 bits of the trace ID; so samplers along a trace agree, and lower rates keep subsets of
 * what higher ones keep.
 */
export class ConsistentSampler implements Sampler {
  private plan: Plan
  private readonly state = new OtState()
  private readonly randomness = new Bits56()

  constructor(policy: SamplingPolicy) {
    this.plan = new Plan(policy)
  }

  get policy(): SamplingPolicy {
    return this.plan.policy
  }

  /** Holds from the next span on. */
  set policy(policy: SamplingPolicy) {
    this.plan = new Plan(policy)
  }

  shouldSample(context: Context, traceId: string, name: string, kind: SpanKind, attributes: Attributes): SamplingResult {
    const { plan, randomness } = this
    const parent = trace.getSpanContext(context)
    const hasParent = parent !== undefined && isSpanContextValid(parent)
    if (hasParent && plan.policy.parentBased) return this.follow(traceId, parent.traceFlags, parent.traceState)
    const rate = plan.rateOf(name, kind, attributes)
    const isKnown = setHexRandomness(randomness, traceId)
    if (!hasParent || parent.traceState === undefined) {
      return isKnown && rate.threshold.isAtMost(randomness) ? rate.rootResult : { decision: dropped }
    }
    const carrier = this.state.read(parent.traceState)
    if (carrier.hasRandomness) randomness.copy(carrier.randomness)
    const isKept = (isKnown || carrier.hasRandomness) && rate.threshold.isAtMost(randomness)
    // A state that cannot be read is passed on as it is: nothing true could be added to it.
    if (!carrier.isValid) return { decision: isKept ? kept : dropped, traceState: parent.traceState }
    // The parent's threshold tells of the parent: this span was chosen with its own probability, independently of it.
    carrier.hasThreshold = isKept
    carrier.threshold.copy(rate.threshold)
    return { decision: isKept ? kept : dropped, traceState: this.state.write() }
  }

  /** As the parent, with the parent's probability; where that contradicts itself it is unknown, and then nothing is claimed. */
  private follow(traceId: string, flags: number, state: TraceState | undefined): SamplingResult {
    const decision = (flags & TraceFlags.SAMPLED) === 0 ? dropped : kept
    if (state === undefined) return { decision }
    const { randomness } = this
    const carrier = this.state.read(state)
    if (!carrier.isValid || !carrier.hasThreshold) return { decision, traceState: state }
    const isKnown = carrier.hasRandomness || setHexRandomness(randomness, traceId)
    if (carrier.hasRandomness) randomness.copy(carrier.randomness)
    if (isKnown && carrier.threshold.isAtMost(randomness) === (decision === kept)) return { decision, traceState: state }
    carrier.hasThreshold = false
    return { decision, traceState: this.state.write() }
  }

  toString(): string {
    return `ConsistentSampler{${this.policy.probability}, ${this.policy.rules.length} rules}`
  }
}
