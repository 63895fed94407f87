import { token } from "./Session.ts"

/** The API did not do it. The message is for people. */
export class ApiFailure extends Error {
  /** Of HTTP; 0 where nobody answered. */
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const timeoutMillis = 15_000

/** Below the page's own address, wherever that is. */
const urlOf = (path: string): URL => new URL(`api/v1${path}`, document.baseURI)

/** A request with the person's token; fails with what the API says. */
export const open = async (path: string, init: RequestInit): Promise<Response> => {
  const headers = new Headers(init.headers)
  const known = token.get()
  if (known !== "") headers.set("authorization", `Bearer ${known}`)
  let response: Response
  try {
    response = await fetch(urlOf(path), { ...init, headers, credentials: "omit", cache: "no-store" })
  } catch {
    throw new ApiFailure(0, "the control plane does not answer")
  }
  if (response.ok) return response
  throw new ApiFailure(response.status, await messageOf(response))
}

const messageOf = async (response: Response): Promise<string> => {
  const said: unknown = await response.json().catch(() => undefined)
  const { message, problems } = (said ?? {}) as { message?: unknown; problems?: ReadonlyArray<{ path: string; message: string }> }
  if (typeof message !== "string") return `HTTP status ${response.status}`
  return Array.isArray(problems) ? `${message}: ${problems.map((one) => `${one.path}: ${one.message}`).join("; ")}` : message
}

export const get = async <A>(path: string): Promise<A> =>
  (await open(path, { signal: AbortSignal.timeout(timeoutMillis) })).json() as Promise<A>

/** Has something done. */
export const post = async (path: string, body: { readonly by: string; readonly reason: string } | undefined): Promise<void> => {
  await open(path, {
    method: "POST",
    signal: AbortSignal.timeout(timeoutMillis),
    ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) })
  })
}
