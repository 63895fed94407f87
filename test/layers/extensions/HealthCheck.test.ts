import { once } from "node:events"
import { get } from "node:https"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { Books } from "../../../src/domain/Books.ts"
import { healthCheck } from "../../../src/layers/extensions/HealthCheck.ts"
import { fixedSteering } from "../../support/Steering.ts"
import { freePort, isListening } from "../../support/Facts.ts"
import { Registry } from "../../../src/layers/telemetry/Registry.ts"

const start = (settings: object, isReady: () => boolean) => {
  const config = Schema.decodeUnknownSync(healthCheck.config)(settings)
  return healthCheck.make(config, { id: "health_check", books: new Books(), telemetry: new Registry(), isReady, gateway: fixedSteering })
}

const probe = (url: string) =>
  Effect.promise(async () => {
    const response = await fetch(url)
    return { status: response.status, body: await response.text() }
  })

describe("health_check", () => {
  it.effect("answers 200 while the gateway is ready and 503 while it is not", () =>
    Effect.gen(function* () {
      const port = yield* Effect.promise(freePort)
      let ready = false
      yield* start({ endpoint: `127.0.0.1:${port}` }, () => ready)
      assert.deepStrictEqual(yield* probe(`http://127.0.0.1:${port}/`), { status: 503, body: '{"status":"Server not available"}' })
      ready = true
      const answer = yield* probe(`http://127.0.0.1:${port}/?verbose`)
      assert.strictEqual(answer.status, 200)
      assert.strictEqual(JSON.parse(answer.body).status, "Server available")
    })
  )

  it.effect("answers over TLS", () =>
    Effect.gen(function* () {
      const port = yield* Effect.promise(freePort)
      const directory = `${import.meta.dirname}/../delivery/tls`
      yield* start(
        { endpoint: `127.0.0.1:${port}`, tls: { cert_file: `${directory}/cert.pem`, key_file: `${directory}/key.pem` } },
        () => true
      )
      const request = get({ host: "127.0.0.1", port, agent: false, rejectUnauthorized: false })
      const [response] = yield* Effect.promise(() => once(request, "response"))
      assert.strictEqual(response.resume().statusCode, 200)
    })
  )

  it.effect("answers with its own path and bodies", () =>
    Effect.gen(function* () {
      const port = yield* Effect.promise(freePort)
      let ready = true
      const settings = { endpoint: `127.0.0.1:${port}`, path: "/health", response_body: { healthy: "fine", unhealthy: "ill" } }
      yield* start(settings, () => ready)
      assert.deepStrictEqual(yield* probe(`http://127.0.0.1:${port}/health`), { status: 200, body: "fine" })
      assert.strictEqual((yield* probe(`http://127.0.0.1:${port}/`)).status, 404)
      ready = false
      assert.deepStrictEqual(yield* probe(`http://127.0.0.1:${port}/health`), { status: 503, body: "ill" })
    })
  )

  it.effect("names the port and the setting when the port is in use, and frees it when its scope closes", () =>
    Effect.gen(function* () {
      const port = yield* Effect.promise(freePort)
      const scope = yield* Scope.make()
      yield* start({ endpoint: `127.0.0.1:${port}` }, () => true).pipe(Scope.provide(scope))
      const error = yield* start({ endpoint: `127.0.0.1:${port}` }, () => true).pipe(Effect.flip)
      assert.deepStrictEqual([error.component, error.path], ["health_check", ["endpoint"]])
      assert.include(error.message, `port ${port} is already in use`)
      yield* Scope.close(scope, Exit.void)
      assert.isFalse(yield* Effect.promise(() => isListening(port)))
    })
  )
})
