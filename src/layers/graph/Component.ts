import type * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { Ack } from "../../domain/Ack.ts"
import type { Batch, ClientMetadata } from "../../domain/Batch.ts"
import type { Books, Component as ComponentRef } from "../../domain/Books.ts"
import type { DropReason } from "../../domain/DropReason.ts"
import type { Holder } from "../../domain/Passage.ts"
import type { Refusal } from "../../domain/Refusal.ts"
import type { Signal } from "../../domain/Signal.ts"
import type { RemoteLayer } from "../../domain/config/Overlay.ts"
import type { DetectorSettings } from "../../domain/config/DetectorSettings.ts"
import type { Listens, RefersTo } from "../../domain/config/ComponentType.ts"
import type { ExporterSettings } from "../../domain/config/ExporterSettings.ts"
import type { Detecting } from "../../domain/loop/Detector.ts"
import type { Json } from "../../domain/loop/Patch.ts"
import type { ExportError } from "../../streams/ExportError.ts"
import type { Registry } from "../telemetry/Registry.ts"
import type { ComponentError } from "./ComponentError.ts"
import type { Listeners } from "./Listeners.ts"
import type { Steering } from "./Steering.ts"

/**
 * A component is one value: a type name, a Schema of its configuration with defaults and docs, and `make`, which runs in a Scope and
 * returns how it treats batches. Built-in and custom components are the same kind of value and reach the graph the same way
 * (`Components.layer(mine)`).
 */
interface Described<Config> {
  /** The name in the configuration (`otlp_http`). */
  readonly type: string
  /** Other spellings that mean the same (`otlphttp`). */
  readonly aliases?: ReadonlyArray<string>
  /** One sentence for the reference and for `weir components`. */
  readonly description: string
  readonly signals: ReadonlyArray<Signal>
  readonly config: Schema.Codec<Config, unknown, never, never>
}

/** What every component is given. */
export interface ComponentContext {
  /** The name in the configuration, with its suffix (`otlp_http/eu`). */
  readonly id: string
  readonly books: Books
  /** Where a component shows numbers of its own at `/metrics`, beside the books. */
  readonly telemetry: Registry
}

// ---- receivers

/** Where a receiver hands its requests to the graph. One per receiver and signal; it outlives every swap. */
export interface Inlet {
  /**
   * Sends a request into the graph: all of it or nothing. The outcome is told through `ack` only, perhaps before this returns.
   * `batches` are the pieces of one request (one per tenant). `component` names the book, with the transport.
   */
  readonly submit: (batches: ReadonlyArray<Batch>, ack: Ack, component: ComponentRef) => void
  /** A cheap look before a body of `announced` bytes (0 if unknown) is read: why it would be refused now, whatever is in it. */
  readonly refusal: (announced: number) => Refusal | undefined
}

export interface ReceiverContext extends ComponentContext {
  /** Only signals that some pipeline reads from this receiver. */
  readonly inlets: { readonly [S in Signal]?: Inlet }
}

/** A receiver that stands: bound, but not yet serving. `activate` cannot fail and is called between two batches. */
export interface Receiving {
  readonly activate: () => void
}

export interface ReceiverSpec<Config> extends Described<Config> {
  /** The settings that name addresses to listen on: a configuration in which two clash is refused before it runs. */
  readonly listens?: (config: Config) => ReadonlyArray<Listens>
  readonly make: (config: Config, context: ReceiverContext) => Effect.Effect<Receiving, ComponentError, Scope.Scope | Listeners>
}

// ---- processors

export interface ProcessorContext extends ComponentContext {
  readonly signal: Signal
  /** The pipeline that the processor stands in (`traces/eu`). */
  readonly pipeline: string
  /** Sends on what a buffering processor has held; waits while the next holder is full. */
  readonly outlet: Outlet
}

/** Where a component that holds batches sends them on. */
export interface Outlet {
  readonly emit: (batch: Batch) => Effect.Effect<void>
}

export type Processing =
  /**
   * A function on bytes, called for every batch on its way. Items that the result lacks are counted as dropped for `drops`. A
   * `Refusal` turns the request away before its answer, and drops the batch (`processor_error`) after it.
   */
  | {
      readonly _tag: "Pure"
      readonly process: (batch: Batch) => Batch | Refusal
      readonly drops?: DropReason
      /** A cheap look before a body of `announced` bytes (0 if unknown) is read: why any batch of it would be refused now. */
      readonly admission?: (announced: number) => Refusal | undefined
    }
  /** A function that needs time: it gets a bounded queue in front and runs in `concurrency` fibers. */
  | {
      readonly _tag: "Effectful"
      readonly process: (batch: Batch) => Effect.Effect<Batch, Refusal>
      readonly drops?: DropReason
      readonly concurrency: number
    }
  /** A processor that holds batches itself and sends them on through its outlet; `drain` empties it. */
  | { readonly _tag: "Holding"; readonly holder: Holder; readonly drain: Effect.Effect<void> }

export interface ProcessorSpec<Config> extends Described<Config> {
  readonly make: (config: Config, context: ProcessorContext) => Effect.Effect<Processing, ComponentError, Scope.Scope>
}

// ---- connectors

