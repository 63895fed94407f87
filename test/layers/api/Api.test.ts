// oxlint-disable typescript/no-explicit-any
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { Finding } from "../../../src/domain/loop/Finding.ts"
import { noFlow, noQueue } from "../../../src/domain/loop/ComponentReport.ts"
import { noFigures } from "../../../src/domain/loop/Figures.ts"
import { noVolume } from "../../../src/domain/loop/Metric.ts"
import { reportId } from "../../../src/domain/loop/Report.ts"
import { until } from "../../support/Facts.ts"
import { ConfiguredAgent } from "../../support/opamp/ConfiguredAgent.ts"
import { RunningControl } from "./RunningControl.ts"

let control: RunningControl
let agents: ReadonlyArray<ConfiguredAgent>

beforeAll(async () => {
  control = await RunningControl.start()
  agents = await Promise.all(
    [1, 2, 3, 4].map((n) =>
      ConfiguredAgent.connect(control.opampPort, n, { tier: n === 4 ? "edge" : "core" }, (documents) =>
        [...documents.values()].some((text) => text.includes("impossible")) ? "no such thing" : undefined
      )
    )
  )
  await until("all agents are online", async () => (await control.json("/overview")).agents.online === 4)
})

afterAll(async () => {
  for (const agent of agents) agent.close()
  await control.stop()
})

const finding: Finding = {
  id: "baseline/volume/acme/checkout/traces@1",
  detector: "baseline/volume",
  kind: "volume",
  subject: { tenant: "acme", service: "checkout", signal: "traces" },
  score: 0.9,
  since: 1,
  until: undefined,
  value: 20,
  expected: Infinity,
  evidence: [[1, 20]]
}

