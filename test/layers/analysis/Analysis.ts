import { Registry } from "../../../src/layers/telemetry/Registry.ts"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { Batch, defaultTenant, noMetadata } from "../../../src/domain/Batch.ts"
import { Books } from "../../../src/domain/Books.ts"
import type { Signal } from "../../../src/domain/Signal.ts"
import type { Connecting, Connector, Processing, Processor } from "../../../src/layers/graph/Component.ts"
import { CountingLease, RecordingAck } from "../../support/Accounts.ts"
import { encode, itemsOf, decode } from "../../support/Otlp.ts"

const decodeConfig = (component: Processor | Connector, settings: object) =>
  Schema.decodeUnknownEffect(component.config as Schema.Codec<unknown, unknown, never, never>, {
    errors: "all",
    onExcessProperty: "error"
  })(settings)

/** A processor that is a function, with the given settings. */
export const pure = (component: Processor, signal: Signal, settings: object) =>
  Effect.gen(function* () {
    const config = yield* decodeConfig(component, settings)
    const outlet = { emit: () => Effect.void }
    const made = component.make(config as never, {
      telemetry: new Registry(),
      id: component.type,
      books: new Books(),
      signal,
      pipeline: signal,
      outlet
    })
    return (yield* made) as Extract<Processing, { _tag: "Pure" }>
  })

export const connecting = (
  component: Connector,
  signal: Signal,
  pipelines: ReadonlyArray<string>,
  settings: object
): Effect.Effect<Connecting, unknown, Scope.Scope> =>
  Effect.flatMap(decodeConfig(component, settings), (config) =>
    component.make(config as never, { telemetry: new Registry(), id: component.type, books: new Books(), signal, pipelines })
  )

/** A batch of one request, cut into chunks at the given top-level messages, on a lease that counts. */
export const batchOf = (signal: Signal, requests: ReadonlyArray<object>, metadata = noMetadata) => {
  const chunks = requests.map((request) => encode(signal, request))
  const items = requests.reduce((sum, request) => sum + itemsOf(signal, decode(signal, encode(signal, request))).length, 0)
  const lease = new CountingLease()
  const origin = { signal, tenant: defaultTenant, arrivedAt: 0, deadline: Number.POSITIVE_INFINITY, metadata }
  const sizeBytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  return { batch: new Batch(origin, chunks, items, sizeBytes, lease, new RecordingAck()), lease }
}

export const bytesOf = (batch: Batch): Buffer => Buffer.concat(batch.chunks)
