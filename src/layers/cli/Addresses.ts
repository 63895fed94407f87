import type { Checked } from "../../domain/config/Checked.ts"
import type { Gateway } from "../Gateway.ts"

/** Where a gateway can be reached, one line each: its receivers, its own metrics, its health. */
export const addressLines = (gateway: Gateway["Service"]): ReadonlyArray<string> => {
  const checked: Checked<unknown> = gateway.current()
  const { metrics } = checked.telemetry
  const line = (what: string, address: string) => `${what.padEnd(16)} ${address}`
  return [
    ...gateway.addresses().map(({ component, protocol, address }) => line(`${component} (${protocol})`, address)),
    ...(metrics === undefined ? [] : [line("metrics", `http://${metrics.host}:${metrics.port}/metrics`)]),
    ...checked.components
      .filter(({ type }) => type === "health_check")
      .map(({ id, config }) => line(id, `http://${(config as { endpoint: string }).endpoint}`))
  ]
}
