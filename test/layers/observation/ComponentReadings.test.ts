import { assert, describe, it } from "@effect/vitest"
import { Books, type Component } from "../../../src/domain/Books.ts"
import { addFlows, type Flow, noFlow } from "../../../src/domain/loop/ComponentReport.ts"
import { ComponentReadings } from "../../../src/layers/observation/ComponentReadings.ts"
import { showQueue } from "../../../src/layers/telemetry/QueueGauges.ts"
import { Registry } from "../../../src/layers/telemetry/Registry.ts"
import { Random } from "../../support/Random.ts"

const receiver: Component = { kind: "receiver", id: "otlp", transport: "grpc" }
const exporter: Component = { kind: "exporter", id: "otlp" }

const flow = (component: Component, tenant: string, counts: Partial<Flow>): Flow => ({
  component,
  tenant,
  signal: "traces",
  ...noFlow,
  ...counts
})

describe("readings of components", () => {
  it("are what happened since the last ones; what is at rest and empty is left out", () => {
    const books = new Books()
    const arrived = books.row(receiver, "acme", "traces")
    arrived.accepted += 100
    const readings = new ComponentReadings(books, new Registry())
    assert.deepStrictEqual(readings.take().flows, [flow(receiver, "acme", { held: 100 })])
    arrived.accepted += 5
    arrived.delivered += 105
    arrived.refuse("queue_full", 3)
    const sent = books.row(exporter, "acme", "traces")
    sent.accepted += 105
    sent.drop("sampled", 5)
    assert.deepStrictEqual(readings.take().flows, [
      flow(receiver, "acme", { accepted: 5, delivered: 105, refused: { queue_full: 3 } }),
      flow(exporter, "acme", { accepted: 105, dropped: { sampled: 5 }, held: 100 })
    ])
    assert.deepStrictEqual(readings.take().flows, [flow(exporter, "acme", { held: 100 })])
    sent.delivered += 99
    sent.returned += 1
    arrived.refuse("admission", 0)
    assert.deepStrictEqual(readings.take().flows, [flow(exporter, "acme", { delivered: 99, returned: 1 })])
    assert.deepStrictEqual(readings.take().flows, [])
  })

  it("add up to the books, whatever happens when", () => {
    const random = new Random(3)
    const books = new Books()
    const readings = new ComponentReadings(books, new Registry())
    const sums = new Map<string, Flow>()
    for (let second = 0; second < 50; second++) {
      for (let i = 0; i < random.int(20); i++) {
        const row = books.row(random.pick([receiver, exporter]), random.pick(["a", "b"]), "logs")
        row[random.pick(["accepted", "created", "restored"] as const)] += random.int(100)
        if (row.held > 0) row[random.pick(["delivered", "returned"] as const)] += random.int(row.held)
        if (row.held > 0) row.drop(random.pick(["sampled", "expired"] as const), random.int(row.held))
        if (random.chance(0.2)) row.refuse("backend", random.int(9))
      }
      for (const next of readings.take().flows) {
        const key = `${next.component.id}${next.component.kind} ${next.tenant}`
        const sum = sums.get(key)
        sums.set(key, sum === undefined ? next : { ...addFlows(sum, next), held: next.held })
      }
    }
    for (const row of books.rows()) {
      const { component, tenant, signal, accepted, created, restored, delivered, returned, held } = row
      assert.deepStrictEqual(sums.get(`${component.id}${component.kind} ${tenant}`), {
        component,
        tenant,
        signal,
        accepted,
        created,
        restored,
        delivered,
        returned,
        held: sums.get(`${component.id}${component.kind} ${tenant}`)!.held,
        dropped: Object.fromEntries(row.dropped),
        refused: Object.fromEntries(row.refused)
      })
      if (held > 0) assert.strictEqual(sums.get(`${component.id}${component.kind} ${tenant}`)!.held, held)
    }
  })

  it("name a hundred tenants, the others together; those that are silent make room", () => {
    const books = new Books()
    const readings = new ComponentReadings(books, new Registry())
    const send = (tenant: number) => {
      const row = books.row(exporter, `tenant-${tenant}`, "traces")
      row.accepted += 1
      row.delivered += 1
    }
    for (let tenant = 0; tenant < 300; tenant++) send(tenant)
    const { flows } = readings.take()
    assert.strictEqual(flows.length, 101)
    assert.deepStrictEqual(flows.at(-1), flow(exporter, "_other", { accepted: 200, delivered: 200 }))
    for (let second = 0; second < 61; second++) {
      send(0)
      assert.strictEqual(readings.take().flows.length, 1)
    }
    for (let tenant = 200; tenant < 299; tenant++) send(tenant)
    assert.strictEqual(readings.take().flows.length, 99)
    assert.isFalse(readings.take().flows.some(({ tenant }) => tenant === "_other"))
  })

  it("are of each exporter's queue, with the attempts that failed since the last ones; one made anew begins at 0", () => {
    const telemetry = new Registry()
    const queue = { size: 3, capacity: 10, inFlight: 1, heldBytes: 512, failedAttempts: 7 }
    const hide = showQueue(telemetry, "otlp", "traces", queue)
    showQueue(telemetry, "otlp", "logs", { size: 0, capacity: 20, inFlight: 0, heldBytes: 0, failedAttempts: 0 })
    const readings = new ComponentReadings(new Books(), telemetry)
    queue.failedAttempts = 9
    assert.deepStrictEqual(readings.take().queues, [
      { exporter: "otlp", signal: "traces", size: 3, capacity: 10, inFlight: 1, heldBytes: 512, failedAttempts: 2 },
      { exporter: "otlp", signal: "logs", size: 0, capacity: 20, inFlight: 0, heldBytes: 0, failedAttempts: 0 }
    ])
    assert.strictEqual(readings.take().queues[0]!.failedAttempts, 0)
    hide()
    assert.strictEqual(readings.take().queues.length, 1)
    showQueue(telemetry, "otlp", "traces", { ...queue, failedAttempts: 1 })
    assert.strictEqual(readings.take().queues.find(({ signal }) => signal === "traces")!.failedAttempts, 1)
  })
})
