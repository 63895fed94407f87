const unitMillis: { readonly [unit: string]: number } = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 }

/** Milliseconds of a `grpc-timeout` header (`5S`, `100m`); `Infinity` where there is none, or none that can be read. */
export const grpcTimeout = (header: string | undefined): number => {
  if (header === undefined) return Infinity
  const match = /^(\d{1,8})([HMSmun])$/.exec(header)
  return match === null ? Infinity : Number(match[1]) * unitMillis[match[2]!]!
}
