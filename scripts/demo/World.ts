import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { BackendReport } from "./backend.ts"
import { type Books, booksOf, readGateways } from "./Books.ts"
import type { Child } from "./Child.ts"
import type { Children } from "./Children.ts"
import {
  byTenant,
  type ByTenant,
  type ControlPorts,
  controlFile,
  gatewayCount,
  gatewayFile,
  type GatewayPorts,
  tenants
} from "./Configuration.ts"
import { ControlApi } from "./ControlApi.ts"
import type { Pace } from "./Pace.ts"
import { freePorts } from "./Ports.ts"
import type { ServiceOptions, ServiceReport } from "./shop/service.ts"
import { serviceNames, type Shop } from "./shop/Services.ts"
import { Visitors } from "./Visitors.ts"

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const weir = here("../../bin/weir.js")
const local = (port: number): string => `http://127.0.0.1:${port}`

export interface WorldOptions {
  readonly pace: Pace
  readonly seed: number
  /** For configurations, logs and the control plane's state. */
  readonly folder: string
  /** A process that nobody stopped has ended. */
  readonly onDeath: (message: string) => void
}

/** All processes of the demo: two backends, a control plane, four gateways, three services. The visitors live here. */
export class World {
  readonly api: ControlApi
  readonly console: string
  readonly visitors: Visitors
  private readonly gateways: ReadonlyArray<GatewayPorts>
  private readonly backends: ByTenant<Child>
  private readonly services: ReadonlyArray<Child>

  private constructor(
    controlPorts: ControlPorts,
    gateways: ReadonlyArray<GatewayPorts>,
    backends: ByTenant<Child>,
    services: ReadonlyArray<Child>,
    visitors: Visitors
  ) {
    this.console = local(controlPorts.api)
    this.api = new ControlApi(this.console)
    this.gateways = gateways
    this.backends = backends
    this.services = services
    this.visitors = visitors
  }

  /** Starts everything. A start that is broken off leaves its processes with `children`. */
  static async start({ pace, seed, folder, onDeath }: WorldOptions, children: Children): Promise<World> {
    const spawn = (name: string, file: string, ...args: ReadonlyArray<string>): Child =>
      children.start({ name, file, args, folder, onDeath })
    const write = (name: string, text: string): string => {
      const path = join(folder, name)
      writeFileSync(path, text)
      return path
    }
    const ports = await freePorts(5 + 2 * gatewayCount + tenants.length + serviceNames.length)
    let used = 0
    const port = (): number => ports[used++]!
    const controlPorts: ControlPorts = { opamp: port(), api: port(), otlp: port(), metrics: port(), health: port() }
    const gateways = Array.from({ length: gatewayCount }, (): GatewayPorts => ({ otlp: port(), metrics: port() }))
    const backendPorts = byTenant(port)
    const shop: Shop = { storefront: local(port()), checkout: local(port()), payments: local(port()) }

    const control = spawn("control", weir, "control", "--config", write("control.yaml", controlFile(controlPorts, pace)))
    const backends = byTenant((tenant) => spawn(`backend-${tenant}`, here("backend.ts"), tenant, String(backendPorts[tenant])))
    gateways.forEach((own, i) => {
      const name = `gateway-${i + 1}`
      spawn(name, weir, "run", "--config", write(`${name}.yaml`, gatewayFile(i, own, controlPorts.opamp, backendPorts)))
    })
    const services = serviceNames.map((service) => {
      const options: ServiceOptions = { service, seed, tenants, gateways: gateways.map(({ otlp }) => local(otlp)), shop }
      return spawn(service, here("shop/service.ts"), JSON.stringify(options))
    })
    await Promise.all([control, ...Object.values(backends), ...services].map((child) => child.ready))
    return new World(controlPorts, gateways, backends, services, new Visitors(shop, pace, seed))
  }

  /** As they stand: spans that are under way are missing on one side. */
  async books(): Promise<Books> {
    return booksOf(await Promise.all(this.services.map((one) => one.ask<ServiceReport>("report"))), ...(await this.seen()))
  }

  /** Has the services deliver what they hold first. */
  async settledBooks(): Promise<Books> {
    return booksOf(await Promise.all(this.services.map((one) => one.ask<ServiceReport>("settle"))), ...(await this.seen()))
  }

  async backendReports(): Promise<ByTenant<BackendReport>> {
    const reports = await Promise.all(tenants.map((tenant) => this.backends[tenant].ask<BackendReport>("report")))
    return byTenant((tenant) => reports[tenants.indexOf(tenant)]!)
  }

  private async seen() {
    const gateways = await readGateways(this.gateways.map(({ metrics }) => metrics))
    return [gateways, await this.backendReports()] as const
  }
}
