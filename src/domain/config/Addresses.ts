import type { ListenAddress } from "./Fields.ts"
import { error, type Problem } from "./Problem.ts"
import { formatLocation, type Location } from "./Source.ts"

/** A setting that makes the gateway listen. */
export interface Claim {
  /** Its full name (`receivers.otlp.protocols.grpc.endpoint`). */
  readonly setting: string
  /** Where the address is written, or the nearest that is; `undefined` for the default of the own metrics, the last of all. */
  readonly at: Location | undefined
  readonly address: ListenAddress
  /** The address came out of an expansion, and is not shown. */
  readonly hidden: boolean
}

/** Addresses that two settings want: only one of them could have it. Told at the later one, with the place of the earlier. Port 0 is never the same. */
export const checkAddresses = (claims: ReadonlyArray<Claim>): ReadonlyArray<Problem> =>
  claims.flatMap((claim, i) => {
    const first = claims.slice(0, i).find((other) => overlap(other.address, claim.address))
    if (first === undefined) return []
    const port = first.hidden || claim.hidden ? "the same port" : `port ${claim.address.port}`
    const hint =
      claim.at === undefined || first.at === undefined ? "the former does so by default" : `the latter is at ${formatLocation(first.at)}`
    return [
      error(claim.at ?? first.at, `${claim.setting} and ${first.setting} both listen on ${port}`, `${hint}; give one of them another port`)
    ]
  })

/** Whether two addresses cannot be bound side by side, as Linux has it. */
const overlap = (a: ListenAddress, b: ListenAddress): boolean => {
  if (a.port !== b.port || a.port === 0) return false
  const [one, other] = [normal(a.host), normal(b.host)]
  return one === other || covers(one, other) || covers(other, one)
}

const normal = (host: string): string => {
  const name = host.toLowerCase()
  return name === "localhost" ? "127.0.0.1" : name === "::" || /^(0*:)+0*$/.test(name) ? "" : name
}

/** `""` is every address of both families, `0.0.0.0` every one of IPv4. A host name counts as IPv4. */
const covers = (all: string, one: string): boolean => all === "" || (all === "0.0.0.0" && !one.includes(":"))
