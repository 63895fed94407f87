/** Patience of a client with its server, all in milliseconds. */
export const pace = {
  /** First wait after a failure; each further one is half as long again (as opamp-go). */
  initial: 500,
  factor: 1.5,
  longest: 60_000,
  /** A connection that lasted this long was a good one: the next failure is a first one again. */
  lasting: 30_000,
  /** Time for a connection to stand, and for an answer over HTTP. */
  patience: 10_000,
  /** Time for the other side to close. */
  farewell: 1000,
  /** Between messages with nothing to say (specification: 30 s). */
  heartbeat: 30_000
} as const

/** How long to wait after `failures` in a row (from 1): exponential, spread by half to both sides. `random` is in [0, 1). */
export const backoff = (failures: number, random: number): number =>
  Math.min(pace.longest, pace.initial * pace.factor ** (failures - 1)) * (0.5 + random)
