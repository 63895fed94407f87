import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Scope from "effect/Scope"
import { Books } from "../../domain/Books.ts"
import { concat } from "../../domain/otlp/Copy.ts"
import type { Signal } from "../../domain/Signal.ts"
import type { Receiver, ReceiverSpec } from "../graph/Component.ts"
import { GraphInlet } from "../graph/GraphInlet.ts"
import { type BoundAddress, Listeners } from "../graph/Listeners.ts"
import { Registry } from "../telemetry/Registry.ts"
import { cannotBeBuilt, type ContractCase, decodeConfig, judge } from "./Contract.ts"
import { type Behaviour, behaviours, Downstream } from "./Downstream.ts"
import { Pulse } from "./Pulse.ts"
import { sampleRequest } from "./SampleRequest.ts"
import { type Submission, WatchedInlet } from "./Submissions.ts"
import { imbalances } from "./Witness.ts"

/** What a client is to send: so many items, as an OTLP request where that is what the receiver reads. */
export interface ContractRequest {
  readonly signal: Signal
  /** Another number in each request of a run, which is how the contract tells them apart. */
  readonly items: number
  readonly otlp: Uint8Array
}

/**
 * What the client was told: that its request is accepted; to come again, after so long if it was told; never to come again; nothing, since
 * the connection ended or there was none.
 */
export type Told =
  | { readonly _tag: "accepted" }
  | { readonly _tag: "refused"; readonly retryAfterMillis: number | undefined }
  | { readonly _tag: "rejected" }
  | { readonly _tag: "lost" }

/** Sends one request and waits for the answer; does not send it again. Up to three at once. */
export type ContractClient = (request: ContractRequest) => Effect.Effect<Told>

export interface ReceiverContractOptions {
  /** The settings, as they would stand in a file: on port 0, and with a short limit on how long a sender waits (a second, say). */
  readonly config: unknown
  /** A client of the receiver, which has these addresses; it ends with the scope. */
  readonly client: (addresses: ReadonlyArray<BoundAddress>) => Effect.Effect<ContractClient, never, Scope.Scope>
  /** Requests of one run, 24. */
  readonly requests?: number
}

/** How a run ends: when all requests have been sent, or by a stop in the middle. */
type End = "to the end" | "stopped"

/** How long anything may take, in milliseconds of the pulse. */
const patienceMillis = 5000
/** Open requests of a receiver that stops get this long, by the clock. */
const drainMillis = 500
/** Where the process stood still for as long as this, a receiver's limit on how long a sender waits may have passed meanwhile. */
const longStallMillis = 200
/** Fewer at once than the queue of the downstream holds, so that one that succeeds never refuses. */
const concurrency = 3

/**
 * Runs a receiver, built in or not, on real sockets, before a graph that succeeds, refuses for a while or for good, delivers a part, is slow,
 * or hangs; to the end, or stopped at a random moment. Every client is answered: told that its request is accepted only if it was
 * handed in once and taken; told to come again, and when, if it was refused for a while; told never to, if it was refused for good. Each
 * request's memory is freed once and unchanged until then, and the books balance.
 *
 * Time is real, a machine that is busy makes no breach, and cases are independent: they may run side by side.
 */
export const receiverContract = (component: Receiver, options: ReceiverContractOptions): ReadonlyArray<ContractCase> =>
  component.signals.flatMap((signal) =>
    behaviours.flatMap((behaviour) =>
      (["to the end", "stopped"] as const).map((end) => ({
        name: `${component.type}: ${signal}, graph ${behaviour}, ${end}`,
        run: run(component, signal, behaviour, end, options).pipe(Random.withSeed(`${signal} ${behaviour} ${end}`))
      }))
    )
  )

