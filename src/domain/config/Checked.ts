import type { ControlSettings } from "./Control.ts"
import type { Kind } from "./ComponentType.ts"
import type { Node } from "./Node.ts"
import type { Signal } from "../Signal.ts"
import type { TelemetrySettings } from "./Telemetry.ts"
import type { WeirSettings } from "./Weir.ts"

/** One component that runs: its value, its decoded settings, and what tells two configurations of it apart. */
export interface CheckedComponent<C> {
  readonly kind: Kind
  /** The name in the configuration (`otlp_http/eu`). */
  readonly id: string
  /** The component's own name for its type, whatever alias the configuration uses. */
  readonly type: string
  readonly component: C
  /** What the component's own Schema made of its settings; what its `make` takes. */
  readonly config: unknown
  /** Equal for equal resolved settings, whatever their order, file, or spelling. */
  readonly fingerprint: string
  /** The settings as they were written: `locate(settings, error.path)` is the place that a later error is about. */
  readonly settings: Node
}

export interface CheckedPipeline {
  /** The whole name (`traces/eu`). */
  readonly name: string
  readonly signal: Signal
  /** Ids of receivers, and of connectors that this pipeline reads from. */
  readonly receivers: ReadonlyArray<string>
  readonly processors: ReadonlyArray<string>
  /** Ids of exporters, and of connectors that this pipeline sends into. */
  readonly exporters: ReadonlyArray<string>
}

/**
 * A configuration in which nothing is wrong that can be known before it runs: the plan that the graph builds from. It holds only what
 * runs: components that no pipeline uses are left out. Ids are unique per kind, and a connector shares its id with no receiver or exporter.
 */
export interface Checked<C> {
  readonly components: ReadonlyArray<CheckedComponent<C>>
  readonly pipelines: ReadonlyArray<CheckedPipeline>
  readonly telemetry: TelemetrySettings
  /** `service.telemetry` as it was written, for the place of a later error. */
  readonly telemetrySource?: Node
  readonly weir: WeirSettings
  /** What `weir control` is told; defaults where it is not. */
  readonly control: ControlSettings
}
