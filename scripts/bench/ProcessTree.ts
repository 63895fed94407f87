import { readdirSync, readFileSync } from "node:fs"

/** What a process and all its descendants have used, from Linux's /proc. */
export interface Usage {
  /** User and system time of all threads, children that have ended included. */
  readonly cpuSeconds: number
  /** Sum of the processes' highest resident sizes so far. */
  readonly peakRssMiB: number
}

const clockTicksPerSecond = 100

/** The fields of /proc/PID/stat after the command, which is in parentheses and may contain anything. */
const stat = (pid: number): ReadonlyArray<number> | undefined => {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, "latin1")
    return line
      .slice(line.lastIndexOf(")") + 4)
      .split(" ")
      .map(Number)
  } catch {
    return undefined
  }
}

const peakKiB = (pid: number): number => {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? 0)
  } catch {
    return 0
  }
}

export const usage = (root: number): Usage => {
  const stats = new Map<number, ReadonlyArray<number>>()
  for (const name of readdirSync("/proc")) {
    const pid = Number(name)
    const fields = Number.isInteger(pid) ? stat(pid) : undefined
    if (fields !== undefined) stats.set(pid, fields)
  }
  // Field 4 of proc_pid_stat(5) is the parent, 14 to 17 are utime, stime, cutime and cstime; the slice above begins with field 4.
  const isInTree = (pid: number): boolean => pid === root || (pid > 1 && stats.has(pid) && isInTree(stats.get(pid)![0]!))
  let ticks = 0
  let kib = 0
  for (const [pid, fields] of stats) {
    if (!isInTree(pid)) continue
    ticks += fields[10]! + fields[11]! + fields[12]! + fields[13]!
    kib += peakKiB(pid)
  }
  return { cpuSeconds: ticks / clockTicksPerSecond, peakRssMiB: kib / 1024 }
}
