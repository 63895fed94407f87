import type { ExponentialHistogram } from "../stats/ExponentialHistogram.ts"
import type { Signal } from "../Signal.ts"

/** Whom an observation or a finding is about. */
export interface Subject {
  /** `default` for items without a tenant. */
  readonly tenant: string
  /** `service.name`; `_other` for the services above the limit of cardinality, `unknown_service` for items without a name. */
  readonly service: string
  readonly signal: Signal
}

/**
 * What one agent has seen of one subject in one interval. Every field adds up over intervals and agents; counts are integers.
 *
 * `received` is what arrived at the receivers, before any processor; `delivered` and `dropped` are what settled in the interval, so the
 * two sides of one item may lie in different intervals.
 */
export interface Observation {
  /** Instance uid of the agent, as a UUID text. */
  readonly agent: string
  /** Hash of the remote configuration that was in force, in hex; empty where there is none. */
  readonly revision: string
  readonly startUnixMillis: number
  readonly endUnixMillis: number
  readonly subject: Subject
  readonly received: Volume
  readonly delivered: Volume
  /** Items that were accepted and then dropped, by reason; `sampled` and `filtered` are drops that somebody wanted. */
  readonly dropped: { readonly [reason: string]: number }
  /** Spans: durations in seconds. Possibly of a part of the traces, chosen by trace id; counts are of what was looked at. */
  readonly durations: ExponentialHistogram | undefined
  /** Log records by severity range (`TRACE`, `DEBUG`, `INFO`, `WARN`, `ERROR`, `FATAL`, `UNSPECIFIED`); empty for other signals. */
  readonly severities: { readonly [severity: string]: number }
}

export interface Volume {
  /** Spans, log records, data points. */
  readonly items: number
  /** Bytes of the items as OTLP protobuf, with their share of resource and scope. */
  readonly bytes: number
  /** Spans whose status is an error; log records of severity ERROR and above. */
  readonly errors: number
  /** Root spans that took longer than the limit for slow traces. */
  readonly slow: number
}
