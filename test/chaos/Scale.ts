/**
 * `npm test` runs these suites short and always the same; `npm run chaos` runs them long. A failure prints its seed, and
 * `WEIR_CHAOS_SEED=n` repeats it.
 */
const isLong = process.env.WEIR_CHAOS === "long"

export const seed = Number(process.env.WEIR_CHAOS_SEED ?? (isLong ? Date.now() % 1_000_000 : 1))
export const scale = <A>(short: A, long: A): A => (isLong ? long : short)

/** Short runs take ten seconds, on a busy machine minutes; long ones take as long as they take. */
export const timeoutMillis = scale(5 * 60_000, 30 * 60_000)

if (isLong) console.log(`chaos: WEIR_CHAOS_SEED=${seed}`)