describe("the control API", () => {
  it("says how things stand, and why", async () => {
    const calm = await control.json("/overview")
    assert.deepStrictEqual([calm.state, calm.agents.total, calm.rates], ["calm", 4, []])
  })

  it("shows agents: labels, status, what they run, the health of its parts", async () => {
    const list = await control.json("/agents")
    assert.deepStrictEqual(
      list.map(({ instance_uid, status }: any) => [instance_uid, status]).toSorted(),
      agents.map(({ uid }) => [uid, "online"])
    )
    const one = await control.json(`/agents/${agents[0]!.uid}`)
    assert.strictEqual(one.labels.tier, "core")
    assert.include(one.effective_config[0].body, "pipelines")
    assert.strictEqual(one.health.components["pipeline:traces"].components["exporter:otlp/backend"].last_error, "refused")
    const missing = await control.get("/agents/nobody")
    assert.deepStrictEqual([missing.status, await missing.json()], [404, { _tag: "NotFound", message: "no agent is known as nobody" }])
  })

  it("shows rates by tenant, the books of each agent and its pipelines, and says what it does not know", async () => {
    const end = Math.floor(Date.now() / 1000) * 1000 - 4000
    const about = { agent: agents[0]!.uid, revision: "", startUnixMillis: end - 1000, endUnixMillis: end }
    const observation = {
      ...about,
      ...noFigures,
      subject: { tenant: "acme", service: "checkout", signal: "traces" as const },
      received: { ...noVolume, items: 100, bytes: 1000 },
      delivered: { ...noVolume, items: 60, bytes: 600 },
      dropped: { sampled: 30, queue_full: 10 }
    }
    await Effect.runPromise(control.store.add({ id: reportId("a", end), ...about, lost: 0, observations: [observation] }))
    const overview = await control.json("/overview")
    assert.deepStrictEqual(overview.rates, [
      {
        tenant: "acme",
        signal: "traces",
        received: { items: 10, bytes: 100, errors: 0 },
        delivered: { items: 6, bytes: 60, errors: 0 },
        dropped: { sampled: 3, queue_full: 1 }
      }
    ])
    assert.deepStrictEqual([overview.state, overview.reason], ["degraded", "1 items a second are lost"])
    const pipelines = await control.json("/pipelines")
    const first = pipelines.agents.find(({ instance_uid }: any) => instance_uid === agents[0]!.uid)
    assert.deepStrictEqual(first.books, { reported_seconds: 1, rates: overview.rates })
    assert.deepStrictEqual(
      first.pipelines[0].components.map(({ kind, id, healthy }: any) => [kind, id, healthy]),
      [
        ["receiver", "otlp", null],
        ["processor", "batch", null],
        ["exporter", "otlp/backend", false]
      ]
    )
    const second = pipelines.agents.find(({ instance_uid }: any) => instance_uid === agents[1]!.uid)
    assert.strictEqual(second.books, null)
    assert.lengthOf(second.unknown, 2)
  })

  it("shows what goes through each component by tenant, and how its queue stands", async () => {
    const second = Math.floor(Date.now() / 1000) * 1000
    const { uid } = agents[2]!
    const component = { kind: "exporter" as const, id: "otlp/backend" }
    const account = (tenant: string, counts: object) => ({ component, tenant, signal: "traces" as const, ...noFlow, ...counts })
    const transports = (["grpc", "http"] as const).map((transport) => ({
      ...account("acme", { accepted: 5, delivered: 5 }),
      component: { kind: "receiver" as const, id: "otlp", transport }
    }))
    for (let i = 0; i < 10; i++) {
      const flows = [
        account("acme", { accepted: 10, delivered: 4, dropped: { queue_full: 1 }, held: 5 * (i + 1) }),
        account("beta", { accepted: 2, delivered: 2, refused: { queue_full: 3 } }),
        ...transports
      ]
      const queue = { exporter: "otlp/backend", signal: "traces" as const, ...noQueue, size: 10 * i, capacity: 150, failedAttempts: 2 }
      const end = second - 4000 - 1000 * (9 - i)
      const about = { agent: uid, revision: "", startUnixMillis: end - 1000, endUnixMillis: end }
      assert.strictEqual(await Effect.runPromise(control.components.add({ ...about, flows, queues: [queue] })), "added")
    }
    const { agents: shown } = await control.json("/pipelines")
    const agent = shown.find(({ instance_uid }: any) => instance_uid === uid)
    assert.isAtLeast(agent.components.reported_seconds, 1)
    const [receiver, processor, exporter] = agent.pipelines[0].components
    assert.deepStrictEqual([receiver.flow.accepted, receiver.flow.tenants.length, receiver.queue], [10, 1, null])
    assert.deepStrictEqual([processor.flow.accepted, processor.flow.tenants], [0, []])
    const idle = { created: 0, returned: 0 }
    const acme = { ...idle, accepted: 10, delivered: 4, dropped: { queue_full: 1 }, refused: {}, held: 50 }
    const beta = { ...idle, accepted: 2, delivered: 2, dropped: {}, refused: { queue_full: 3 }, held: 0 }
    const both = { ...idle, accepted: 12, delivered: 6, dropped: { queue_full: 1 }, refused: { queue_full: 3 }, held: 50 }
    assert.deepStrictEqual(exporter.flow, {
      ...both,
      tenants: [
        { tenant: "acme", ...acme },
        { tenant: "beta", ...beta }
      ]
    })
    const { growth, full_in_seconds, ...queue } = exporter.queue
    assert.deepStrictEqual(queue, { size: 90, capacity: 150, held_bytes: 0, in_flight: 0, failed_attempts: 2 })
    assert.closeTo(growth, 10, 1e-9)
    assert.closeTo(full_in_seconds, 6, 1e-9)
    const [fullest] = (await control.json("/overview")).queues
    assert.deepStrictEqual([fullest.instance_uid, fullest.exporter, fullest.size], [uid, "otlp/backend", 90])
  })

  it("shows findings with their series, also when they have ended, and numbers that are none as null", async () => {
    await Effect.runPromise(control.loop.tell({ _tag: "FindingOpened", finding }))
    await until("it is open", async () => (await control.json("/findings")).open.length === 1)
    const [open] = (await control.json("/findings")).open
    assert.deepStrictEqual([open.evidence, open.expected, open.until_unix_millis], [[[1, 20]], null, null])
    await Effect.runPromise(control.loop.tell({ _tag: "FindingClosed", finding: { ...finding, until: 9 } }))
    await until("it is closed", async () => (await control.json("/findings")).open.length === 0)
    assert.strictEqual((await control.json("/findings")).closed[0].until_unix_millis, 9)
  })

  it("pushes a document at once; the answer names the hash that agents report", async () => {
    const answer = await control.post("/push", {
      agents: { labels: { tier: "core" } },
      document: "processors: {batch: {timeout: 1s}}\n",
      now: true
    })
    const { agents: meant } = (await answer.json()) as any
    assert.lengthOf(meant, 3)
    for (const { instance_uid, desired_hash } of meant) {
      await until("it has applied it", async () => {
        const { remote_config } = await control.json(`/agents/${instance_uid}`)
        return remote_config.hash === desired_hash && remote_config.status === "APPLIED"
      })
    }
    assert.strictEqual(agents[3]!.offered.size, 0)
  })

  it("tells a failure, and offers it again on request", async () => {
    const { uid } = agents[3]!
    await control.post("/push", { agents: { instance_uid: uid }, document: "processors: {impossible: {}}\n", now: true })
    await until("it has failed", async () => (await control.json(`/agents/${uid}`)).remote_config.status === "FAILED")
    const { remote_config, failed_hashes } = await control.json(`/agents/${uid}`)
    assert.deepStrictEqual([remote_config.message, failed_hashes], ["no such thing", [remote_config.hash]])
    assert.strictEqual((await control.json("/overview")).agents.failed, 1)
    assert.strictEqual((await control.post(`/agents/${uid}/retry`, {})).status, 200)
    assert.strictEqual((await control.post("/agents/nobody/retry", {})).status, 404)
    assert.strictEqual((await control.post(`/agents/${agents[0]!.uid}/retry`, {})).status, 409)
    const back = await control.post("/push", { agents: { instance_uid: uid }, document: "", now: true })
    assert.strictEqual(back.status, 200, await back.text())
    await until("it has applied its own again", async () => (await control.json(`/agents/${uid}`)).remote_config.status === "APPLIED")
  })

  it("refuses with the reason, and tells everything that is wrong with a request", async () => {
    const nobody = await control.post("/push", { agents: { labels: { tier: "none" } }, document: "a: {}", now: true })
    assert.deepStrictEqual([nobody.status, await nobody.json()], [409, { _tag: "Refused", message: "no agent matches" }])
    const single = await control.post("/push", { agents: { instance_uid: agents[0]!.uid }, document: "a: {}" })
    assert.strictEqual(single.status, 422)
    const broken = await control.post("/push", { agents: { labels: {} }, document: "a: [", now: true })
    assert.strictEqual(broken.status, 422)
    assert.include(((await broken.json()) as any).problems[0].message, "document:1:")
    const wrong = await control.post("/rollouts", { plan: { look_after: "soon", priority: "x" } })
    const { problems } = (await wrong.json()) as any
    assert.deepStrictEqual(
      [wrong.status, problems.map(({ path }: any) => path).toSorted()],
      [422, ["payload.patch", "payload.plan.look_after", "payload.plan.priority"]]
    )
  })

  it("takes a proposal through approval, pause, resume and abort; the journal tells it, and replays it", async () => {
    const patch = { append: [{ path: ["processors", "filter/noise", "traces", "span"], value: 'name == "noise"' }] }
    const proposed = await control.post("/rollouts", { patch, reason: "noise", by: "ann", plan: { look_after: "1h" } })
    const { rollout } = (await proposed.json()) as { rollout: string }
    assert.strictEqual((await control.json("/overview")).rollouts.proposed, 1)
    const shown = await control.json(`/rollouts/${rollout}`)
    assert.deepStrictEqual(
      [shown.stage, shown.revision.author.name, shown.plan.look_after_millis, shown.verdict],
      ["proposed", "ann", 3_600_000, null]
    )
    const act = async (what: string) => (await control.post(`/rollouts/${rollout}/${what}`, { by: "bob", reason: "because" })).status
    assert.strictEqual(await act("approve"), 200)
    await until("the canary agents have applied it", async () => (await control.json(`/rollouts/${rollout}`)).stage === "observing")
    const { arms } = await control.json(`/rollouts/${rollout}`)
    assert.deepStrictEqual([arms.canary.length, arms.control.length, arms.applied.length], [2, 2, 2])
    assert.deepStrictEqual(
      [await act("pause"), await act("pause"), await act("resume"), await act("abort"), await act("abort")],
      [200, 409, 200, 200, 409]
    )
    assert.strictEqual((await control.post("/rollouts/none/abort", {})).status, 404)
    assert.strictEqual((await control.json("/revisions"))[0].id, rollout)
    const { records } = await control.json(`/journal?rollout=${rollout}&limit=1000`)
    assert.include(records[0].told, `person ann proposes ${rollout} for noise`)
    const after = await control.json(`/journal?rollout=${rollout}&after=${records[0].id}&limit=1`)
    assert.deepStrictEqual(after.records, [records[1]])
    const again = await control.json(`/journal/replay/${rollout}`)
    assert.deepStrictEqual([again.is_same, again.is_same_assignment, again.verdict], [true, true, null])
    assert.strictEqual((await control.get("/journal/replay/none")).status, 404)
    assert.strictEqual((await control.get("/journal?limit=0")).status, 422)
  })

  it("stops the loop and lets it go on", async () => {
    assert.strictEqual((await control.post("/loop/pause", {})).status, 200)
    assert.strictEqual((await control.json("/overview")).paused, true)
    assert.strictEqual((await control.post("/loop/pause", {})).status, 409)
    assert.strictEqual((await control.post("/loop/resume", {})).status, 200)
  })

  it("describes itself: every reference of the OpenAPI document leads somewhere, every operation has answers", async () => {
    const document = await control.json("/openapi.json")
    assert.strictEqual(document.openapi, "3.1.0")
    const references = JSON.stringify(document).match(/"\$ref":"[^"]+"/g) ?? []
    for (const reference of references) {
      const path = reference.slice('"$ref":"#/'.length, -1).split("/")
      assert.isDefined(
        path.reduce((inside: any, step) => inside?.[step], document),
        reference
      )
    }
    for (const [path, methods] of Object.entries<any>(document.paths)) {
      for (const operation of Object.values<any>(methods)) {
        assert.isNotEmpty(operation.summary, path)
        assert.property(operation.responses, "200", path)
        const inPath = operation.parameters.filter(({ in: where }: any) => where === "path").map(({ name }: any) => `{${name}}`)
        assert.deepStrictEqual(path.match(/\{\w+\}/g) ?? [], inPath)
      }
    }
  })
})
