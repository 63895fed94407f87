import { type Metric, metrics } from "../../src/layers/telemetry/Metrics.ts"

const code = (text: string): string => `\`${text}\``

const row = ({ names, type, unit, labels, level, description }: Metric): string =>
  `| ${[names.map(code).join("<br>"), type, unit, labels.map(code).join(", "), level, description].join(" | ")} |`

const table = (all: ReadonlyArray<Metric>): string =>
  ["| Name | Type | Unit | Labels | Level | Meaning |", "|---|---|---|---|---|---|", ...all.map(row)].join("\n")

/** `docs/metrics.md`, from the declarations. */
export const metricsReference = (): string => {
  const all: ReadonlyArray<Metric> = Object.values(metrics)
  const isBooks = ({ names }: Metric) => names[0]!.startsWith("weir_") && names[0]!.includes("_items")
  return `# Metrics about the gateway itself

<!-- Made by npm run docs from src/layers/telemetry/Metrics.ts. -->

Served in the Prometheus text format at \`/metrics\`, by default on \`127.0.0.1:8888\`; \`service.telemetry.metrics\` sets address and level.

## The books

Per component, tenant and signal, at every moment:

\`accepted + created + restored = delivered + dropped + returned + held\`

\`refused\` stands beside the equation: it counts what was turned away without ever being accepted. The first 1000 tenants have labels of
their own; later ones share \`_other\`. \`transport\` is there for receivers only.

${table(all.filter(isBooks))}

## The Collector's names

Dashboards and alerts that were made for the OpenTelemetry Collector work: each counter is served with and without \`_total\`.
\`accepted\` is what a receiver took and did not give back; \`sent\` is what a backend took; \`send_failed\` is what was dropped with the reasons
\`permanent_error\`, \`retry_exhausted\`, \`partial_success\`, \`shutdown\` or \`too_large\`; \`enqueue_failed\` is what a full queue refused.

${table(all.filter((metric) => !isBooks(metric)))}
`
}
