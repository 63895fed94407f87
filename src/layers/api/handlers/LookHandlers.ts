import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Stream from "effect/Stream"
import { ComponentStore } from "../../../control/evidence/ComponentStore.ts"
import { ObservationStore } from "../../../control/evidence/ObservationStore.ts"
import { Fleet } from "../../../control/fleet/Fleet.ts"
import { Loop } from "../../../control/loop/Loop.ts"
import { LoopStore } from "../../../control/loop/LoopStore.ts"
import { version } from "../../cli/Version.ts"
import { Api } from "../Api.ts"
import { Invalid, Unavailable } from "../Errors.ts"
import { type Topic, topics } from "../EventFrames.ts"
import { Events } from "../Events.ts"
import { overviewOf } from "../Overview.ts"
import { pipelinesOf } from "../Pipelines.ts"
import { rateWindow } from "../Rates.ts"
import { findingView } from "../view/FindingView.ts"

/** How far back the ends of findings are looked for. */
const lookedBack = 1000

export const LookHandlers = HttpApiBuilder.group(
  Api,
  "look",
  Effect.fnUntraced(function* (handlers) {
    const [fleet, loop, journal, store, events] = [yield* Fleet, yield* Loop, yield* LoopStore, yield* ObservationStore, yield* Events]
    const components = yield* ComponentStore
    return handlers
      .handle("health", () => Effect.succeed({ status: "ok" as const, version }))
      .handle("overview", () =>
        Effect.map(Clock.currentTimeMillis, (now) => overviewOf({ now, state: loop.state(), agents: fleet.agents(), store, components }))
      )
      .handle("pipelines", () =>
        Effect.map(Clock.currentTimeMillis, (now) => pipelinesOf({ agents: fleet.agents(), store, components }, rateWindow(now)))
      )
      .handle("findings", () =>
        journal.read({ limit: lookedBack }).pipe(
          Effect.map((records) => ({
            open: Object.values(loop.state().findings).map(findingView),
            closed: records
              .flatMap(({ entry }) => (entry._tag === "finding" && entry.change === "FindingClosed" ? [findingView(entry.finding)] : []))
              .toReversed()
          })),
          Effect.mapError(({ message }) => new Unavailable({ message: `the journal cannot be read: ${message}` }))
        )
      )
      .handleRaw("events", ({ query, request }) =>
        Effect.gen(function* () {
          const after = Number(request.headers["last-event-id"] ?? Number.NaN)
          const viewer = yield* events.open(yield* topicsOf(query.topics), Number.isSafeInteger(after) && after >= 0 ? after : undefined)
          const body = Stream.unfold(undefined, () => Effect.map(viewer.next, (bytes) => bytes && ([bytes, undefined] as const)))
          // A connection that is kept after the end would hold a stop up.
          return HttpServerResponse.stream(body, {
            contentType: "text/event-stream",
            headers: { "cache-control": "no-store", "x-accel-buffering": "no", connection: "close" }
          })
        })
      )
  })
)

const topicsOf = (text: string | undefined): Effect.Effect<ReadonlySet<Topic>, Invalid> => {
  if (text === undefined) return Effect.succeed(new Set(topics))
  const names = text.split(",")
  const unknown = names.filter((name) => !(topics as ReadonlyArray<string>).includes(name))
  if (unknown.length === 0) return Effect.succeed(new Set(names as ReadonlyArray<Topic>))
  const problem = { path: "query.topics", message: `${JSON.stringify(unknown[0])} is no topic; expected some of ${topics.join(", ")}` }
  return Effect.fail(new Invalid({ message: "the request is wrong", problems: [problem] }))
}
