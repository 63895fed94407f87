/**
 * A base-2 exponential histogram of non-negative values, as OTLP carries it: bucket `i` (from `offset`) counts values in
 * `(base^i, base^(i+1)]` with `base = 2^(2^-scale)`. A quantile read from it is off by at most `(base - 1) / (base + 1)` of its value
 * (OpenTelemetry metrics data model, "ExponentialHistogram").
 */
export interface ExponentialHistogram {
  readonly scale: number
  readonly zeroCount: number
  /** Index of the first of `counts`. */
  readonly offset: number
  readonly counts: ReadonlyArray<number>
  readonly count: number
  /** In the unit of the values. */
  readonly sum: number
  readonly min: number
  readonly max: number
}
