import { createHash } from "node:crypto"
import { until } from "../Facts.ts"
import { framed, SocketServer, toAgent } from "./ScriptedServer.ts"

const statuses = ["UNSET", "APPLIED", "APPLYING", "FAILED"] as const

/** A server on raw sockets that offers one agent configurations and keeps what it says of them. */
export class OfferingServer implements AsyncDisposable {
  readonly server: SocketServer
  /** All that the agent has reported of its remote configuration, in order. */
  readonly reports: Array<{ readonly hash: string; readonly status: (typeof statuses)[number]; readonly message: string }> = []
  /** The latest effective configuration. */
  effective = ""
  // oxlint-disable-next-line typescript/no-explicit-any
  health: any = undefined
  instanceUid: Buffer = Buffer.alloc(0)

  private constructor(server: SocketServer) {
    this.server = server
    server.onMessage = (socket, { message }) => {
      this.instanceUid = message.instanceUid
      if (message.remoteConfigStatus !== undefined) {
        const { lastRemoteConfigHash = Buffer.alloc(0), status = 0, errorMessage = "" } = message.remoteConfigStatus
        this.reports.push({ hash: Buffer.from(lastRemoteConfigHash).toString("hex"), status: statuses[status]!, message: errorMessage })
      }
      const shown = message.effectiveConfig?.configMap?.configMap?.[""]?.body
      if (shown !== undefined) this.effective = Buffer.from(shown).toString()
      if (message.health !== undefined) this.health = message.health
      socket.send(framed(toAgent({ instanceUid: message.instanceUid, capabilities: 7 })))
    }
  }

  static async start(port = 0): Promise<OfferingServer> {
    return new OfferingServer(await SocketServer.start(port))
  }

  get url(): string {
    return this.server.url
  }

  async connected(): Promise<void> {
    await until("the agent has reported", () => this.reports.length > 0)
  }

  /** Offers a document; the result is its hash in hex. */
  offer(text: string): string {
    const hash = createHash("sha256").update(text).digest()
    const configMap = new Map([["", { body: Buffer.from(text), contentType: "text/yaml" }]])
    this.server.sockets
      .at(-1)!
      .send(framed(toAgent({ instanceUid: this.instanceUid, remoteConfig: { config: { configMap }, configHash: hash } })))
    return hash.toString("hex")
  }

  of(hash: string) {
    return this.reports.filter((report) => report.hash === hash)
  }

  /** Waits until the agent has done with an offer. */
  async outcome(hash: string) {
    await until("the agent has done with an offer", () => /APPLIED|FAILED/.test(this.of(hash).at(-1)?.status ?? ""), 60_000)
    return this.of(hash).at(-1)!
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.server[Symbol.asyncDispose]()
  }
}
