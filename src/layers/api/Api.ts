import * as Schema from "effect/Schema"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import { Invalid, NotFound, Refused, Unavailable } from "./Errors.ts"
import { AgentDetail, AgentView } from "./view/AgentView.ts"
import { FindingsView } from "./view/FindingView.ts"
import { Accepted, Propose, Push, Wish } from "./view/Inputs.ts"
import { JournalView, ReplayView } from "./view/JournalView.ts"
import { OverviewView } from "./view/OverviewView.ts"
import { PipelinesView } from "./view/PipelinesView.ts"
import { RevisionView, RolloutDetail, RolloutView } from "./view/RolloutView.ts"

/** Answers what a request gets wrong with 422 and all of it. */
export class Checked extends HttpApiMiddleware.Service<Checked>()("weir/layers/api/Checked", { error: Invalid }) {}

const describe = (summary: string) => OpenApi.annotations({ summary })
const ById = { id: Schema.String }

const Look = HttpApiGroup.make("look", { topLevel: true }).add(
  HttpApiEndpoint.get("health", "/health", {
    success: Schema.Struct({ status: Schema.Literal("ok"), version: Schema.String })
  }).annotateMerge(describe("Whether the control plane answers")),
  HttpApiEndpoint.get("overview", "/overview", { success: OverviewView }).annotateMerge(
    describe("How things stand, in one word, with the counts and rates behind it")
  ),
  HttpApiEndpoint.get("pipelines", "/pipelines", { success: PipelinesView }).annotateMerge(
    describe("What each agent runs, and the books of the last ten seconds")
  ),
  HttpApiEndpoint.get("findings", "/findings", { success: FindingsView, error: Unavailable }).annotateMerge(
    describe("Findings that are open, and those that have lately ended")
  ),
  HttpApiEndpoint.get("events", "/events", {
    query: {
      topics: Schema.optionalKey(Schema.String).annotate({
        description: "Of `overview`, `findings`, `rollouts`, `journal`, with commas; all by default."
      })
    },
    success: Schema.String.pipe(HttpApiSchema.asText({ contentType: "text/event-stream" })),
    error: [Invalid, Unavailable]
  }).annotateMerge(
    describe(
      "Server-sent events: overview once a second, findings and rollouts when they change, each journal record once. " +
        "Records have ids, so Last-Event-ID goes on where a stream ended; a slow reader misses overviews, never records."
    )
  )
)

const Agents = HttpApiGroup.make("agents").add(
  HttpApiEndpoint.get("list", "/agents", { success: Schema.Array(AgentView) }).annotateMerge(describe("All agents")),
  HttpApiEndpoint.get("get", "/agents/:id", { params: ById, success: AgentDetail, error: NotFound }).annotateMerge(
    describe("One agent, with its health and what it runs")
  ),
  HttpApiEndpoint.post("retry", "/agents/:id/retry", {
    params: ById,
    success: Accepted,
    error: [NotFound, Refused, Unavailable]
  }).annotateMerge(describe("Offers an agent again what it has failed with")),
  HttpApiEndpoint.post("push", "/push", { payload: Push, success: Accepted, error: [Refused, NotFound] }).annotateMerge(
    describe("A document for agents: proposed as a rollout, or desired at once")
  )
)

const wish = { params: ById, payload: Wish, success: Accepted, error: [NotFound, Refused] } as const

