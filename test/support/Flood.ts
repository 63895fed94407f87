/** The benchmark's load generator against gateways, and its sink behind them: processes of their own, so that the gateways are what is slow. */
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { plain } from "../../scripts/bench/Case.ts"
import type { LoadOptions } from "../../scripts/bench/load.ts"
import type { SinkOptions, SinkReport } from "../../scripts/bench/sink.ts"

const program = (name: string, options: unknown): ChildProcess =>
  fork(fileURLToPath(new URL(`../../scripts/bench/${name}.ts`, import.meta.url)), [JSON.stringify(options)])

const message = async <A>(child: ChildProcess): Promise<A> => ((await once(child, "message")) as [A])[0]

/** Takes spans over HTTP as fast as they come. */
export class Sink implements Disposable {
  readonly endpoint: string
  private readonly child: ChildProcess

  private constructor(child: ChildProcess, port: number) {
    this.child = child
    this.endpoint = `http://127.0.0.1:${port}`
  }

  static async start(): Promise<Sink> {
    const options: SinkOptions = { protocol: "http", signal: "traces", stamped: false }
    const child = program("sink", options)
    return new Sink(child, (await message<{ readonly port: number }>(child)).port)
  }

  /** How many have come. */
  async spans(): Promise<number> {
    this.child.send("report")
    return (await message<SinkReport>(this.child)).items
  }

  [Symbol.dispose](): void {
    this.child.disconnect()
  }
}

export interface FloodOptions {
  readonly port: number
  readonly connections: number
  /** Spans in a request. */
  readonly items: number
}

/** A closed loop: each connection sends its next request as soon as the last one has been answered. */
export class Flood implements Disposable {
  private readonly child: ChildProcess

  private constructor(child: ChildProcess) {
    this.child = child
  }

  /** It goes on until it is disposed of. */
  static async start({ port, connections, items }: FloodOptions): Promise<Flood> {
    const options: LoadOptions = { case: { ...plain, items }, port, connections }
    const child = program("load", options)
    await message(child)
    child.send(3_600_000)
    return new Flood(child)
  }

  [Symbol.dispose](): void {
    this.child.disconnect()
  }
}
