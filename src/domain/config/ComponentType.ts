import type * as Schema from "effect/Schema"
import type { Path } from "./Node.ts"
import type { Signal } from "../Signal.ts"

export type Kind = "receiver" | "processor" | "connector" | "exporter" | "extension" | "detector"

/** What the configuration has to know of a component to check its settings; the components themselves live further up. */
export interface ComponentType {
  readonly kind: Kind
  /** The name in the configuration (`otlp_http`). */
  readonly type: string
  /** Other spellings that mean the same (`otlphttp`). */
  readonly aliases?: ReadonlyArray<string>
  /** Absent for extensions and detectors. */
  readonly signals?: ReadonlyArray<Signal>
  readonly config: Schema.Codec<unknown, unknown, never, never>
  /** The settings that name addresses to listen on, by their paths; two that clash are an error of the configuration. */
  readonly listens?: (config: never) => ReadonlyArray<Listens>
  /** Of a connector: the settings that name pipelines which read from it. */
  readonly refersTo?: (config: never) => ReadonlyArray<RefersTo>
}

/** A setting that holds the name of a pipeline (`traces/eu`). */
export interface RefersTo {
  readonly path: ReadonlyArray<string | number>
  readonly pipeline: string
}

/** A setting that holds an address to listen on (`host:port`). */
export interface Listens {
  readonly path: Path
  readonly endpoint: string
}

/** The components that a configuration may use. */
export interface Registry<C extends ComponentType> {
  readonly all: ReadonlyArray<C>
  /** By type or alias. */
  readonly find: (kind: Kind, type: string) => C | undefined
}

/** Where components of a kind stand in the document. */
export const sectionOf: { readonly [K in Kind]: string } = {
  receiver: "receivers",
  processor: "processors",
  connector: "connectors",
  exporter: "exporters",
  extension: "extensions",
  detector: "weir.detectors"
}

/** The kinds with a section of their own at the root of the document. */
export const sectionKinds: ReadonlyArray<Kind> = ["receiver", "processor", "connector", "exporter", "extension"]
export const kinds: ReadonlyArray<Kind> = [...sectionKinds, "detector"]
