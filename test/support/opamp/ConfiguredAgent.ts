import { once } from "node:events"
import { WebSocket } from "ws"
import {
  type AgentToServer,
  AgentToServer as AgentMessage,
  encode,
  formatUid,
  frame,
  type Init,
  MalformedMessage,
  ServerToAgent,
  unframe,
  decode
} from "../../../src/opamp.ts"
import { capabilities, statusOf, uidOf, yaml } from "./Agent.ts"

/** What an agent makes of a configuration: `undefined` is APPLIED, a text is what it says as FAILED. */
export type Verdict = (documents: ReadonlyMap<string, string>) => string | undefined

const configuration = `service:
  pipelines:
    traces: {receivers: [otlp], processors: [batch], exporters: [otlp/backend]}
`

/** An agent on a WebSocket that runs what it is offered, and says so. */
export class ConfiguredAgent {
  readonly uid: string
  /** The documents of the last offer, by name. */
  offered: ReadonlyMap<string, string> = new Map()
  private readonly bytes: Uint8Array
  private readonly socket: WebSocket
  private readonly verdict: Verdict
  private sequence = 0

  private constructor(n: number, socket: WebSocket, verdict: Verdict) {
    this.bytes = uidOf(n)
    this.uid = formatUid(this.bytes)
    this.socket = socket
    this.verdict = verdict
    socket.on("message", (data: Buffer) => this.hear(data))
    socket.on("error", () => {})
  }

  static async connect(
    port: number,
    n: number,
    labels: { readonly [name: string]: string } = {},
    verdict: Verdict = () => undefined
  ): Promise<ConfiguredAgent> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/opamp`)
    const agent = new ConfiguredAgent(n, socket, verdict)
    await once(socket, "open")
    const text = (key: string, value: string) => ({ key, value: { stringValue: value } })
    const part = { healthy: true, status: "StatusOK" }
    agent.say({
      capabilities,
      agentDescription: {
        identifyingAttributes: [text("service.name", "weir"), text("service.instance.id", agent.uid)],
        nonIdentifyingAttributes: Object.entries(labels).map(([key, value]) => text(key, value))
      },
      health: {
        healthy: true,
        status: "StatusOK",
        componentHealthMap: new Map([
          [
            "pipeline:traces",
            { ...part, componentHealthMap: new Map([["exporter:otlp/backend", { healthy: false, lastError: "refused" }]]) }
          ]
        ])
      },
      effectiveConfig: { configMap: yaml(configuration) },
      remoteConfigStatus: {}
    })
    return agent
  }

  close(): void {
    this.socket.close()
  }

  private say(fields: Init<AgentToServer>): void {
    this.socket.send(frame(encode(AgentMessage, { instanceUid: this.bytes, sequenceNum: ++this.sequence, capabilities, ...fields })))
  }

  private hear(data: Buffer): void {
    const bytes = unframe(data)
    const message = bytes instanceof MalformedMessage ? bytes : decode(ServerToAgent, bytes)
    if (message instanceof MalformedMessage) throw new Error(String(message))
    const offer = message.remoteConfig
    if (offer === undefined) return
    this.offered = new Map([...(offer.config?.configMap ?? [])].map(([name, { body }]) => [name, new TextDecoder().decode(body)]))
    const failure = this.verdict(this.offered)
    this.say(failure === undefined ? statusOf(offer.configHash, "APPLIED") : statusOf(offer.configHash, "FAILED", failure))
  }
}
