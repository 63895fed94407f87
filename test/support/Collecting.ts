import type { Signal } from "../../src/domain/Signal.ts"
import { Backend, type BackendOptions } from "./Backend.ts"
import { until } from "./Facts.ts"
import { decode, type Item, itemsOf } from "./Otlp.ts"

/** A backend that keeps every item it is sent, per signal. */
export class Collecting {
  readonly items: { readonly [S in Signal]: Array<Item> } = { traces: [], metrics: [], logs: [] }
  readonly backend: Backend

  private constructor(backend: Backend, items: Collecting["items"]) {
    this.backend = backend
    this.items = items
  }

  static async start(protocol: BackendOptions["protocol"]): Promise<Collecting> {
    const items: Collecting["items"] = { traces: [], metrics: [], logs: [] }
    const backend = await Backend.start({
      protocol,
      onDelivery: ({ signal, bytes }) => items[signal].push(...itemsOf(signal, decode(signal, bytes)))
    })
    return new Collecting(backend, items)
  }

  /** Waits for `count` items of a signal and takes them away. */
  async take(signal: Signal, count: number): Promise<ReadonlyArray<Item>> {
    await until(`${count} items of ${signal} arrive`, () => this.items[signal].length >= count)
    return this.items[signal].splice(0)
  }

  stop(): Promise<void> {
    return this.backend.kill()
  }
}
