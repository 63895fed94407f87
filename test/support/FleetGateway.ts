/**
 * A gateway in a fleet, as a process with traffic of its own, which a test may kill and start again. Its own file marks what passes with
 * "own"; what the control plane sends changes the mark, so that the data tells what runs, also while nobody can be asked.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Backend, type Delivery } from "./Backend.ts"
import { freePort } from "./Facts.ts"
import { type Exit, GatewayProcess } from "./GatewayProcess.ts"
import { Ledger } from "./Ledger.ts"
import { attribute, decode, itemsOf } from "./Otlp.ts"
import { httpTransport, RawSender } from "./RawSender.ts"

export const ownMark = "own"

const statement = (mark: string): string => `set(resource.attributes["mark"], "${mark}")`

/** Partial configuration that changes the mark. */
export const markAs = (mark: string) => ({ processors: { "transform/mark": { trace_statements: [statement(mark)] } } })

export interface FleetGatewayOptions {
  readonly name: string
  readonly opampEndpoint: string
  /** A break after each request of its sender, in milliseconds; without one it sends as fast as it is answered. */
  readonly pauseMillis?: number
  readonly senders?: number
  readonly items?: number
}

export class FleetGateway implements AsyncDisposable {
  readonly name: string
  readonly ledger = new Ledger()
  /** The mark of what was delivered last. */
  mark = ""
  wasKilled = false
  private readonly port: number
  private readonly backend: Backend
  private readonly options: FleetGatewayOptions
  private readonly directory = mkdtempSync(join(tmpdir(), "weir-agent-"))
  private readonly senders: ReadonlyArray<RawSender>
  private process: GatewayProcess | undefined

  private constructor(options: FleetGatewayOptions, port: number, backend: Backend) {
    this.name = options.name
    this.options = options
    this.port = port
    this.backend = backend
    this.senders = Array.from(
      { length: options.senders ?? 1 },
      (_, i) =>
        new RawSender({
          name: `${options.name}-${i}`,
          transport: httpTransport(() => port),
          ledger: this.ledger,
          signal: "traces",
          next: () => ({ items: options.items ?? 5, tenant: options.name }),
          ...(options.pauseMillis === undefined ? {} : { pauseMillis: options.pauseMillis })
        })
    )
  }

  static async start(options: FleetGatewayOptions): Promise<FleetGateway> {
    let gateway: FleetGateway | undefined
    const backend = await Backend.start({ protocol: "http", onDelivery: (delivery) => gateway!.record(delivery) })
    gateway = new FleetGateway(options, await freePort(), backend)
    await gateway.revive()
    return gateway
  }

  get output(): string {
    return this.process?.output ?? ""
  }

  async revive(): Promise<void> {
    const pipeline = { receivers: ["otlp"], processors: ["transform/mark"], exporters: ["otlp_http"] }
    this.process = GatewayProcess.weir({
      configuration: {
        receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${this.port}` } } } },
        ...markAs(ownMark),
        exporters: { otlp_http: { endpoint: this.backend.endpoint } },
        extensions: {
          opamp: {
            server: { ws: { endpoint: this.options.opampEndpoint } },
            capabilities: { accepts_remote_config: true },
            agent_description: { non_identifying_attributes: { gateway: this.name } },
            storage: { directory: this.directory }
          }
        },
        service: {
          extensions: ["opamp"],
          telemetry: { metrics: { level: "none" } },
          pipelines: { traces: pipeline }
        }
      }
    })
    await this.process.listening([this.port])
  }

  async kill(): Promise<void> {
    this.wasKilled = true
    await this.process!.kill()
  }

  /** Ends the traffic, then the gateway. */
  async stop(): Promise<Exit> {
    await this.quiet()
    return this.process!.stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process?.kill()
    await this.quiet()
    await this.backend.kill()
    rmSync(this.directory, { recursive: true, force: true })
  }

  private async quiet(): Promise<void> {
    await Promise.all(this.senders.map((sender) => sender.stop()))
  }

  private record(delivery: Delivery): void {
    this.ledger.record(delivery)
    const last = itemsOf("traces", decode("traces", delivery.bytes)).at(-1)
    if (last !== undefined) this.mark = attribute(last.resource.resource!, "mark") ?? ""
  }
}