const run = (component: Receiver, signal: Signal, behaviour: Behaviour, end: End, options: ReceiverContractOptions) =>
  Effect.gen(function* () {
    const pulse = yield* Pulse.make
    const books = new Books()
    const breaches: Array<string> = []
    // Refusals are tried with a queue, which answers at once; the rest as without one, where the answer waits for the outcome.
    const waits = behaviour !== "fails transiently" && behaviour !== "fails permanently"
    const downstream = new Downstream(books, signal, behaviour, waits)
    yield* Effect.forkScoped(downstream.run)
    const inlet = new WatchedInlet(new GraphInlet(books, downstream.consumer))

    const listeners = Context.get(yield* Layer.build(Listeners.layerWith({ drain: drainMillis })), Listeners)
    const scope = yield* Scope.make()
    const spec = component as unknown as ReceiverSpec<unknown>
    const config = yield* decodeConfig(component, options.config)
    const receiving = yield* spec
      .make(config, { id: component.type, books, telemetry: new Registry(), inlets: { [signal]: inlet } })
      .pipe(Scope.provide(scope), Effect.provideService(Listeners, listeners), Effect.mapError(cannotBeBuilt(component)))
    receiving.activate()
    const client = yield* options.client(listeners.addresses())
    const close = Effect.suspend(() =>
      Effect.map(pulse.endsWithin(Scope.close(scope, Exit.void), patienceMillis), (did) => {
        if (!did) breaches.push("its scope did not close")
      })
    )

    const count = options.requests ?? 24
    const moment = yield* Random.nextIntBetween(1, count / 2)
    const told = new Map<number, Told>()
    const stop = Effect.andThen(
      pulse.comesTrue(() => told.size >= moment, patienceMillis),
      close
    )
    const hear = (items: number, answer: Told): void => {
      told.set(items, answer)
      const isOpen = inlet.submissions.some((submission) => submission.items === items && !submission.ack.isSettled)
      if (waits && answer._tag === "accepted" && isOpen) breaches.push(`the client of the request of ${items} items was told too early`)
    }
    const send = (items: number) =>
      Effect.flatMap(Random.nextIntBetween(0, 5), (millis) =>
        pulse
          .endsWithin(
            Effect.map(client({ signal, items, otlp: request(signal, items) }), (answer) => hear(items, answer)),
            patienceMillis
          )
          .pipe(Effect.andThen(Effect.sleep(millis)))
      )
    const stopping = yield* Effect.forkScoped(end === "stopped" ? stop : Effect.void)
    yield* Effect.forEach(
      Array.from({ length: count }, (_, i) => i + 1),
      send,
      { concurrency }
    )
    downstream.behaviour = "succeeds"
    yield* pulse.comesTrue(() => stopping.pollUnsafe() !== undefined, 2 * patienceMillis)
    if (end === "to the end") yield* close
    yield* pulse.comesTrue(() => inlet.submissions.every((submission) => submission.isOver), patienceMillis)

    for (let items = 1; items <= count; items++) {
      const submitted = inlet.submissions.filter((submission) => submission.items === items)
      const breach = disagreement(told.get(items), submitted, waits, end)
      if (breach !== undefined) breaches.push(`the client of the request of ${items} items ${breach}`)
    }
    if (end === "to the end") breaches.push(...unexpected(behaviour, [...told.values()], pulse))
    for (const submission of inlet.submissions) breaches.push(...submission.breaches())
    breaches.push(...imbalances(books), ...miscounts(books, inlet.submissions))
    yield* judge(component, breaches)
  }).pipe(Effect.scoped)

/** Every third one is of two tenants, so that its pieces share memory. */
const request = (signal: Signal, items: number): Uint8Array =>
  items % 3 === 0 ? concat([sampleRequest(signal, items - 1, "a"), sampleRequest(signal, 1, "b")]) : sampleRequest(signal, items, "a")

/** Where what a client was told is not what became of its request. */
const disagreement = (told: Told | undefined, submitted: ReadonlyArray<Submission>, waits: boolean, end: End): string | undefined => {
  if (submitted.length > 1) return `sent it once, and it was handed in ${submitted.length} times`
  const ack = submitted[0]?.ack
  switch (told?._tag) {
    case undefined:
      return "was never answered"
    case "accepted":
      return ack?.isTaken === true ? undefined : "was told that it is accepted, but the graph has not taken it"
    case "rejected":
      return ack?.refusal?.retryAfterMillis === undefined && ack?.refusal !== undefined
        ? undefined
        : "was told never to come again, but the graph has not said so"
    case "refused": {
      if (ack?.isTaken === true) return waits ? undefined : "was told to come again, but the graph has taken it"
      if (ack?.refusal === undefined) return undefined
      const hint = ack.refusal.retryAfterMillis
      if (hint === undefined) return "was told to come again, but the graph does not want it to"
      return (told.retryAfterMillis ?? 0) >= hint ? undefined : `was not told to wait for ${hint} ms before it comes again`
    }
    case "lost":
      return end === "stopped" ? undefined : "lost its connection"
  }
}

/** Where the answers of a whole run show that the behaviour of the graph does not get through. */
const unexpected = (behaviour: Behaviour, told: ReadonlyArray<Told>, pulse: Pulse): ReadonlyArray<string> => {
  const count = (tag: Told["_tag"]): number => told.filter(({ _tag }) => _tag === tag).length
  const isExcused = pulse.longestStallMillis > longStallMillis
  switch (behaviour) {
    case "is slow":
      if (isExcused) return []
      return count("accepted") > 0 ? [] : ["the graph takes its time, and no client was told that its request is accepted"]
    case "succeeds":
      if (isExcused) return []
      return count("accepted") === told.length ? [] : [`the graph takes everything, but only ${count("accepted")} clients were told so`]
    case "is random":
    case "fails transiently":
    case "hangs":
      return count("refused") > 0 ? [] : ["the graph turns requests away for a while, but no client was told to come again"]
    case "fails permanently":
      return count("rejected") > 0 ? [] : ["the graph turns requests away for good, but no client was told so"]
  }
}

const miscounts = (books: Books, submissions: ReadonlyArray<Submission>): ReadonlyArray<string> => {
  let accepted = 0
  let returned = 0
  for (const row of books.rows()) {
    if (row.component.kind !== "receiver") continue
    accepted += row.accepted
    returned += row.returned
  }
  let submitted = 0
  let refused = 0
  for (const { items, ack } of submissions) {
    submitted += items
    if (ack.refusal !== undefined) refused += items
  }
  if (accepted === submitted && returned === refused) return []
  return [
    `the receiver's book says that ${accepted} items came and ${returned} went back, but ${submitted} were handed in and ${refused} refused`
  ]
}
