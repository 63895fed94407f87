/** What became of a document that was offered. */
export type Applied = { readonly _tag: "Applied" } | { readonly _tag: "Failed"; readonly message: string }

/** The application as the control plane sees it. */
export interface ControlledAgent {
  /** service.name, service.instance.id, and service.namespace and service.version where there are some. */
  readonly identifying: Readonly<Record<string, string>>
  readonly nonIdentifying: Readonly<Record<string, string>>
  /** Applies a remote document (JSON, see `AgentSettings`; empty: none any more) at once, or says why not. Never throws. */
  readonly apply: (document: string) => Applied
  /** What is in force, as JSON. */
  readonly effective: () => string
}

/**
 * How documents come from a control plane. `connect` returns at once and never throws; what is wrong with the connection is its own
 * business, and the application runs with what it has.
 */
export interface AgentControl {
  readonly connect: (agent: ControlledAgent) => { readonly close: () => Promise<void> }
}
