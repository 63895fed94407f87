/**
 * One measurement: a sink, the subject and a load generator, each a process; warm-up until all has arrived, then the window. CPU is
 * counted until the last item of the window has reached the sink, so a queue can hide nothing, and every item is accounted for.
 */
import { type ChildProcess, fork, type Serializable } from "node:child_process"
import { once } from "node:events"
import { createServer as createHttpServer, type Server } from "node:http"
import { createServer, type AddressInfo } from "node:net"
import { createRequire } from "node:module"
import { fileURLToPath } from "node:url"
import { addedAttribute, type Case, configuration, deletedAttribute, describeCase, filteredShare } from "./Case.ts"
import type { Quantiles } from "./Quantiles.ts"
import type { LoadOptions, LoadReport } from "./load.ts"
import { usage } from "./ProcessTree.ts"
import type { SinkOptions, SinkReport } from "./sink.ts"
import { Subject, type SubjectName } from "./Subject.ts"

export interface Settings {
  readonly warmupMillis: number
  readonly windowMillis: number
  /** Items a second at a fixed rate. */
  readonly rate: number
  readonly connections: number
}

export const defaults: Settings = { warmupMillis: 2500, windowMillis: 3000, rate: 30_000, connections: 8 }

export interface Measured {
  readonly subject: SubjectName
  readonly case: Case
  readonly acceptedItems: number
  readonly deliveredItems: number
  /** The exporter's requests: how well it batches. */
  readonly exportRequests: number
  readonly refusedRequests: number
  readonly cpuSecondsPerMillion: number
  readonly itemsPerSecond: number
  readonly peakRssMiB: number
  readonly answerMillis: Quantiles
  /** From the load generator to the sink; only where requests are stamped (no compression). */
  readonly deliveryMillis: Quantiles | undefined
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, "close")
  return port
}

/** A child that is asked one thing at a time. */
class Helper {
  private readonly child: ChildProcess
  private readonly ended: Promise<never>
  constructor(file: string, options: unknown) {
    this.child = fork(fileURLToPath(new URL(file, import.meta.url)), [JSON.stringify(options)])
    this.ended = new Promise((_, reject) => this.child.once("exit", (code) => reject(new Error(`${file} ended with ${code}`))))
    this.ended.catch(() => {})
  }
  next<A>(): Promise<A> {
    return Promise.race([new Promise<A>((resolve) => this.child.once("message", (message) => resolve(message as A))), this.ended])
  }
  ask<A>(command: Serializable): Promise<A> {
    const answer = this.next<A>()
    this.child.send(command)
    return answer
  }
  stop(): void {
    this.child.disconnect()
  }
}

const startSink = async (options: SinkOptions): Promise<readonly [Helper, number]> => {
  const sink = new Helper("./sink.ts", options)
  return [sink, (await sink.next<{ readonly port: number }>()).port]
}

const startLoad = async (it: Case, port: number, settings: Settings): Promise<Helper> => {
  const options: LoadOptions = {
    case: it,
    port,
    connections: settings.connections,
    ...(it.load === "saturated" ? {} : { rate: settings.rate })
  }
  const load = new Helper("./load.ts", options)
  await load.next()
  return load
}

const run = async (load: Helper, millis: number): Promise<LoadReport> => {
  const report = await load.ask<LoadReport>(millis)
  if (report.failures.length > 0) throw new Error(`a request failed: ${report.failures[0]}`)
  return report
}

const patienceMillis = 15_000

