import { Histogram } from "../../../domain/Histogram.ts"

const bySteps = (...decades: ReadonlyArray<number>): ReadonlyArray<number> =>
  decades.flatMap((decade) => Array.from({ length: 9 }, (_, i) => decade * (i + 1)))

/** What one `batch` processor has done; the names and buckets are the collector's (`otelcol_processor_batch_*`). */
export class BatchMeasures {
  /** `batch_size_trigger_send`: batches sent for their size. */
  sizeTriggers = 0
  /** `timeout_trigger_send`: batches sent for their age. */
  timeoutTriggers = 0
  /** `batch_send_size`: items of each batch sent. */
  readonly sendSize = new Histogram([10, 25, 50, 75, 100, 250, 500, 750, ...bySteps(1000), 10_000, 20_000, 30_000, 50_000, 100_000])
  /** `batch_send_size_bytes`: protobuf bytes of each batch sent. */
  readonly sendSizeBytes = new Histogram([
    10,
    25,
    50,
    75,
    100,
    250,
    500,
    750,
    ...bySteps(1000),
    10_000,
    20_000,
    30_000,
    50_000,
    ...bySteps(100_000, 1_000_000)
  ])
  private readonly countKeys: () => number

  constructor(countKeys: () => number) {
    this.countKeys = countKeys
  }

  /** `metadata_cardinality`: combinations of tenant and metadata that hold something now. */
  get cardinality(): number {
    return this.countKeys()
  }
}
