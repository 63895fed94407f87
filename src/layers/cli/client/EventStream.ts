import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Stream from "effect/Stream"
import { apiPrefix } from "../../api/Api.ts"
import type { Topic } from "../../api/EventFrames.ts"
import type { CommandFailure } from "../ExitCode.ts"
import { failureOf, withToken } from "./ControlClient.ts"
import type { Where } from "./Where.ts"

export interface StreamedEvent {
  readonly event: string
  /** Of a journal record; empty for a state. */
  readonly id: string
  readonly data: unknown
}

/** The server says something every 15 seconds. */
const silence = "45 seconds"

/**
 * The control plane's events, handed over one by one. Ends when the server does, and fails like a question to it. `after` is the last
 * journal record that is known.
 */
export const follow = (
  where: Where,
  topics: ReadonlyArray<Topic>,
  after: string | undefined,
  take: (event: StreamedEvent) => Effect.Effect<void>
): Effect.Effect<void, CommandFailure> =>
  Effect.gen(function* () {
    const client = withToken(where)(yield* HttpClient.HttpClient)
    const request = HttpClientRequest.get(`${where.api}${apiPrefix}/events`).pipe(
      HttpClientRequest.setUrlParam("topics", topics.join(",")),
      after === undefined ? (same) => same : HttpClientRequest.setHeader("last-event-id", after)
    )
    const response = yield* client.execute(request).pipe(Effect.flatMap(HttpClientResponse.filterStatusOk))
    const lines = new Lines()
    yield* response.stream.pipe(
      Stream.timeout(silence),
      Stream.decodeText,
      Stream.splitLines,
      Stream.runForEach((line) => {
        const event = lines.add(line)
        return event === undefined ? Effect.void : take(event)
      })
    )
  }).pipe(
    Effect.catch((error) => Effect.flatMap(failureOf(where, error), Effect.fail)),
    Effect.provide(FetchHttpClient.layer)
  )

/** Fields until an empty line are one event. */
class Lines {
  private fields: { [name: string]: string } = {}

  add(line: string): StreamedEvent | undefined {
    if (line !== "") {
      const colon = line.indexOf(": ")
      if (colon > 0) this.fields[line.slice(0, colon)] = line.slice(colon + 2)
      return undefined
    }
    const { event, id = "", data } = this.fields
    this.fields = {}
    return event === undefined || data === undefined ? undefined : { event, id, data: JSON.parse(data) as unknown }
  }
}
