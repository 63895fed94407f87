import { duration } from "../domain/loop/Numbers.ts"

const prefixes = ["", " k", " M", " G", " T", " P"] as const

/** Three significant digits with a prefix: 1234 as `1.23 k`. */
export const quantity = (value: number): string => {
  const size = Math.abs(value)
  if (!Number.isFinite(value)) return "?"
  if (size < 10) return String(Number(value.toFixed(size < 1 ? 2 : 1)))
  const power = Math.min(prefixes.length - 1, Math.floor(Math.log10(Math.max(1, size)) / 3))
  const scaled = value / 1000 ** power
  const digits = Math.abs(scaled) >= 99.95 ? 0 : Math.abs(scaled) >= 9.995 ? 1 : 2
  return `${power === 0 ? Math.round(value) : Number(scaled.toFixed(digits))}${prefixes[power]}`
}

export const bytes = (value: number): string => {
  const text = quantity(value)
  return /[kMGTP]$/.test(text) ? `${text}B` : `${text} B`
}

/** A length of time in whole units, for what changes every second. */
export const age = (millis: number): string => {
  const seconds = Math.max(0, Math.floor(millis / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d`
}

/** A setting's length of time. */
export const span = (millis: number): string => (millis < 1000 ? duration(millis) : age(millis).replace(/ 0 (?:s|min)$/, ""))

const twoDigits = (value: number): string => String(value).padStart(2, "0")

/** Of the browser's own zone, the day only where it is not that of `now`. */
export const clock = (unixMillis: number, now: number): string => {
  const [then, today] = [new Date(unixMillis), new Date(now)]
  const time = [then.getHours(), then.getMinutes(), then.getSeconds()].map(twoDigits).join(":")
  return then.toDateString() === today.toDateString()
    ? time
    : `${then.getFullYear()}-${twoDigits(then.getMonth() + 1)}-${twoDigits(then.getDate())} ${time}`
}

/** The beginning of a hash. */
export const short = (hash: string): string => (hash.length > 12 ? hash.slice(0, 8) : hash)

/** The end of an agent's uid: the beginning of a UUID version 7 is the time, which agents that start together share. */
export const shortUid = (uid: string): string => (uid.length > 12 ? `…${uid.slice(-8)}` : uid)
