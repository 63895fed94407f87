import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { Books } from "../../domain/Books.ts"
import { ExporterSettings } from "../../domain/config/ExporterSettings.ts"
import type { Signal } from "../../domain/Signal.ts"
import type { ExportQueue } from "../delivery/ExportQueue.ts"
import * as ExporterNode from "../delivery/ExporterNode.ts"
import type { Exporter, ExporterSpec } from "../graph/Component.ts"
import { GraphInlet } from "../graph/GraphInlet.ts"
import { HoldingNode } from "../graph/HoldingNode.ts"
import { Registry } from "../telemetry/Registry.ts"
import { Attempts } from "./Attempts.ts"
import { cannotBeBuilt, type ContractCase, decodeConfig, judge } from "./Contract.ts"
import { Pulse } from "./Pulse.ts"
import { sampleRequest } from "./SampleRequest.ts"
import { Witness } from "./Witness.ts"

/**
 * What a backend is told to do with the requests that reach it: take them; say come again later; say never; take them after a while, about
 * 30 ms; never answer.
 */
export type BackendBehaviour = "succeeds" | "fails transiently" | "fails permanently" | "is slow" | "hangs"

/** The real thing that an exporter sends to, or as near to it as one can get. */
export interface ContractBackend {
  /** The settings with which the exporter finds it, as they would stand in a file. */
  readonly config: unknown
  /** From now on. First called before the exporter is made. */
  readonly behave: (behaviour: BackendBehaviour) => void
  /** Items that it has acknowledged so far. */
  readonly received: () => number
}

export interface ExporterContractOptions {
  /** A new backend for each case; it ends with the scope. */
  readonly backend: Effect.Effect<ContractBackend, never, Scope.Scope>
  /** What such a backend never does, and why. Those cases are left out. */
  readonly never?: { readonly [B in Exclude<BackendBehaviour, "succeeds">]?: string }
  /** A request to send instead of a plain one. `items` is the number that it must have. */
  readonly request?: (signal: Signal, items: number, tenant: string) => Uint8Array
  /** Requests of one run, 20. */
  readonly requests?: number
}

/** How a run ends: when everything is settled; by a stop in the middle; when everything is settled, after a swap in the middle. */
type End = "settled" | "stopped" | "replaced"

const behaviours: ReadonlyArray<BackendBehaviour> = ["succeeds", "fails transiently", "fails permanently", "is slow", "hangs"]
const ends: ReadonlyArray<End> = ["settled", "stopped", "replaced"]

/** What the drain of a stop may take, by the clock. Short, so that a run is. */
const drainMillis = 300
/** How long anything else may take, and an attempt that is told to end, or whose time is over: milliseconds of the pulse. */
const patienceMillis = 10_000
const graceMillis = 3000

/** The time of one attempt, by the clock: soon over where no answer comes, and else never on the slowest machine. */
const timeoutOf = (behaviour: BackendBehaviour): number => (behaviour === "hangs" ? 500 : 60_000)

/**
 * Runs an exporter, built in or not, with its queue, retry and time limits around it, against a backend that succeeds, fails transiently
 * or for good, is slow, or hangs; until everything is settled, or stopped or replaced at a random moment. Nothing is lost where the
 * backend comes round; what it refuses for good is dropped or returned, and says so; an attempt whose time is over ends; every request is
 * answered once and settled once, its memory is freed once and unchanged, and the books balance and agree with the backend.
 *
 * Time is real, a machine that is busy makes no breach, and cases are independent: they may run side by side.
 */
export const exporterContract = (component: Exporter, options: ExporterContractOptions): ReadonlyArray<ContractCase> =>
  component.signals.flatMap((signal) =>
    behaviours
      .filter((behaviour) => behaviour === "succeeds" || options.never?.[behaviour] === undefined)
      .flatMap((behaviour) =>
        ends.map((end) => ({
          name: `${component.type}: ${signal}, backend ${behaviour}, ${end}`,
          run: run(component, signal, behaviour, end, options).pipe(Random.withSeed(`${signal} ${behaviour} ${end}`))
        }))
      )
  )

const defaults = Schema.decodeSync(ExporterSettings)({})

