import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Random from "effect/Random"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { Books } from "../../domain/Books.ts"
import type { Signal } from "../../domain/Signal.ts"
import type { Processing, Processor, ProcessorSpec } from "../graph/Component.ts"
import type { Consumer } from "../graph/Consumer.ts"
import { makeEffectful } from "../graph/EffectfulStage.ts"
import { GraphInlet } from "../graph/GraphInlet.ts"
import { GraphOutlet } from "../graph/GraphOutlet.ts"
import { HoldingNode } from "../graph/HoldingNode.ts"
import { PureNode } from "../graph/PureNode.ts"
import { RowCache } from "../graph/RowCache.ts"
import { Registry } from "../telemetry/Registry.ts"
import { cannotBeBuilt, type ContractCase, decodeConfig, judge } from "./Contract.ts"
import { type Behaviour, behaviours, Downstream } from "./Downstream.ts"
import { sampleRequest } from "./SampleRequest.ts"
import { Witness } from "./Witness.ts"

export interface ProcessorContractOptions {
  /** The settings, as they would stand in a file. */
  readonly config?: unknown
  /** A request to send instead of a plain one. `items` is the number that it must have. */
  readonly request?: (signal: Signal, items: number, tenant: string) => Uint8Array
  /** Requests of one run, 40. */
  readonly requests?: number
}

/** How a run ends: emptied as in a swap, or torn down in the middle. */
type End = "drained" | "stopped"

/**
 * Runs a processor, built in or not, before a downstream that succeeds, fails transiently or for good, does so at random, is slow, or hangs;
 * and stops it, once emptied and once in the middle. In each case every request is answered once and settled once, its memory is freed
 * once and unchanged, and the books balance. Time is virtual.
 */
export const processorContract = (component: Processor, options: ProcessorContractOptions = {}): ReadonlyArray<ContractCase> =>
  component.signals.flatMap((signal) =>
    behaviours.flatMap((behaviour) =>
      (["drained", "stopped"] as const).map((end) => ({
        name: `${component.type}: ${signal}, downstream ${behaviour}, ${end}`,
        run: run(component, signal, behaviour, end, options).pipe(
          Effect.provide(TestClock.layer()),
          Random.withSeed(`${signal} ${behaviour}`)
        )
      }))
    )
  )

const run = (component: Processor, signal: Signal, behaviour: Behaviour, end: End, options: ProcessorContractOptions) =>
  Effect.gen(function* () {
    const books = new Books()
    const witness = new Witness()
    const downstream = new Downstream(books, signal, behaviour)
    yield* Effect.forkScoped(downstream.run)
    const scope = yield* Scope.make()
    const stage = yield* build(component, signal, options.config ?? {}, books, downstream.consumer).pipe(Scope.provide(scope))
    const inlet = new GraphInlet(books, stage.consumer)
    const receiver = { kind: "receiver", id: "contract" } as const
    const request = options.request ?? sampleRequest
    const count = options.requests ?? 40
    const stopAt = end === "stopped" ? yield* Random.nextIntBetween(1, count) : count
    for (let i = 0; i < stopAt; i++) {
      const items = yield* Random.nextIntBetween(1, 20)
      const tenant = (yield* Random.nextBoolean) ? "a" : "b"
      const batch = witness.request(signal, tenant, request(signal, items, tenant), items)
      inlet.submit([batch], batch.ack, receiver)
      yield* TestClock.adjust(yield* Random.nextIntBetween(0, 40))
    }
    if (end === "drained") {
      downstream.behaviour = behaviour === "hangs" ? "succeeds" : behaviour
      const draining = yield* Effect.forkScoped(stage.drain)
      for (let round = 0; draining.pollUnsafe() === undefined; round++) {
        if (round === patience) {
          witness.breach("its drain did not end")
          break
        }
        yield* TestClock.adjust(10)
      }
    }
    yield* Scope.close(scope, Exit.void)
    downstream.behaviour = "succeeds"
    for (let round = 0; round < patience && !witness.isSettled; round++) yield* TestClock.adjust(10)
    yield* judge(component, witness.account(books))
  }).pipe(Effect.scoped)

/** Steps of ten milliseconds of virtual time that a run may take to come to rest. */
const patience = 5000

interface Stage {
  readonly consumer: Consumer
  readonly drain: Effect.Effect<void>
}

const build = (component: Processor, signal: Signal, settings: unknown, books: Books, next: Consumer) =>
  Effect.gen(function* () {
    const spec = component as unknown as ProcessorSpec<unknown>
    const id = component.type
    const rows = new RowCache(books, { kind: "processor", id }, signal)
    const outlet = new GraphOutlet(rows, next)
    const config = yield* decodeConfig(component, settings)
    const processing: Processing = yield* Effect.mapError(
      spec.make(config, { id, books, signal, pipeline: signal, outlet, telemetry: new Registry() }),
      cannotBeBuilt(component)
    )
    if (processing._tag === "Pure") return { consumer: new PureNode(processing, rows, next), drain: Effect.void } satisfies Stage
    const holding = processing._tag === "Holding" ? processing : yield* makeEffectful(processing, { id, books, signal, outlet })
    return { consumer: new HoldingNode(holding.holder), drain: holding.drain } satisfies Stage
  })
