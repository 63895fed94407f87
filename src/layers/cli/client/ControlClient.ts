import { userInfo } from "node:os"
import * as Effect from "effect/Effect"
import * as HttpApiClient from "effect/http-api/HttpApiClient"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import { HttpClientError } from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import { Api } from "../../api/Api.ts"
import { Invalid, NotFound, Refused, Unavailable } from "../../api/Errors.ts"
import { CommandFailure, ExitCode } from "../ExitCode.ts"
import type { Where } from "./Where.ts"

export type ControlClient = HttpApiClient.ForApi<typeof Api>

/** An answer takes no longer; commands wait for the loop, which waits for a disk. */
const patience = "30 seconds"

/** Asks the control plane; every failure is one line and its exit code. */
export const ask = <A>(where: Where, use: (client: ControlClient) => Effect.Effect<A, unknown>): Effect.Effect<A, CommandFailure> =>
  HttpApiClient.make(Api, { baseUrl: where.api, transformClient: withToken(where) }).pipe(
    Effect.flatMap(use),
    Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.fail(unreachable(where, `no answer within ${patience}`)) }),
    Effect.catch((error) => Effect.flatMap(failureOf(where, error), Effect.fail)),
    Effect.provide(FetchHttpClient.layer)
  )

export const withToken =
  ({ token }: Where) =>
  (client: HttpClient.HttpClient): HttpClient.HttpClient =>
    token === undefined ? client : HttpClient.mapRequest(client, HttpClientRequest.bearerToken(token))

/** Who wants something done, for the journal. */
export const whoAmI = (): string => {
  try {
    return userInfo().username
  } catch {
    return "somebody"
  }
}

const unreachable = ({ api }: Where, why: string): CommandFailure =>
  new CommandFailure(
    ExitCode.unavailable,
    `weir: no control plane can be reached at ${api}: ${why}; \`weir control\` runs one, --api names another address`
  )

/** What a failure of the client means to a person. */
export const failureOf = (where: Where, error: unknown): Effect.Effect<CommandFailure> => {
  if (error instanceof CommandFailure) return Effect.succeed(error)
  if (error instanceof NotFound || error instanceof Refused)
    return Effect.succeed(new CommandFailure(ExitCode.no, `weir: ${error.message}`))
  if (error instanceof Unavailable) return Effect.succeed(new CommandFailure(ExitCode.unavailable, `weir: ${error.message}`))
  if (error instanceof Invalid) {
    const lines = error.problems.map(({ path, message }) => (message.includes("\n") ? message : `${path}: ${message}`))
    return Effect.succeed(new CommandFailure(ExitCode.data, `weir: ${error.message}\n${lines.join("\n")}`))
  }
  if (!(error instanceof HttpClientError)) return Effect.succeed(unreachable(where, String(error)))
  const { response } = error
  if (response === undefined) return Effect.succeed(unreachable(where, deepest(error)))
  if (response.status === 401)
    return Effect.succeed(new CommandFailure(ExitCode.no, `weir: ${where.api} wants a token: set WEIR_API_TOKEN, or give --token`))
  return response.text.pipe(
    Effect.orElseSucceed(() => ""),
    Effect.map((text) => new CommandFailure(ExitCode.unavailable, `weir: ${where.api} answers ${response.status}: ${text.slice(0, 400)}`))
  )
}

/** `fetch` says "fetch failed"; why is further down. */
const deepest = (error: unknown): string => {
  let reason = ""
  for (let at: unknown = error, depth = 0; at instanceof Object && depth < 8; depth++) {
    const {
      code,
      message,
      errors,
      cause,
      reason: inner
    } = at as {
      code?: unknown
      message?: unknown
      errors?: ReadonlyArray<unknown>
      cause?: unknown
      reason?: unknown
    }
    reason = typeof code === "string" ? code : typeof message === "string" && message !== "" ? message : reason
    at = cause ?? errors?.[0] ?? inner
  }
  return reason
}
