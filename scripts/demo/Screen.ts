import type { WriteStream } from "node:tty"
import { type ByTenant, nameOf, tenants } from "./Configuration.ts"
import type { JournalRecord } from "./Journal.ts"
import { compared } from "./Look.ts"
import type { Rates } from "./Rates.ts"
import { shorten } from "./Text.ts"

/** What a line is: the beginning of an act, a step that was seen, or what the control plane has written. */
export type Kind = "act" | "step" | "journal"

/** Where the story is shown while it happens. Times are since its beginning, in milliseconds. */
export interface Screen {
  readonly say: (atMillis: number, kind: Kind, line: string) => void
  /** What is waited for now. */
  readonly waitFor: (what: string) => void
  readonly rates: (atMillis: number, rates: ByTenant<Rates>) => void
  /** Leaves the terminal as a program should. */
  readonly close: () => void
}

const clock = (millis: number): string => `${(millis / 1000).toFixed(1).padStart(5)} s`
const perSecond = (value: number): string => value.toFixed(0).padStart(4)

const ratesLine = (tenant: string, { received, kept, sampled, filtered, backendBytes, backendErrors }: Rates): string =>
  `${tenant.padEnd(7)}${perSecond(received)} spans/s in,${perSecond(kept)} kept,${perSecond(sampled)} sampled away,` +
  `${perSecond(filtered)} filtered; backend${(backendBytes / 1000).toFixed(0).padStart(4)} kB/s,${perSecond(backendErrors)} errors/s`

const plainMarks: { readonly [K in Kind]: string } = { act: "\n", step: "  * ", journal: "      " }
/** For pipes and logs: line after line, rates now and then. */
const plainRatesMillis = 5000
export const plainScreen = (write: (text: string) => void): Screen => {
  let ratesAt = 0
  return {
    say: (at, kind, line) => write(kind === "act" ? `\n${line}\n\n` : `${clock(at)}${plainMarks[kind]}${line}\n`),
    waitFor: () => {},
    rates: (at, rates) => {
      if (at - ratesAt < plainRatesMillis) return
      ratesAt = at
      for (const tenant of tenants) write(`${clock(at)}      | ${ratesLine(tenant, rates[tenant])}\n`)
    },
    close: () => {}
  }
}

const dim = (text: string): string => `\x1b[2m${text}\x1b[0m`
const styles: { readonly [K in Kind]: (at: string, line: string) => string } = {
  act: (_at, line) => `\n\x1b[1m${line}\x1b[0m\n`,
  step: (at, line) => `${dim(at)}  \x1b[32m✓\x1b[0m ${line}`,
  journal: (at, line) => dim(`${at}    ${line}`)
}

/** For terminals: the rates and what is waited for stand below the story, and are redrawn in place. */
export const terminalScreen = (terminal: WriteStream): Screen => {
  let waited = ""
  let rates: ByTenant<Rates> | undefined
  let drawn = 0
  const erase = () => (drawn === 0 ? "" : `\x1b[${drawn}A\x1b[0J`)
  const redraw = (above = "") => {
    const footer = [
      "",
      ...(rates === undefined ? [] : tenants.map((tenant) => `  ${ratesLine(tenant, rates![tenant])}`)),
      ...(waited === "" ? [] : [dim(`  waiting: ${waited}`)])
    ].map((line) => shorten(line, terminal.columns))
    terminal.write(`${erase()}${above}${footer.map((line) => `${line}\n`).join("")}`)
    drawn = footer.length
  }
  terminal.write("\x1b[?25l")
  return {
    say: (at, kind, line) => redraw(`${styles[kind](clock(at), line)}\n`),
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

/** A record in one line, with the demo's names for agents, and hashes cut. A look that found no harm tells how the arms stand. */
export const readable = ({ entry, told }: JournalRecord): string => {
  const line = entry._tag === "look" && !entry.input.isFinal && entry.evaluation.judgement !== "fail" ? `${told}; ${compared(entry)}` : told
  return line.replace(/00000000-0000-7000-8000-00000000000\d/g, nameOf).replace(/\b[0-9a-f]{16,}\b/g, (hash) => hash.slice(0, 8))
}
