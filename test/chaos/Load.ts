import type { Ledger } from "../support/Ledger.ts"
import { idAttribute } from "../support/Requests.ts"
import { logs, spans } from "../support/SdkData.ts"
import { type Encoding, type OtlpPorts, sdkExporter } from "../support/SdkExporters.ts"

/** The official SDK's exporter under steady use: export after export until stopped, each with items of its own. */
export class SdkLoad {
  /** What the exporter reported instead of success. */
  readonly failures: Array<string> = []
  exports = 0
  private stopping = false
  private readonly done: Promise<void>

  constructor(name: string, signal: "traces" | "logs", encoding: Encoding, ports: OtlpPorts, ledger: Ledger) {
    this.done = signal === "traces" ? this.sendSpans(name, encoding, ports, ledger) : this.sendLogs(name, encoding, ports, ledger)
  }

  async stop(): Promise<void> {
    this.stopping = true
    await this.done
  }

  private async sendSpans(name: string, encoding: Encoding, ports: OtlpPorts, ledger: Ledger): Promise<void> {
    const exporter = sdkExporter("traces", encoding, ports)
    while (!this.stopping) {
      const batch = spans(10, `${name}-${this.exports++}`)
      await this.attempt(() => exporter.send(batch), batch, ledger)
    }
    await exporter.close()
  }

  private async sendLogs(name: string, encoding: Encoding, ports: OtlpPorts, ledger: Ledger): Promise<void> {
    const exporter = sdkExporter("logs", encoding, ports)
    while (!this.stopping) {
      const batch = logs(10, `${name}-${this.exports++}`)
      await this.attempt(() => exporter.send(batch), batch, ledger)
    }
    await exporter.close()
  }

  private async attempt(
    send: () => Promise<void>,
    batch: ReadonlyArray<{ readonly attributes: { readonly [key: string]: unknown } }>,
    ledger: Ledger
  ): Promise<void> {
    const ids = batch.map(({ attributes }) => String(attributes[idAttribute]))
    try {
      await send()
      for (const id of ids) ledger.accepted.add(id)
    } catch (error) {
      this.failures.push(error instanceof Error ? error.message : String(error))
      for (const id of ids) ledger.unknown.add(id)
    }
  }
}
