import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Fleet, layerControlYaml, OpampServer } from "../../src/control.ts"
import { builtIn, Components, Gateway, layerYaml } from "../../src/index.ts"
import { until } from "../support/Facts.ts"
import { httpTransport } from "../support/RawSender.ts"
import { request } from "../support/Requests.ts"
import { yaml } from "../support/opamp/Agent.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "weir-control-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

const control = (directory: string) => `
control:
  opamp: {endpoint: "127.0.0.1:0"}
  api: {endpoint: "127.0.0.1:0"}
  otlp: {endpoint: "127.0.0.1:0"}
  storage: {directory: ${directory}}
extensions: {health_check: {endpoint: "127.0.0.1:0"}}
service: {telemetry: {metrics: {level: none}}}
`

const gateway = (port: number) => `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
exporters: {debug: {verbosity: basic, sampling_initial: 0, sampling_thereafter: 0}}
extensions:
  opamp:
    server: {ws: {endpoint: "ws://127.0.0.1:${port}/v1/opamp"}}
    capabilities: {accepts_remote_config: true}
service:
  extensions: [opamp]
  telemetry: {metrics: {level: none}}
  pipelines: {traces: {receivers: [otlp], exporters: [debug]}}
`

describe("a control plane and a gateway, both Layers of one process", () => {
  it.live("speak OpAMP and OTLP with one another: configuration down, status and observations up", () =>
    Effect.gen(function* () {
      const plane = yield* Layer.build(layerControlYaml(control(yield* folder)))
      const fleet = Context.get(plane, Fleet)
      const { port } = Context.get(plane, OpampServer).address
      const agent = yield* Layer.build(layerYaml(gateway(port)).pipe(Layer.provide(Components.layer(...builtIn))))
      const running = Context.get(agent, Gateway)
      yield* Effect.promise(() => until("the gateway is in the fleet", () => fleet.agents()[0]?.status === "online"))
      const { instanceUid } = fleet.agents()[0]!

      const hash = yield* fleet.setDesired(
        instanceUid,
        yaml("processors: {batch: {timeout: 10ms}}\nservice: {pipelines: {traces: {processors: [batch]}}}\n")
      )
      yield* Effect.promise(() => until("it runs what it was sent", () => running.current().pipelines[0]!.processors[0] === "batch"))
      const transport = httpTransport(() => Number(running.addresses()[0]!.address.split(":")[1]))
      yield* Effect.promise(() => transport.send("traces", request("traces", ["a", "b"], "acme")))
      const status = () => fleet.agent(instanceUid)!.remoteConfig
      yield* Effect.promise(() => until("it says so", () => status().status === "applied" && status().hash === hash))

      const observed = Context.get(plane, Gateway)
      yield* Effect.promise(() =>
        until("observations come in", () => {
          void transport.send("traces", request("traces", ["c"], "acme"))
          return observed.balance().delivered > 0
        })
      )
      transport.close()

      yield* fleet.setDesired(instanceUid, yaml("processors: {batch: {timeout: soon}}\n"))
      yield* Effect.promise(() => until("it refuses what is wrong", () => status().status === "failed"))
      assert.include(status().message, 'expected a duration such as "200ms"')
      assert.strictEqual(running.current().pipelines[0]!.processors[0], "batch")
    }).pipe(Effect.scoped)
  )
})
