import { inspect } from "node:util"
import * as Cause from "effect/Cause"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as References from "effect/References"
import { printable, printableLine } from "../../domain/Printable.ts"
import type { TelemetrySettings } from "../../domain/config/Telemetry.ts"

type LogSettings = TelemetrySettings["logs"]

const thresholds = { debug: "Debug", info: "Info", warn: "Warn", error: "Error" } as const satisfies Record<
  LogSettings["level"],
  LogLevel.LogLevel
>

/**
 * A line for people. A message of several lines (a report with source lines) goes on indented, so that no text from the network can pose
 * as an entry of its own.
 */
const forPeople = Logger.make<unknown, string>(({ message, logLevel, cause, date, fiber }) => {
  const texts = (Array.isArray(message) ? message : [message]).map((part) => (typeof part === "string" ? part : inspect(part)))
  const annotations = Object.entries(fiber.getRef(References.CurrentLogAnnotations)).map(
    ([key, value]) => ` ${key}=${printableLine(String(value))}`
  )
  const trace = cause.reasons.length === 0 ? "" : `\n${Cause.pretty(cause)}`
  const text = `${texts.join(" ")}${annotations.join("")}${trace}`.replace(/\n(?=[^\n])/g, "\n  ")
  return `${date.toISOString()} ${logLevel.toLowerCase().padEnd(5)} ${text}`
})

/** The gateway's own log, on standard error. `settings` is asked for every entry, so that a reload can change level and encoding. */
export const layerLog = (settings: () => LogSettings): Layer.Layer<never> => {
  const write = Logger.make<unknown, void>((entry) => {
    const { level, encoding } = settings()
    if (LogLevel.isLessThan(entry.logLevel, thresholds[level])) return
    const format = encoding === "json" ? Logger.formatJson : forPeople
    process.stderr.write(`${printable(format.log(entry))}\n`)
  })
  return Layer.merge(Logger.layer([write]), Layer.succeed(References.MinimumLogLevel, "Debug"))
}
