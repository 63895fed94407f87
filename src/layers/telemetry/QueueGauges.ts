import type { Signal } from "../../domain/Signal.ts"
import type { Registry } from "./Registry.ts"

/** What an exporter's queue shows of itself. */
export interface QueueReadings {
  /** In units of the sizer, as `capacity`. */
  readonly size: number
  readonly capacity: number
  readonly inFlight: number
  readonly heldBytes: number
  readonly failedAttempts: number
}

/** Shows an exporter's queue. The result takes it down again. */
export const showQueue = (registry: Registry, exporter: string, signal: Signal, queue: QueueReadings): (() => void) => {
  const labels = { exporter, data_type: signal }
  const shown = [
    registry.observe("exporterQueueSize", labels, () => queue.size),
    registry.observe("exporterQueueCapacity", labels, () => queue.capacity),
    registry.observe("exporterInFlight", labels, () => queue.inFlight),
    registry.observe("exporterQueueBytes", labels, () => queue.heldBytes),
    registry.observe("exporterFailedAttempts", labels, () => queue.failedAttempts)
  ]
  return () => {
    for (const takeDown of shown) takeDown()
  }
}