const run = (component: Exporter, signal: Signal, behaviour: BackendBehaviour, end: End, options: ExporterContractOptions) =>
  Effect.gen(function* () {
    const backend = yield* options.backend
    backend.behave(behaviour)
    const books = new Books()
    const witness = new Witness()
    const pulse = yield* Pulse.make
    const attempts = new Attempts(pulse)
    const timeoutMillis = timeoutOf(behaviour)
    const expect = (fact: boolean, breach: string): void => {
      if (!fact) witness.breach(breach)
    }

    let node = yield* stand(component, signal, backend.config, books, attempts, timeoutMillis)
    const inlet = new GraphInlet(books, new HoldingNode(node.queue))
    const close = Effect.suspend(() =>
      Effect.map(pulse.endsWithin(node.close, patienceMillis), (did) => expect(did, "its scope did not close"))
    )
    const replace = Effect.gen(function* () {
      const next = yield* stand(component, signal, backend.config, books, attempts, timeoutMillis, node.queue)
      yield* close
      node = next
    })

    const request = options.request ?? sampleRequest
    const count = options.requests ?? 20
    const moment = yield* Random.nextIntBetween(1, count)
    for (let i = 0; i < count; i++) {
      if (i === moment && end === "stopped") break
      if (i === moment && end === "replaced") yield* replace
      const items = yield* Random.nextIntBetween(1, 20)
      const tenant = (yield* Random.nextBoolean) ? "a" : "b"
      const batch = witness.request(signal, tenant, request(signal, items, tenant), items)
      inlet.submit([batch], batch.ack, { kind: "receiver", id: "contract" })
      yield* Effect.sleep(yield* Random.nextIntBetween(0, 3))
    }

    if (end === "stopped") {
      yield* node.queue.drain(drainMillis)
      yield* pulse.comesTrue(() => attempts.open === 0 && node.queue.inFlight === 0, graceMillis)
      expect(attempts.open === 0, `${attempts.open} attempts went on after the stop`)
    } else {
      if (behaviour === "fails transiently" || behaviour === "hangs") {
        const met = yield* pulse.comesTrue(() => attempts.unsuccessful > 0, patienceMillis)
        expect(met, behaviour === "hangs" ? "an attempt without an answer did not end" : "no attempt failed though the backend did")
        backend.behave("succeeds")
      }
      yield* pulse.comesTrue(() => witness.isSettled, patienceMillis)
    }
    yield* close

    const { delivered, returned, objected } = outcome(books, component)
    const received = backend.received()
    expect(received >= delivered, `${delivered} items count as delivered, but the backend has acknowledged ${received}`)
    expect(attempts.longestMillis <= timeoutMillis + graceMillis, `an attempt took ${Math.round(attempts.longestMillis)} ms`)
    expect(attempts.absurd === 0, "more items were rejected than sent")
    if (behaviour === "fails permanently") {
      expect(delivered === 0, `${delivered} items count as delivered to a backend that refuses everything`)
      if (end === "settled") expect(objected + returned === witness.taken, "not everything that the backend refused was dropped as such")
    } else if (end !== "stopped") {
      expect(delivered + returned === witness.taken, `${witness.taken} items were taken and ${delivered} delivered`)
      // What was stopped may have been taken all the same; then it arrives twice.
      const isExact = attempts.stopped === 0
      if (isExact) expect(received === delivered, `the backend has acknowledged ${received} items instead of ${delivered}`)
    }
    yield* judge(component, witness.account(books))
  }).pipe(Effect.scoped)

/**
 * What became of the exporter's items. Where the sender waits for the outcome (no queue), it may be given its items back (`returned`)
 * instead; `objected` are those that were dropped since the backend refused them.
 */
const outcome = (books: Books, component: Exporter) => {
  const sum = { delivered: 0, returned: 0, objected: 0 }
  for (const row of books.rows()) {
    if (row.component.kind !== component.kind) continue
    sum.delivered += row.delivered
    sum.returned += row.returned
    sum.objected += (row.dropped.get("permanent_error") ?? 0) + (row.dropped.get("too_large") ?? 0)
  }
  return sum
}

/** An exporter that stands and sends. */
const stand = (
  component: Exporter,
  signal: Signal,
  settings: unknown,
  books: Books,
  attempts: Attempts,
  timeoutMillis: number,
  queue?: ExportQueue
) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const spec = component as unknown as ExporterSpec<unknown>
    const id = component.type
    const config = yield* decodeConfig(component, settings)
    const made = spec.make(config, { id, books, signal, telemetry: new Registry() })
    const push = yield* Effect.mapError(Scope.provide(made, scope), cannotBeBuilt(component))
    const common = hasten(spec.settings?.(config) ?? defaults, timeoutMillis)
    const inherited = queue === undefined ? {} : { queue }
    const options = { id, signal, settings: common, push: attempts.watch(push), books, ...inherited }
    const node = yield* Scope.provide(ExporterNode.make(options), scope)
    node.activate()
    return { queue: node.queue, close: Scope.close(scope, Exit.void) }
  })

/** The exporter's own queue, with times that let a run be short. */
const hasten = (settings: ExporterSettings, timeout: number): ExporterSettings => ({
  ...settings,
  timeout,
  retry_on_failure: {
    enabled: true,
    initial_interval: 10,
    multiplier: 1.5,
    randomization_factor: 0.5,
    max_interval: 50,
    max_elapsed_time: 0
  }
})
