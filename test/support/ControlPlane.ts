/**
 * A control plane as its users run it: a process over a directory of its own, which a test may kill and start again, seen through its API.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { AgentDetail, AgentView } from "../../src/layers/api/view/AgentView.ts"
import type { FindingsView } from "../../src/layers/api/view/FindingView.ts"
import type { Accepted } from "../../src/layers/api/view/Inputs.ts"
import type { JournalRecordView, JournalView, ReplayView } from "../../src/layers/api/view/JournalView.ts"
import type { RolloutView } from "../../src/layers/api/view/RolloutView.ts"
import { freePort, until } from "./Facts.ts"
import { type Exit, GatewayProcess } from "./GatewayProcess.ts"

export interface ControlSettings {
  /** The section `weir:`. */
  readonly weir?: unknown
  /** `control.loop`. */
  readonly loop?: unknown
  /** `control.observations`. */
  readonly observations?: unknown
}

export class ControlPlane implements AsyncDisposable {
  readonly ports: { readonly opamp: number; readonly api: number; readonly otlp: number; readonly metrics: number; readonly health: number }
  private readonly directory = mkdtempSync(join(tmpdir(), "weir-control-"))
  private settings: ControlSettings
  private process: GatewayProcess | undefined
  private said = ""

  private constructor(ports: ControlPlane["ports"], settings: ControlSettings) {
    this.ports = ports
    this.settings = settings
  }

  static async start(settings: ControlSettings = {}): Promise<ControlPlane> {
    const [opamp, api, otlp, metrics, health] = await Promise.all(Array.from({ length: 5 }, freePort))
    const plane = new ControlPlane({ opamp: opamp!, api: api!, otlp: otlp!, metrics: metrics!, health: health! }, settings)
    await plane.revive()
    return plane
  }

  get opampEndpoint(): string {
    return `ws://127.0.0.1:${this.ports.opamp}/v1/opamp`
  }

  /** All that it has printed, in this life and in earlier ones. */
  get output(): string {
    return this.said + (this.process?.output ?? "")
  }

  /** Starts it again, with what it has kept. */
  async revive(): Promise<void> {
    this.process = GatewayProcess.control({ configuration: this.configuration() })
    await this.process.listening([this.ports.opamp, this.ports.api, this.ports.otlp])
  }

  /** At once, with nothing saved that is not saved already. */
  async kill(): Promise<void> {
    const { process } = this
    await process?.kill()
    this.forget(process)
  }

  async stop(): Promise<Exit> {
    const { process } = this
    const exit = await process!.stop()
    this.forget(process)
    return exit
  }

  /** Has it read another configuration. What becomes of it is in the output. */
  reload(settings: ControlSettings): void {
    this.settings = settings
    this.process!.configure(this.configuration())
    this.process!.signal("SIGHUP")
  }

  agents(): Promise<ReadonlyArray<AgentView>> {
    return this.get("agents")
  }

  /** `undefined`: it does not know one. */
  async agent(instanceUid: string): Promise<AgentDetail | undefined> {
    const known = await this.agents()
    return known.some(({ instance_uid }) => instance_uid === instanceUid) ? this.get(`agents/${instanceUid}`) : undefined
  }

  findings(): Promise<FindingsView> {
    return this.get("findings")
  }

  async rollout(id: string): Promise<RolloutView | undefined> {
    return (await this.rollouts()).find((rollout) => rollout.id === id)
  }

  rollouts(): Promise<ReadonlyArray<RolloutView>> {
    return this.get("rollouts")
  }

  replay(rollout: string): Promise<ReplayView> {
    return this.get(`journal/replay/${encodeURIComponent(rollout)}`)
  }

  /** The whole of it, oldest first. */
  async journal(): Promise<ReadonlyArray<JournalRecordView>> {
    const records: Array<JournalRecordView> = []
    for (;;) {
      const page: JournalView = await this.get(`journal?after=${records.at(-1)?.id ?? 0}&limit=1000`)
      if (page.records.length === 0) return records
      records.push(...page.records)
    }
  }

  /** What a person wants; fails with what it is refused for. */
  async wish(path: string, payload: unknown): Promise<Accepted> {
    const response = await fetch(this.url(path), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(payload)
    })
    return read(path, response)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    rmSync(this.directory, { recursive: true, force: true })
  }

  private url(path: string): string {
    return `http://127.0.0.1:${this.ports.api}/api/v1/${path}`
  }

  private async get<A>(path: string): Promise<A> {
    return read(path, await fetch(this.url(path)))
  }

  private forget(process: GatewayProcess | undefined): void {
    this.said += process?.output ?? ""
    this.process = undefined
  }

  private configuration(): unknown {
    const { opamp, api, otlp, metrics, health } = this.ports
    const at = (port: number) => ({ endpoint: `127.0.0.1:${port}` })
    const { weir, loop, observations } = this.settings
    return {
      control: {
        opamp: at(opamp),
        api: at(api),
        otlp: at(otlp),
        metrics: at(metrics),
        health: at(health),
        storage: { directory: this.directory },
        ...(loop === undefined ? {} : { loop }),
        ...(observations === undefined ? {} : { observations })
      },
      ...(weir === undefined ? {} : { weir })
    }
  }
}

const read = async <A>(path: string, response: Response): Promise<A> => {
  const text = await response.text()
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`)
  return JSON.parse(text) as A
}

/** Waits for something that the control plane says of an agent, and gives what it says then. */
export const untilAgent = async (
  fact: string,
  plane: ControlPlane,
  instanceUid: string,
  holds: (agent: AgentDetail) => boolean,
  millis = 60_000
): Promise<AgentDetail> => {
  let agent: AgentDetail | undefined
  await until(
    fact,
    async () => {
      agent = await plane.agent(instanceUid)
      return agent !== undefined && holds(agent)
    },
    millis
  )
  return agent!
}
