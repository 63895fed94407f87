import { Batch, defaultTenant } from "../../domain/Batch.ts"
import type { Books, Component } from "../../domain/Books.ts"
import { GrpcCode } from "../../domain/GrpcCode.ts"
import { Intake, type IntakeOptions, type Piece, TooManyItems } from "../../domain/otlp/Intake.ts"
import { FromJson } from "../../domain/otlp/json/FromJson.ts"
import { Malformed } from "../../domain/otlp/Malformed.ts"
import { Refusal, type RefusalReason } from "../../domain/Refusal.ts"
import type { Signal } from "../../domain/Signal.ts"
import { turns } from "../../streams/Turns.ts"
import type { Inlet } from "../graph/Component.ts"
import type { Admission } from "./Admission.ts"
import { type Body, type BodyFault, own } from "./Body.ts"
import type { Exchange } from "./Exchange.ts"
import { inflate } from "./Inflate.ts"
import { RequestAck } from "./RequestAck.ts"

export interface ReceptionOptions {
  readonly inlets: { readonly [S in Signal]?: Inlet }
  readonly books: Books
  readonly admission: Admission
  readonly intake: IntakeOptions
  /** Answer when the data has been delivered, not when it has been queued. */
  readonly untilDelivery: boolean
  /** Longest time from the whole request to its answer, in milliseconds. */
  readonly answerTimeout: number
}

/** Work on one request goes on in a later turn after so many fields, or bytes of JSON: a few milliseconds. */
const fieldsPerPiece = 50_000
const jsonBytesPerPiece = 128 << 10

/**
 * What a receiver does with a request whose body has arrived, over whichever transport: inflate, translate, check, split by tenant,
 * submit. The way of a small request is one synchronous call.
 *
 * Reads: bodies with their exchange. Emits: batches into the inlet of their signal; the outcome comes back through a `RequestAck`.
 * Full: refuses with a hint. Fails: malformed bodies are refused for good, with the offset. Closes: nothing to do, it holds nothing.
 */
export class Reception {
  readonly admission: Admission
  private readonly inlets: ReceptionOptions["inlets"]
  private readonly books: Books
  private readonly intake: IntakeOptions
  private readonly untilDelivery: boolean
  private readonly answerTimeout: number

  constructor(options: ReceptionOptions) {
    this.admission = options.admission
    this.inlets = options.inlets
    this.books = options.books
    this.intake = options.intake
    this.untilDelivery = options.untilDelivery
    this.answerTimeout = options.answerTimeout
  }

  takes(signal: Signal): boolean {
    return this.inlets[signal] !== undefined
  }

  /** Why a body of so many bytes (0 if unknown) would be refused now, before it is read. */
  admit(signal: Signal, announced: number): Refusal | undefined {
    return this.admission.fits(announced) ? this.inlets[signal]?.refusal(announced) : Refusal.admission
  }

  /** The same, and counts the refusal. */
  refusal(signal: Signal, component: Component, announced: number): Refusal | undefined {
    const refusal = this.admit(signal, announced)
    if (refusal !== undefined) this.count(signal, component, refusal.reason)
    return refusal
  }

  /** Counts a request that is refused before anybody knows its items. */
  count(signal: Signal, component: Component, reason: RefusalReason): void {
    this.books.row(component, defaultTenant, signal).refuse(reason, 0)
  }

  /** Refuses and counts. */
  turnAway(exchange: Exchange, refusal: Refusal): void {
    if (exchange.over) return
    this.count(exchange.signal, exchange.component, refusal.reason)
    exchange.refuse(refusal)
  }

  /** Takes over the body and sees to it that the exchange is answered. */
  receive(exchange: Exchange, body: Body): void {
    const { compression } = exchange
    if (compression === undefined || body.bytes.length === 0) return this.translate(exchange, body)
    inflate(compression, body, exchange.maxBytes, this.admission, (outcome) => {
      if (typeof outcome === "string") this.turnAway(exchange, faultRefusal(outcome, exchange.maxBytes))
      else if (outcome instanceof Malformed) this.turnAway(exchange, malformedRefusal(outcome.message))
      else this.translate(exchange, outcome)
    })
  }

  private translate(exchange: Exchange, text: Body): void {
    if (exchange.encoding === "protobuf") return this.check(exchange, text)
    this.work(exchange, text, new FromJson(exchange.signal, text.bytes), jsonBytesPerPiece, (bytes) => {
      const body = own(this.admission, bytes)
      text.lease.release()
      if (body === undefined) this.turnAway(exchange, Refusal.admission)
      else this.check(exchange, body)
    })
  }

  private check(exchange: Exchange, body: Body): void {
    this.work(exchange, body, new Intake(exchange.signal, body.bytes, this.intake), fieldsPerPiece, (pieces) =>
      this.submit(exchange, body, pieces)
    )
  }

  /** Runs a resumable step to its end, in this turn and as many more as it takes. */
  private work<T>(
    exchange: Exchange,
    body: Body,
    task: { step(budget: number): T | Malformed | undefined },
    budget: number,
    done: (result: T) => void
  ): void {
    const result = exchange.over ? gone : task.step(budget)
    if (result === undefined) {
      turns.later(() => this.work(exchange, body, task, budget, done))
    } else if (result instanceof Malformed) {
      body.lease.release()
      this.turnAway(exchange, result instanceof TooManyItems ? tooLarge(result.message) : malformedRefusal(String(result)))
    } else done(result)
  }

  private submit(exchange: Exchange, body: Body, pieces: ReadonlyArray<Piece>): void {
    const { signal, arrivedAt, metadata, component } = exchange
    const inlet = this.inlets[signal]
    const batches: Array<Batch> = []
    const ack = new RequestAck(exchange, this.untilDelivery, Math.min(exchange.deadline, performance.now() + this.answerTimeout))
    for (const { tenant, chunks, items, sizeBytes } of pieces) {
      if (items === 0) continue
      batches.push(
        new Batch({ signal, tenant, arrivedAt, deadline: exchange.deadline, metadata }, chunks, items, sizeBytes, body.lease, ack)
      )
    }
    if (batches.length === 0 || inlet === undefined) {
      body.lease.release()
      return batches.length === 0 ? exchange.accept(undefined) : this.turnAway(exchange, noPipeline)
    }
    if (batches.length > 1) body.lease.retain(batches.length - 1)
    inlet.submit(batches, ack, component)
    if (ack.isAnswered) return
    ack.submitted((refusal) => {
      for (const batch of batches) this.books.row(component, batch.tenant, signal).refuseLate(refusal.reason, batch.items)
    })
  }
}

/** A swap has taken the pipeline away while the body arrived. */
const noPipeline = new Refusal("shutdown", GrpcCode.UNIMPLEMENTED, "no pipeline receives this signal any more", undefined)

const gone = new Malformed(0, "the client has gone")

const malformedRefusal = (message: string): Refusal => new Refusal("malformed", GrpcCode.INVALID_ARGUMENT, message, undefined)

const tooLarge = (message: string): Refusal => new Refusal("too_large", GrpcCode.RESOURCE_EXHAUSTED, message, undefined)

/** The refusal of a body that could not be taken. */
export const faultRefusal = (fault: BodyFault, maxBytes: number): Refusal =>
  fault === "admission" ? Refusal.admission : tooLarge(`the request is larger than ${maxBytes} bytes`)
