import * as Schema from "effect/Schema"
import type { Subject as LoopSubject } from "../../../domain/loop/Observation.ts"
import type { Volume as LoopVolume } from "../../../domain/loop/Observation.ts"
import { signals } from "../../../domain/Signal.ts"

/** A moment, in milliseconds since the epoch. */
export const UnixMillis = Schema.Finite.annotate({ description: "Milliseconds since the epoch." })

/** A number, or `null` where there is none that JSON could say. */
export const MaybeNumber = Schema.NullOr(Schema.Finite)
export const maybeNumber = (value: number | undefined | null): number | null =>
  value !== undefined && value !== null && Number.isFinite(value) ? value : null

export const Signal = Schema.Literals(signals)

/** Whom something is about. */
export const Subject = Schema.Struct({ tenant: Schema.String, service: Schema.String, signal: Signal })
export type Subject = typeof Subject.Type

export const subjectView = ({ tenant, service, signal }: LoopSubject): Subject => ({ tenant, service, signal })

/** Per second. */
export const VolumeRate = Schema.Struct({
  items: Schema.Finite.annotate({ description: "Spans, log records or data points." }),
  bytes: Schema.Finite.annotate({ description: "Bytes of OTLP." }),
  errors: Schema.Finite.annotate({ description: "Spans with an error status, log records of severity ERROR and above." })
}).annotate({ description: "Per second." })
export type VolumeRate = typeof VolumeRate.Type

export const volumeRate = ({ items, bytes, errors }: LoopVolume, seconds: number): VolumeRate => ({
  items: items / seconds,
  bytes: bytes / seconds,
  errors: errors / seconds
})

/** Items per second by the reason they were dropped for. */
export const DropRates = Schema.Record(Schema.String, Schema.Finite).annotate({
  description: "Items per second, by reason. `sampled`, `filtered` and `merged` are wanted; every other reason is a loss."
})

export const dropRates = (dropped: { readonly [reason: string]: number }, seconds: number): { readonly [reason: string]: number } =>
  Object.fromEntries(Object.entries(dropped).map(([reason, items]) => [reason, items / seconds]))

/** What one tenant sends of one signal, and what becomes of it. */
export const Rates = Schema.Struct({
  tenant: Schema.String,
  signal: Signal,
  received: VolumeRate,
  delivered: VolumeRate,
  dropped: DropRates
})
export type Rates = typeof Rates.Type
