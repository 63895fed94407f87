import * as Result from "effect/Result"
import { Control, type ControlSettings, noControl } from "../domain/config/Control.ts"
import { decode } from "../domain/config/Decode.ts"
import type { Lookups } from "../domain/config/Expand.ts"
import { assemble } from "../domain/config/Load.ts"
import type { Node } from "../domain/config/Node.ts"
import { Source } from "../domain/config/Source.ts"
import { type Compose, composer } from "./Composer.ts"
import type { Components } from "./graph/Components.ts"

/** Composes a control plane's configuration: `control` and `weir` say everything, and what is said about the graph lies over its own. */
export const controlComposer = (own: ReadonlyArray<Source>, lookups: Lookups, registry: Components["Service"]): Compose =>
  composer([defaultsOf(settingsOf(own, lookups)), ...own], lookups, registry)

/**
 * What lies below a control plane's files. Its own graph: an OTLP receiver whose metrics are observations; it is the gateway's engine, so
 * everything that is known about gateways (limits, own metrics, health) holds here. And detectors for what every service has, so that
 * there is something to see before anybody has written a rule; one that is not wanted is replaced under its name.
 */
const defaultsOf = ({ otlp, metrics, health }: ControlSettings): Source => {
  const { host, port } = splitAddress(metrics.endpoint)
  return new Source(
    "the default of weir control",
    `receivers:
  otlp/observations:
    protocols:
      http:
        endpoint: "${otlp.endpoint}" # control.otlp.endpoint
exporters:
  observations:
extensions:
  health_check:
    endpoint: "${health.endpoint}" # control.health.endpoint
service:
  extensions: [health_check]
  telemetry:
    metrics:
      readers:
        - pull: {exporter: {prometheus: {host: "${host}", port: ${port}}}} # control.metrics.endpoint
  pipelines:
    metrics/observations: {receivers: [otlp/observations], exporters: [observations]}
weir:
  detectors:
    baseline/volume: {metric: received.items, kind: volume}
    baseline/latency: {metric: duration.p95, kind: latency, min_items: 50}
    threshold/errors: {metric: received.error_ratio, kind: error_ratio, above: 0.1, min_items: 50}
`
  )
}

const splitAddress = (address: string) => {
  const colon = address.lastIndexOf(":")
  const host = address.slice(0, colon).replace(/^\[|\]$/g, "")
  return { host: host === "" ? "0.0.0.0" : host, port: Number(address.slice(colon + 1)) }
}

/** What the files say in `control`; defaults where that is wrong, which the check of the whole reports. */
const settingsOf = (own: ReadonlyArray<Source>, lookups: Lookups): ControlSettings => {
  const assembled = assemble(own, lookups)
  const root: Node | undefined = Result.isSuccess(assembled) ? assembled.success.expanded : undefined
  const section = root?._tag === "Map" ? root.entries.get("control")?.value : undefined
  const decoded = section === undefined ? undefined : decode(Control, section, '"control"')
  return decoded !== undefined && Result.isSuccess(decoded) ? decoded.success : noControl
}
