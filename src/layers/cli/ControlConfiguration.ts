import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { Control, type ControlSettings, noControl } from "../../domain/config/Control.ts"
import { decode } from "../../domain/config/Decode.ts"
import { assemble } from "../../domain/config/Load.ts"
import type { Node } from "../../domain/config/Node.ts"
import { Source } from "../../domain/config/Source.ts"
import { composer } from "../Composer.ts"
import { Components } from "../graph/Components.ts"
import { type OwnFiles, type Reading, readFiles } from "./ConfigFiles.ts"

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
        endpoint: "${otlp.endpoint}"
exporters:
  observations:
extensions:
  health_check:
    endpoint: "${health.endpoint}"
service:
  extensions: [health_check]
  telemetry:
    metrics:
      readers:
        - pull: {exporter: {prometheus: {host: "${host}", port: ${port}}}}
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
const settingsOf = (own: OwnFiles): ControlSettings => {
  const assembled = assemble(own.sources, own.lookups)
  const root: Node | undefined = Result.isSuccess(assembled) ? assembled.success.expanded : undefined
  const section = root?._tag === "Map" ? root.entries.get("control")?.value : undefined
  const decoded = section === undefined ? undefined : decode(Control, section, '"control"')
  return decoded !== undefined && Result.isSuccess(decoded) ? decoded.success : noControl
}

/** A control plane's configuration out of files: `control` and `weir` say everything, and what is said about the graph lies over its own. */
export const readControl = (paths: ReadonlyArray<string>): Effect.Effect<Reading, never, Components> =>
  Effect.map(Components, (registry) => {
    const own = readFiles(paths)
    return {
      compose:
        own.problems.length > 0
          ? () => Result.fail(own.problems)
          : composer([defaultsOf(settingsOf(own)), ...own.sources], own.lookups, registry),
      files: own.files
    }
  })
