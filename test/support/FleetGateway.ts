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
  /** Where it delivers to; without one, to a backend of its own, fed by a sender of its own. */
  readonly sink?: string
}

/** Between two requests of a sender: little traffic, but some in each second. */
const pauseMillis = 100
const itemsPerRequest = 5

export class FleetGateway implements AsyncDisposable {
  readonly name: string
  readonly ledger = new Ledger()
  /** The mark of what was delivered last. */
  mark = ""
  wasKilled = false
  /** Where it takes OTLP over HTTP. */
  readonly port: number
  private readonly options: FleetGatewayOptions
  private readonly directory = mkdtempSync(join(tmpdir(), "weir-agent-"))
  private backend: Backend | undefined
  private sender: RawSender | undefined
  private process: GatewayProcess | undefined

  private constructor(options: FleetGatewayOptions, port: number) {
    this.name = options.name
    this.options = options
    this.port = port
  }

  static async start(options: FleetGatewayOptions): Promise<FleetGateway> {
    const gateway = new FleetGateway(options, await freePort())
    if (options.sink === undefined) gateway.backend = await Backend.start({ protocol: "http", onDelivery: (it) => gateway.record(it) })
    await gateway.revive()
    if (options.sink === undefined) gateway.send()
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
        exporters: { otlp_http: { endpoint: this.options.sink ?? this.backend!.endpoint } },
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
    await this.backend?.kill()
    rmSync(this.directory, { recursive: true, force: true })
  }

  private send(): void {
    this.sender = new RawSender({
      name: this.name,
      transport: httpTransport(() => this.port),
      ledger: this.ledger,
      signal: "traces",
      next: () => ({ items: itemsPerRequest, tenant: this.name }),
      pauseMillis
    })
  }

  private async quiet(): Promise<void> {
    await this.sender?.stop()
  }

  private record(delivery: Delivery): void {
    this.ledger.record(delivery)
    const last = itemsOf("traces", decode("traces", delivery.bytes)).at(-1)
    if (last !== undefined) this.mark = attribute(last.resource.resource!, "mark") ?? ""
  }
}
