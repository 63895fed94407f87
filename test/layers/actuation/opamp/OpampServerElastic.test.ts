import { assert, describe, it } from "@effect/vitest"
import { createOpAMPClient } from "@elastic/opamp-client-node"
import * as Effect from "effect/Effect"
import { AgentCapability, RemoteConfigStatuses } from "../../../../src/opamp.ts"
import { until } from "../../../support/Facts.ts"
import { yaml } from "../../../support/opamp/Agent.ts"
import { RunningServer } from "../../../support/opamp/RunningServer.ts"

describe("@elastic/opamp-client-node", () => {
  it("is known with its attributes, gets its configuration, and reports it as applied", async () => {
    await using server = await RunningServer.start({ tokens: ["secret"] })
    const configs: Array<string> = []
    const client = createOpAMPClient({
      endpoint: server.url,
      headers: { authorization: "Bearer secret" },
      heartbeatIntervalSeconds: 0.1,
      capabilities: BigInt(AgentCapability.AcceptsRemoteConfig | AgentCapability.ReportsRemoteConfig),
      onMessage: ({ remoteConfig }) => {
        if (remoteConfig === undefined) return
        configs.push(new TextDecoder().decode(remoteConfig.config!.configMap[""]!.body))
        client.setRemoteConfigStatus({
          lastRemoteConfigHash: remoteConfig.configHash,
          status: RemoteConfigStatuses.APPLIED,
          errorMessage: ""
        })
      }
    })
    client.setAgentDescription({ identifyingAttributes: { "service.name": "shop" }, nonIdentifyingAttributes: { "host.cpus": 4 } })
    client.start()
    try {
      await until("it is online", () => server.fleet.agents()[0]?.status === "online")
      const [{ instanceUid, attributes }] = server.fleet.agents() as [ReturnType<typeof server.fleet.agents>[0]]
      assert.strictEqual(attributes.get("service.name"), "shop")
      for (const text of ["a: 1", "a: 2"]) {
        const hash = await Effect.runPromise(server.fleet.setDesired(instanceUid, yaml(text)))
        await until("it has applied the configuration", () => {
          const { remoteConfig } = server.fleet.agent(instanceUid)!
          return remoteConfig.status === "applied" && remoteConfig.hash === hash
        })
      }
      const seen = server.fleet.agent(instanceUid)!.lastSeenUnixMillis
      await until("it polls on", () => server.fleet.agent(instanceUid)!.lastSeenUnixMillis > seen + 200)
      assert.deepStrictEqual(configs, ["a: 1", "a: 2"])
    } finally {
      await client.shutdown()
    }
  })
})
