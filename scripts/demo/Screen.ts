import type { WriteStream } from "node:tty"
import { type ByTenant, nameOf, tenants } from "./Configuration.ts"
import type { Rates } from "./Rates.ts"
import { shorten } from "./Text.ts"

/** Where the story is shown while it happens. Times are since its beginning, in milliseconds. */
export interface Screen {
  /** A line of the story: a step that was seen, or what the control plane has written. */
  readonly say: (atMillis: number, line: string) => void
  /** What is waited for now. */
  readonly waitFor: (what: string) => void
  readonly rates: (atMillis: number, rates: ByTenant<Rates>) => void
  /** Leaves the terminal as a program should. */
  readonly close: () => void
}

const clock = (millis: number): string => `${(millis / 1000).toFixed(1).padStart(5)} s`
const perSecond = (value: number): string => value.toFixed(0).padStart(5)

const ratesLine = (tenant: string, { received, kept, sampled, filtered, backendBytes, backendErrors }: Rates): string =>
  `${tenant.padEnd(7)}${perSecond(received)} spans/s in,${perSecond(kept)} kept,${perSecond(sampled)} sampled away,` +
  `${perSecond(filtered)} filtered;${(backendBytes / 1000).toFixed(1).padStart(7)} kB/s to the backend,${perSecond(backendErrors)} errors/s`

/** For pipes and logs: line after line, rates now and then. */
const plainRatesMillis = 5000
export const plainScreen = (write: (text: string) => void): Screen => {
  let ratesAt = -plainRatesMillis
  return {
    say: (at, line) => write(`${clock(at)}  ${line}\n`),
    waitFor: () => {},
    rates: (at, rates) => {
      if (at - ratesAt < plainRatesMillis) return
      ratesAt = at
      for (const tenant of tenants) write(`${clock(at)}    | ${ratesLine(tenant, rates[tenant])}\n`)
    },
    close: () => {}
  }
}

/** For terminals: the rates and what is waited for stand below the story, and are redrawn in place. */
export const terminalScreen = (terminal: WriteStream): Screen => {
  let footer: ReadonlyArray<string> = []
  let waited = ""
  let rates: ByTenant<Rates> | undefined
  let drawn = 0
  const erase = () => (drawn === 0 ? "" : `\x1b[${drawn}A\x1b[0J`)
  const redraw = (above = "") => {
    footer = [
      "",
      ...(rates === undefined ? [] : tenants.map((tenant) => `  ${ratesLine(tenant, rates![tenant])}`)),
      ...(waited === "" ? [] : [`  \x1b[2mwaiting: ${waited}\x1b[0m`])
    ].map((line) => shorten(line, terminal.columns))
    terminal.write(`${erase()}${above}${footer.map((line) => `${line}\n`).join("")}`)
    drawn = footer.length
  }
  terminal.write("\x1b[?25l")
  return {
    say: (at, line) => redraw(`${shorten(`\x1b[2m${clock(at)}\x1b[0m  ${line}`, 2 * terminal.columns)}\n`),
    waitFor: (what) => {
      waited = what
      redraw()
    },
    rates: (_at, now) => {
      rates = now
      redraw()
    },
    close: () => {
      terminal.write(`${erase()}\x1b[?25h`)
      drawn = 0
    }
  }
}

/** A line of the journal with the demo's names for agents, and hashes cut. */
export const readable = (told: string): string =>
  told.replace(/00000000-0000-7000-8000-00000000000\d/g, nameOf).replace(/\b[0-9a-f]{16,}\b/g, (hash) => hash.slice(0, 8))
