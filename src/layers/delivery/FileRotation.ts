import * as fs from "node:fs/promises"
import { basename, dirname, extname, join } from "node:path"

/** When a file is full and what becomes of it; 0 means no limit. */
export interface Rotation {
  readonly maxBytes: number
  readonly maxDays: number
  readonly maxBackups: number
  /** Names of backups in local time instead of UTC. */
  readonly localTime: boolean
}

const two = (value: number): string => String(value).padStart(2, "0")

/** `2026-11-24T16-04-05.123`, as the Collector names its backups. */
const timestamp = (millis: number, local: boolean): string => {
  const date = new Date(local ? millis - new Date(millis).getTimezoneOffset() * 60_000 : millis)
  return (
    `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}T` +
    `${two(date.getUTCHours())}-${two(date.getUTCMinutes())}-${two(date.getUTCSeconds())}.${String(date.getUTCMilliseconds()).padStart(3, "0")}`
  )
}

const split = (path: string) => {
  const extension = extname(path)
  return { directory: dirname(path), prefix: `${basename(path, extension)}-`, extension }
}

const stampLength = "2026-11-24T16-04-05.123".length

/** The backups of `path`, newest first. */
const backups = async (path: string): Promise<ReadonlyArray<string>> => {
  const { directory, prefix, extension } = split(path)
  const names = await fs.readdir(directory)
  return names
    .filter(
      (name) =>
        name.startsWith(prefix) &&
        name.endsWith(extension) &&
        name.length === prefix.length + stampLength + extension.length &&
        /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}$/.test(name.slice(prefix.length, prefix.length + stampLength))
    )
    .sort()
    .reverse()
    .map((name) => join(directory, name))
}

/** Moves the full file aside under a name with the time. */
export const moveAside = async (path: string, rotation: Rotation, nowMillis: number): Promise<void> => {
  const { directory, prefix, extension } = split(path)
  const taken = new Set(await fs.readdir(directory))
  let millis = nowMillis
  const nameAt = (at: number): string => `${prefix}${timestamp(at, rotation.localTime)}${extension}`
  while (taken.has(nameAt(millis))) millis++
  await fs.rename(path, join(directory, nameAt(millis)))
}

/** Removes backups beyond `maxBackups` and older than `maxDays`. */
export const removeOld = async (path: string, rotation: Rotation, nowMillis: number): Promise<void> => {
  const { prefix } = split(path)
  const all = await backups(path)
  const oldest = rotation.maxDays === 0 ? "" : timestamp(nowMillis - rotation.maxDays * 86_400_000, rotation.localTime)
  const stale = all.filter((file, index) => {
    if (rotation.maxBackups > 0 && index >= rotation.maxBackups) return true
    return basename(file).slice(prefix.length, prefix.length + stampLength) < oldest
  })
  await Promise.all(stale.map((file) => fs.rm(file, { force: true })))
}