export interface ConnectorContext extends ComponentContext {
  readonly signal: Signal
  /** The pipelines that read from this connector, by name. */
  readonly pipelines: ReadonlyArray<string>
}

/**
 * Decides which pipelines get which part of a batch; pieces that go nowhere are dropped for the given reason. The batch comes with one
 * hold on its memory; every piece that is emitted or dropped takes one along (`lease.retain` for each further one). On a refusal the
 * connector has emitted and dropped nothing and released its hold.
 */
export interface Connecting {
  readonly route: (
    batch: Batch,
    emit: (pipeline: string, piece: Batch) => void,
    drop: (piece: Batch, reason: DropReason) => void
  ) => Refusal | undefined
}

export interface ConnectorSpec<Config> extends Described<Config> {
  /** The settings that name pipelines: a configuration in which one does not read from the connector is refused before it runs. */
  readonly refersTo?: (config: Config) => ReadonlyArray<RefersTo>
  readonly make: (config: Config, context: ConnectorContext) => Effect.Effect<Connecting, ComponentError, Scope.Scope>
}

// ---- exporters

/** What one attempt sends: neighbouring batches of one tenant, merged by concatenation (protobuf merges repeated fields). */
export interface ExportRequest {
  readonly signal: Signal
  readonly tenant: string
  readonly metadata: ClientMetadata
  readonly chunks: ReadonlyArray<Uint8Array>
  readonly items: number
  readonly sizeBytes: number
}

/** What the backend took: `rejected` items of a partial success are lost for good (they are not to be sent again). */
export interface Exported {
  readonly rejected: number
  readonly message?: string
}

/**
 * Sends one request. It fails with a typed reason that says whether to try again, and it ends (in success, failure or interruption)
 * only after the transport has let go of `chunks`: their memory is freed then.
 */
export type Push = (request: ExportRequest) => Effect.Effect<Exported, ExportError>

export interface ExporterContext extends ComponentContext {
  readonly signal: Signal
}

export interface ExporterSpec<Config> extends Described<Config> {
  /** The common settings (timeout, queue, retry) out of this exporter's configuration; defaults where it has none. */
  readonly settings?: (config: Config) => ExporterSettings
  readonly make: (config: Config, context: ExporterContext) => Effect.Effect<Push, ComponentError, Scope.Scope>
}

// ---- extensions

/** What extensions can ask about the gateway. */
export interface ExtensionContext extends ComponentContext {
  readonly isReady: () => boolean
  readonly gateway: Steering
}

/** What an extension that takes configuration from afar says before it runs. */
export interface RemoteSource {
  /** What it received in an earlier life and what still counts: part of the first configuration. */
  readonly remembered: RemoteLayer
  /** Names of environment variables, and paths of files, that received text may look up. */
  readonly env: ReadonlyArray<string>
  readonly files: ReadonlyArray<string>
}

export interface ExtensionSpec<Config> extends Omit<Described<Config>, "signals"> {
  /** As in `ReceiverSpec`. */
  readonly listens?: (config: Config) => ReadonlyArray<Listens>
  /** Only for extensions that take configuration from afar. */
  readonly remote?: (config: Config) => RemoteSource
  readonly make: (config: Config, context: ExtensionContext) => Effect.Effect<void, ComponentError, Scope.Scope>
}

// ---- detectors

/**
 * A detector of findings, for the section `weir.detectors` of a control plane. `make` gives a pure stepper over one series, which runs once
 * for each subject; its configuration has the common settings (`DetectorSettings.fields`) beside its own.
 */
export interface DetectorSpec<Config extends DetectorSettings, State> extends Omit<Described<Config>, "signals"> {
  readonly make: (config: Config) => Detecting<State>
}

export type Receiver = { readonly kind: "receiver" } & ReceiverSpec<never>
export type Processor = { readonly kind: "processor" } & ProcessorSpec<never>
export type Connector = { readonly kind: "connector" } & ConnectorSpec<never>
export type Exporter = { readonly kind: "exporter" } & ExporterSpec<never>
export type Extension = { readonly kind: "extension" } & ExtensionSpec<never>
export type Detector = { readonly kind: "detector" } & DetectorSpec<never, Json>

/** A component of any kind, its configuration type hidden: only its own Schema produces what its own `make` is given. */
export type Component = Receiver | Processor | Connector | Exporter | Extension | Detector

const hide = <Kind extends Component["kind"], Spec>(kind: Kind, spec: Spec): Extract<Component, { kind: Kind }> =>
  ({ kind, ...spec }) as unknown as Extract<Component, { kind: Kind }>

export const receiver = <Config>(spec: ReceiverSpec<Config>): Receiver => hide("receiver", spec)
export const processor = <Config>(spec: ProcessorSpec<Config>): Processor => hide("processor", spec)
export const connector = <Config>(spec: ConnectorSpec<Config>): Connector => hide("connector", spec)
export const exporter = <Config>(spec: ExporterSpec<Config>): Exporter => hide("exporter", spec)
export const extension = <Config>(spec: ExtensionSpec<Config>): Extension => hide("extension", spec)
export const detector = <Config extends DetectorSettings, State extends Json>(spec: DetectorSpec<Config, State>): Detector =>
  hide("detector", spec)
