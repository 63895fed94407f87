import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Random from "effect/Random"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { Books } from "../../domain/Books.ts"
import type { Signal } from "../../domain/Signal.ts"
import type { Connector, ConnectorSpec } from "../graph/Component.ts"
import { ConnectorNode } from "../graph/ConnectorNode.ts"
import { GraphInlet } from "../graph/GraphInlet.ts"
import { RowCache } from "../graph/RowCache.ts"
import { Registry } from "../telemetry/Registry.ts"
import { cannotBeBuilt, type ContractCase, decodeConfig, judge } from "./Contract.ts"
import { type Behaviour, behaviours, Downstream } from "./Downstream.ts"
import { sampleRequest } from "./SampleRequest.ts"
import { Witness } from "./Witness.ts"

export interface ConnectorContractOptions {
  /** The settings, as they would stand in a file. */
  readonly config?: unknown
  /** The pipelines that read from the connector; `traces/a` and `traces/b`, with the signal of the case, if absent. */
  readonly pipelines?: ReadonlyArray<string>
  /** A request to send instead of a plain one. `items` is the number that it must have. */
  readonly request?: (signal: Signal, items: number, tenant: string) => Uint8Array
  /** Requests of one run, 40. */
  readonly requests?: number
}

/**
 * Runs a connector, built in or not, before pipelines of which the first succeeds, fails transiently or for good, does so at random, is slow,
 * or hangs, while the others succeed. In each case every request is answered once and settled once, its memory is freed once and
 * unchanged, and the books balance. Time is virtual.
 */
export const connectorContract = (component: Connector, options: ConnectorContractOptions = {}): ReadonlyArray<ContractCase> =>
  component.signals.flatMap((signal) =>
    behaviours.map((behaviour) => ({
      name: `${component.type}: ${signal}, a pipeline ${behaviour}`,
      run: run(component, signal, behaviour, options).pipe(Effect.provide(TestClock.layer()), Random.withSeed(`${signal} ${behaviour}`))
    }))
  )

/** Steps of ten milliseconds of virtual time that a run may take to come to rest. */
const patience = 5000

const run = (component: Connector, signal: Signal, behaviour: Behaviour, options: ConnectorContractOptions) =>
  Effect.gen(function* () {
    const books = new Books()
    const witness = new Witness()
    const pipelines = options.pipelines ?? [`${signal}/a`, `${signal}/b`]
    const downstreams = pipelines.map((_, i) => new Downstream(books, signal, i === 0 ? behaviour : "succeeds"))
    for (const downstream of downstreams) yield* Effect.forkScoped(downstream.run)

    const scope = yield* Scope.make()
    const id = component.type
    const spec = component as unknown as ConnectorSpec<unknown>
    const config = yield* decodeConfig(component, options.config ?? {})
    const made = spec.make(config, { id, books, signal, pipelines, telemetry: new Registry() })
    const connecting = yield* Effect.mapError(Scope.provide(made, scope), cannotBeBuilt(component))
    const ways = new Map(pipelines.map((name, i) => [name, downstreams[i]!.consumer]))
    const node = new ConnectorNode(connecting, new RowCache(books, { kind: "connector", id }, signal), ways)
    const inlet = new GraphInlet(books, node)

    const request = options.request ?? sampleRequest
    const count = options.requests ?? 40
    for (let i = 0; i < count; i++) {
      const items = yield* Random.nextIntBetween(1, 20)
      const tenant = (yield* Random.nextBoolean) ? "a" : "b"
      const batch = witness.request(signal, tenant, request(signal, items, tenant), items)
      inlet.submit([batch], batch.ack, { kind: "receiver", id: "contract" })
      yield* TestClock.adjust(yield* Random.nextIntBetween(0, 40))
    }
    for (const downstream of downstreams) downstream.behaviour = "succeeds"
    for (let round = 0; round < patience && !witness.isSettled; round++) yield* TestClock.adjust(10)
    yield* Scope.close(scope, Exit.void)
    yield* judge(component, witness.account(books))
  }).pipe(Effect.scoped)