const Rollouts = HttpApiGroup.make("rollouts").add(
  HttpApiEndpoint.get("list", "/rollouts", { success: Schema.Array(RolloutView) }).annotateMerge(
    describe("Rollouts, oldest first: those that run, and the latest that are over")
  ),
  HttpApiEndpoint.get("get", "/rollouts/:id", { params: ById, success: RolloutDetail, error: [NotFound, Unavailable] }).annotateMerge(
    describe("One rollout with its verdict")
  ),
  HttpApiEndpoint.get("revisions", "/revisions", { success: Schema.Array(RevisionView) }).annotateMerge(
    describe("The changes that the rollouts carry")
  ),
  HttpApiEndpoint.post("propose", "/rollouts", { payload: Propose, success: Accepted, error: Refused }).annotateMerge(
    describe("Proposes a change; it waits for approval")
  ),
  HttpApiEndpoint.post("approve", "/rollouts/:id/approve", wish).annotateMerge(describe("Starts a proposal; promotes a held rollout")),
  HttpApiEndpoint.post("pause", "/rollouts/:id/pause", wish).annotateMerge(describe("Stops a rollout where it is")),
  HttpApiEndpoint.post("resume", "/rollouts/:id/resume", wish).annotateMerge(describe("Lets a paused rollout go on")),
  HttpApiEndpoint.post("abort", "/rollouts/:id/abort", wish).annotateMerge(
    describe("Ends a rollout that is not promoted; declines a proposal")
  ),
  HttpApiEndpoint.post("rollback", "/rollouts/:id/rollback", wish).annotateMerge(describe("Takes a change back from every agent"))
)

const Loop = HttpApiGroup.make("loop").add(
  HttpApiEndpoint.post("pause", "/loop/pause", { payload: Wish, success: Accepted, error: Refused }).annotateMerge(
    describe("Stops the loop: nothing starts any more")
  ),
  HttpApiEndpoint.post("resume", "/loop/resume", { payload: Wish, success: Accepted, error: Refused }).annotateMerge(
    describe("Lets the loop go on")
  )
)

const Journal = HttpApiGroup.make("journal").add(
  HttpApiEndpoint.get("list", "/journal", {
    query: {
      rollout: Schema.optionalKey(Schema.String).annotate({ description: "Records of one rollout only." }),
      after: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))).annotate({
        description: "Records with higher numbers only, the oldest of them first to go into the limit; without it the latest."
      }),
      limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))).annotate({
        description: "How many at most; 100 by default."
      })
    },
    success: JournalView,
    error: Unavailable
  }).annotateMerge(describe("The loop's story, oldest first")),
  HttpApiEndpoint.get("replay", "/journal/replay/:id", {
    params: ById,
    success: ReplayView,
    error: [NotFound, Unavailable]
  }).annotateMerge(describe("Judges a rollout again from the record alone"))
)

/** The token is asked for around the API, by the server as a whole; so no operation knows of it, and the document is told here. */
const secured = ({ components, ...document }: { readonly [key: string]: unknown }) => ({
  ...(JSON.parse(JSON.stringify(document, (key, value: unknown) => (key === "security" ? undefined : value))) as typeof document),
  components: { ...(components as object), securitySchemes: { token: { type: "http", scheme: "bearer" } } },
  security: [{}, { token: [] }]
})

/** Where everything of the API is. */
export const apiPrefix = "/api/v1"

/** All mistakes at once, also names that mean nothing. */
const strict = { errors: "all", onExcessProperty: "error" } as const

/**
 * The control API: what there is to see of a control plane, and what a person can have done. JSON in snake_case; times are milliseconds
 * since the epoch, rates are per second; `null` stands for what is not known. Errors carry `_tag` and `message`: 404 `NotFound`, 409
 * `Refused`, 422 `Invalid`, 503 `Unavailable`.
 */
export const Api = HttpApi.make("weir")
  .add(Look, Agents, Rollouts, Loop, Journal)
  .middleware(Checked)
  .prefix(apiPrefix)
  .annotate(HttpApi.PayloadParseOptions, strict)
  .annotate(HttpApi.QueryParseOptions, strict)
  .annotateMerge(
    OpenApi.annotations({
      title: "Weir control API",
      version: "1",
      description:
        "What there is to see of a control plane, and what can be done with it. On a loopback address no token is needed; otherwise `Authorization: Bearer TOKEN`.",
      transform: secured
    })
  )
