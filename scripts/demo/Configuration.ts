import { stringify } from "yaml"
import type { Pace } from "./Pace.ts"

export const tenants = ["acme", "globex"] as const
export type Tenant = (typeof tenants)[number]
export type ByTenant<A> = { readonly [T in Tenant]: A }

export const byTenant = <A>(of: (tenant: Tenant) => A): ByTenant<A> =>
  Object.fromEntries(tenants.map((tenant) => [tenant, of(tenant)])) as ByTenant<A>

/** The label that says which agents the demo's changes are for. */
export const scope = { "deployment.environment.name": "demo" }

export interface GatewayPorts {
  readonly otlp: number
  readonly metrics: number
}

export interface ControlPorts {
  readonly opamp: number
  readonly api: number
  readonly otlp: number
  readonly metrics: number
  readonly health: number
}

export const gatewayCount = 4

/** Fixed, so that the display can call the gateways by their numbers. */
export const uidOf = (gateway: number): string => `00000000-0000-7000-8000-00000000000${gateway + 1}`
export const nameOf = (uid: string): string => `gateway-${uid.slice(-1)}`

const local = (port: number): string => `127.0.0.1:${port}`
const entries = <A>(entry: (tenant: Tenant) => readonly [string, A]): { readonly [key: string]: A } =>
  Object.fromEntries(tenants.map(entry))

/** To the exporter of each tenant's backend, by the resource. */
const routesByTenant = (signal: "traces" | "metrics") => ({
  table: tenants.map((tenant) => ({
    context: "resource",
    condition: `resource.attributes["tenant"] == "${tenant}"`,
    pipelines: [`${signal}/${tenant}`]
  }))
})

/**
 * A gateway's own file. Between its way in and its ways out stands `routing/heat`: what a row of its table names goes through the sampler
 * `probabilistic_sampler/heat`, everything else past it. The table is empty and the sampler keeps everything, until a rule changes both.
 */
export const gatewayFile = (gateway: number, ports: GatewayPorts, opampPort: number, backends: ByTenant<number>): string =>
  stringify({
    extensions: {
      opamp: {
        server: { ws: { endpoint: `ws://${local(opampPort)}/v1/opamp` } },
        instance_uid: uidOf(gateway),
        capabilities: { accepts_remote_config: true },
        agent_description: { non_identifying_attributes: scope },
        storage: { directory: `gateway-${gateway + 1}` }
      }
    },
    receivers: { otlp: { protocols: { http: { endpoint: local(ports.otlp) } } } },
    processors: {
      "filter/tidy": { error_mode: "ignore", trace_conditions: ['span.attributes["url.path"] == "/healthz"'] },
      "probabilistic_sampler/heat": { sampling_percentage: 100 }
    },
    connectors: {
      "routing/heat": { default_pipelines: ["traces/out"], table: [] },
      "routing/tenant": routesByTenant("traces"),
      "routing/metrics": routesByTenant("metrics")
    },
    exporters: entries((tenant) => [`otlp_http/${tenant}`, { endpoint: `http://${local(backends[tenant])}`, compression: "none" }]),
    service: {
      extensions: ["opamp"],
      telemetry: { metrics: { readers: [{ pull: { exporter: { prometheus: { host: "127.0.0.1", port: ports.metrics } } } }] } },
      pipelines: {
        "traces/in": { receivers: ["otlp"], processors: ["filter/tidy"], exporters: ["routing/heat"] },
        "traces/out": { receivers: ["routing/heat"], exporters: ["routing/tenant"] },
        "traces/sampled": { receivers: ["routing/heat"], processors: ["probabilistic_sampler/heat"], exporters: ["routing/tenant"] },
        metrics: { receivers: ["otlp"], exporters: ["routing/metrics"] },
        ...entries((tenant) => [`traces/${tenant}`, { receivers: ["routing/tenant"], exporters: [`otlp_http/${tenant}`] }]),
        ...entries((tenant) => [`metrics/${tenant}`, { receivers: ["routing/metrics"], exporters: [`otlp_http/${tenant}`] }])
      }
    }
  })

/** The name of the rule of act one. */
export const ruleName = "heat"

/** What act one's rule does about a storm: the healthy spans of that tenant's service go through the sampler, which keeps 1 %. */
const sampleTheHealthyPart = {
  merge: { processors: { "probabilistic_sampler/heat": { sampling_percentage: 1 } } },
  append: [
    {
      path: ["connectors", "routing/heat", "table"],
      value: {
        context: "span",
        condition:
          'resource.attributes["tenant"] == "{{ finding.subject.tenant }}" and ' +
          'resource.attributes["service.name"] == "{{ finding.subject.service }}" and span.status.code != STATUS_CODE_ERROR',
        pipelines: ["traces/sampled"]
      }
    }
  ]
}

export const controlFile = (ports: ControlPorts, pace: Pace): string =>
  stringify({
    control: {
      opamp: { endpoint: local(ports.opamp) },
      api: { endpoint: local(ports.api) },
      otlp: { endpoint: local(ports.otlp) },
      metrics: { endpoint: local(ports.metrics) },
      health: { endpoint: local(ports.health) },
      storage: { directory: "control" },
      loop: { look_interval: "3s" }
    },
    weir: {
      detectors: {
        "baseline/volume": {
          metric: "received.items",
          kind: "volume",
          window: "3s",
          for: "3s",
          clear: "3s",
          warm_up: `${pace.warmUpSeconds}s`,
          factor: 4
        },
        // Cards are declined all day.
        "threshold/errors": { above: 0.5 }
      },
      rules: {
        [ruleName]: {
          when: 'finding.kind == "volume" and finding.score > 0.6',
          mode: "act",
          scope: { agents: scope },
          action: sampleTheHealthyPart,
          goal: { metric: "delivered.bytes", direction: "down", at_least: 0.4, look_after: `${pace.compareSeconds}s` },
          canary: { count: 2 },
          ttl: `${pace.lifeSeconds}s`
        }
      }
    }
  })
