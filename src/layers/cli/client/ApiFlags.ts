import * as Option from "effect/Option"
import * as Flag from "effect/cli/Flag"
import type { Where } from "./Where.ts"

const api = Flag.String("api").pipe(
  Flag.withMetavar("URL"),
  Flag.withDescription("Where the control plane's API is"),
  Flag.withDefault("http://127.0.0.1:4319")
)
const token = Flag.String("token").pipe(
  Flag.withMetavar("TOKEN"),
  Flag.withDescription("Its token; WEIR_API_TOKEN keeps it out of the list of processes"),
  Flag.optional
)

/** What every client of the control plane takes. */
export const whereFlags = { api, token }

export const jsonFlag = Flag.Boolean("json").pipe(Flag.withDescription("Print JSON, for programs"), Flag.withDefault(false))

/** The control plane that flags and environment name. */
export const whereOf = ({ api: url, token: given }: { readonly api: string; readonly token: Option.Option<string> }): Where => ({
  api: url.replace(/\/+$/, ""),
  token: Option.getOrUndefined(given) ?? (process.env["WEIR_API_TOKEN"] || undefined)
})
