import { Ack } from "../../domain/Ack.ts"
import type { PartialSuccess } from "../../domain/otlp/status/ExportResponse.ts"
import { Refusal } from "../../domain/Refusal.ts"
import { deadlines, type Expiring } from "./Deadlines.ts"
import type { Exchange } from "./Exchange.ts"

/**
 * Turns the outcome of a request into its answer: when the first bounded buffers hold it (`enqueue`), or when it has settled
 * (`delivery`, or where an exporter has no queue or waits for the result).
 *
 * It lets go of the exchange, and so of sockets and streams, with the answer: batches in queues hold on to their Ack for long.
 */
export class RequestAck extends Ack implements Expiring {
  readonly deadline: number
  private exchange: Exchange | undefined
  private readonly untilDelivery: boolean
  private rejected = 0
  private isTaken = false
  private whenRefusedLate: ((refusal: Refusal) => void) | undefined = undefined

  /** `deadline`: when the answer is given as a refusal if nothing has come, `performance.now()` milliseconds. */
  constructor(exchange: Exchange, untilDelivery: boolean, deadline: number) {
    super()
    this.exchange = exchange
    this.untilDelivery = untilDelivery
    this.deadline = deadline
  }

  /**
   * The request has been submitted; if it is not answered by now, somebody has to watch the time and the client. `whenRefusedLate` counts
   * a no to what had been handed on.
   */
  submitted(whenRefusedLate: (refusal: Refusal) => void): void {
    if (this.exchange === undefined) return
    this.whenRefusedLate = whenRefusedLate
    this.exchange.waitFor(this)
    deadlines.add(this)
  }

  get isAnswered(): boolean {
    return this.exchange === undefined
  }

  /** Under `delivery` nobody has told this sender until the settlement that its items are taken. */
  override isReturnable(isAwaited: boolean): boolean {
    return this.untilDelivery || isAwaited
  }

  protected override resultKnown(): void {
    if (!this.untilDelivery) this.settled()
  }

  taken(): void {
    this.isTaken = true
    if (!this.untilDelivery && !this.waitForResult) this.accept(undefined)
  }

  refused(refusal: Refusal): void {
    if (this.isTaken && this.exchange !== undefined) this.whenRefusedLate?.(refusal)
    this.release()?.refuse(refusal)
  }

  /** Items that a backend turned down come with a failure; those that a processor dropped do not, and the sender need not know. */
  override end(delivered: number, dropped: number, returned: number, failure?: Refusal, isAwaited = false): void {
    if (failure !== undefined) this.rejected += dropped
    super.end(delivered, dropped, returned, failure, isAwaited)
  }

  settled(): void {
    if (this.exchange === undefined) return
    if (this.returned > 0) this.refused(this.failure ?? Refusal.shutdown)
    else if (this.rejected === 0) this.accept(undefined)
    else this.accept({ rejected: this.rejected, message: this.failure?.message ?? "" })
  }

  expire(): void {
    this.cancelled = true
    this.refused(Refusal.deadline)
  }

  /** The client has gone. */
  cancel(): void {
    this.cancelled = true
    this.release()
  }

  private accept(partial: PartialSuccess | undefined): void {
    this.release()?.accept(partial)
  }

  private release(): Exchange | undefined {
    const { exchange } = this
    this.exchange = undefined
    deadlines.delete(this)
    return exchange
  }
}