/** Waits until the sink has `items`; more, or not all of them in time, is a failure of the subject. */
const drained = async (sink: Helper, items: number): Promise<SinkReport> => {
  const until = performance.now() + patienceMillis
  for (;;) {
    const report = await sink.ask<SinkReport>("report")
    if (report.items === items) return report
    if (report.items > items) throw new Error(`${report.items} items arrived, ${items} were expected`)
    if (performance.now() > until) throw new Error(`${report.items} of ${items} items arrived within ${patienceMillis / 1000} s`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** Takes observations, in this process, which costs the subject nothing. */
const startObservations = async (): Promise<Server> => {
  const server = createHttpServer((request, response) => request.resume().on("end", () => response.end())).listen(0, "127.0.0.1")
  await once(server, "listening")
  return server
}

/** What must arrive of what was accepted. */
const expected = (it: Case, accepted: number): number => (it.pipeline === "filter" ? Math.round(accepted * (1 - filteredShare)) : accepted)

const { opentelemetry } = createRequire(import.meta.url)("otlp-transformer-generated/build/src/generated/root.js")

/** Looks into what arrived: the edit that is being paid for must have been made. */
const checkSample = (it: Case, sample: string | undefined): void => {
  if (it.pipeline !== "transform" || it.signal !== "traces" || sample === undefined) return
  const { resourceSpans } = opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest.decode(Buffer.from(sample, "base64"))
  for (const { scopeSpans } of resourceSpans) {
    for (const { spans } of scopeSpans) {
      for (const { attributes } of spans) {
        const keys = attributes.map(({ key }: { readonly key: string }) => key)
        if (!keys.includes(addedAttribute) || keys.includes(deletedAttribute)) throw new Error("a span arrived without the edit")
      }
    }
  }
}

export const measure = async (name: SubjectName, it: Case, settings: Settings): Promise<Measured> => {
  const [sink, sinkPort] = await startSink({ protocol: it.protocol, signal: it.signal, stamped: it.compression === "none" })
  let load: Helper | undefined
  let subject: Subject | undefined
  let stopObservations = (): void => {}
  try {
    const observations = await startObservations()
    stopObservations = () => observations.close()
    const ports = {
      receiver: await freePort(),
      metrics: await freePort(),
      sink: sinkPort,
      observations: (observations.address() as AddressInfo).port
    }
    subject = await Subject.start(name, configuration(it, ports), ports.receiver)
    load = await startLoad(it, ports.receiver, settings)
    const warmup = await run(load, settings.warmupMillis)
    const before = await drained(sink, expected(it, warmup.acceptedItems))
    await sink.ask("forget latencies")
    const started = usage(subject.pid)
    const window = await run(load, settings.windowMillis)
    const after = await drained(sink, expected(it, warmup.acceptedItems + window.acceptedItems))
    const ended = usage(subject.pid)
    checkSample(it, after.sample)
    return {
      subject: name,
      case: it,
      acceptedItems: window.acceptedItems,
      deliveredItems: after.items - before.items,
      exportRequests: after.requests - before.requests,
      refusedRequests: window.refusedRequests,
      cpuSecondsPerMillion: ((ended.cpuSeconds - started.cpuSeconds) / window.acceptedItems) * 1e6,
      itemsPerSecond: window.acceptedItems / window.seconds,
      peakRssMiB: ended.peakRssMiB,
      answerMillis: window.answerMillis,
      deliveryMillis: after.deliveryMillis
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`${name}, ${describeCase(it)}: ${reason}\n${subject?.lastOutput ?? ""}`, { cause: error })
  } finally {
    load?.stop()
    await subject?.stop()
    stopObservations()
    sink.stop()
  }
}

/** The way without a gateway: what is subtracted from `deliveryMillis` to get the latency that the gateway adds. */
export const measureDirect = async (it: Case, settings: Settings): Promise<Quantiles> => {
  const [sink, port] = await startSink({ protocol: it.protocol, signal: it.signal, stamped: it.compression === "none" })
  const load = await startLoad(it, port, settings)
  try {
    const warmup = await run(load, settings.warmupMillis)
    await drained(sink, warmup.acceptedItems)
    await sink.ask("forget latencies")
    const window = await run(load, settings.windowMillis)
    const { deliveryMillis } = await drained(sink, warmup.acceptedItems + window.acceptedItems)
    return deliveryMillis!
  } finally {
    load.stop()
    sink.stop()
  }
}
