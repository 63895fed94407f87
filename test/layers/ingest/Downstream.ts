import type { Ack } from "../../../src/domain/Ack.ts"
import type { Batch } from "../../../src/domain/Batch.ts"
import type { Component } from "../../../src/domain/Books.ts"
import type { Refusal } from "../../../src/domain/Refusal.ts"
import type { Signal } from "../../../src/domain/Signal.ts"
import type { Inlet } from "../../../src/layers/graph/Component.ts"
import { decode, type Plain } from "../../support/otlp/Reference.ts"

/** What arrived, copied out: the memory of batches is freed when they end. */
export interface Arrived {
  readonly signal: Signal
  readonly tenant: string
  readonly items: number
  readonly request: Plain
  readonly metadata: Batch["origin"]["metadata"]
  readonly transport: Component["transport"]
}

export interface Held {
  readonly batches: ReadonlyArray<Batch>
  readonly ack: Ack
  /** Ends every piece as the outcome says, after letting go of the bytes. */
  readonly end: (outcome: { delivered?: number; dropped?: number; returned?: number; failure?: Refusal }) => void
}

/** The end of the way, by hand: takes requests, refuses them, or holds them until a test ends them. */
export class Downstream implements Inlet {
  readonly arrived: Array<Arrived> = []
  readonly held: Array<Held> = []
  mode: "deliver" | "hold" | "refuse" | "ignore" = "deliver"
  /** As an exporter without a queue. */
  waitForResult = false
  refusing: Refusal | undefined = undefined
  private readonly waiting: Array<() => void> = []

  refusal(_announced: number): Refusal | undefined {
    return this.mode === "refuse" ? undefined : this.refusing
  }

  submit(batches: ReadonlyArray<Batch>, ack: Ack, component: Component): void {
    for (const { signal, tenant, items, origin, chunks } of batches) {
      const request = decode(signal, Buffer.concat(chunks))
      this.arrived.push({ signal, tenant, items, request, metadata: origin.metadata, transport: component.transport })
    }
    if (this.mode === "refuse") {
      for (const batch of batches) batch.lease.release()
      ack.refused(this.refusing!)
    } else if (this.mode === "ignore") {
      this.held.push({ batches, ack, end: () => {} })
    } else {
      if (this.waitForResult) ack.awaited = batches.length
      ack.open(batches.length)
      const end: Held["end"] = ({ delivered = 0, dropped = 0, returned = 0, failure }) => {
        for (const batch of batches) batch.lease.release()
        for (let i = 1; i < batches.length; i++) ack.end(0, 0, 0, undefined, this.waitForResult)
        ack.end(delivered, dropped, returned, failure, this.waitForResult)
      }
      if (this.mode === "hold") this.held.push({ batches, ack, end })
      else end({ delivered: batches.reduce((sum, batch) => sum + batch.items, 0) })
    }
    for (const resolve of this.waiting.splice(0)) resolve()
  }

  /** Resolves when `count` requests are held. */
  async holds(count: number): Promise<void> {
    while (this.held.length < count) await new Promise<void>((resolve) => this.waiting.push(resolve))
  }
}
