import { createHash } from "node:crypto"
import { arch, hostname, platform, release } from "node:os"
import type { Checked } from "../../../domain/config/Checked.ts"
import type { AgentDescription, AvailableComponents, ComponentDetails } from "../../../domain/opamp/AgentDescription.ts"
import type { KeyValue } from "../../../domain/opamp/Attributes.ts"
import type { ComponentHealth } from "../../../domain/opamp/ComponentHealth.ts"
import { formatUid } from "../../../domain/opamp/InstanceUid.ts"
import type { EffectiveConfig } from "../../../domain/opamp/RemoteConfig.ts"
import type { Component } from "../../graph/Component.ts"

const text = (key: string, value: string): KeyValue => ({ key, value: { stringValue: value } })

/** Who a gateway is; `labels` are what its file says about it. */
export const descriptionOf = (uid: Uint8Array, serviceVersion: string, labels: { readonly [name: string]: string }): AgentDescription => ({
  identifyingAttributes: [
    text("service.name", "weir"),
    text("service.version", serviceVersion),
    text("service.instance.id", formatUid(uid))
  ],
  nonIdentifyingAttributes: Object.entries({
    "host.arch": arch(),
    "host.name": hostname(),
    "os.description": `${platform()} ${release()}`,
    "os.type": platform(),
    "process.pid": String(process.pid),
    ...labels
  }).map(([key, value]) => text(key, value))
})

export const effectiveConfigOf = (yaml: string): EffectiveConfig => ({
  configMap: { configMap: new Map([["", { body: new TextEncoder().encode(yaml), contentType: "text/yaml", role: "" }]]) }
})

/** The types of components that this gateway could run, by section, as the collector reports them. */
export const availableComponentsOf = (components: ReadonlyArray<Component>): AvailableComponents => {
  const sections = new Map<string, Map<string, ComponentDetails>>()
  for (const { kind, type } of components) {
    const section = sections.get(`${kind}s`) ?? new Map<string, ComponentDetails>()
    section.set(type, { metadata: [], subComponentMap: new Map() })
    sections.set(`${kind}s`, section)
  }
  const names = [...sections].flatMap(([section, types]) => [...types.keys()].map((type) => `${section}/${type}`)).toSorted()
  return {
    components: new Map([...sections].map(([section, types]) => [section, { metadata: [], subComponentMap: types }])),
    hash: new Uint8Array(createHash("sha256").update(names.join("\n")).digest())
  }
}

/** What health looks at. Times are in nanoseconds since the epoch. */
export interface HealthInput {
  readonly isReady: boolean
  readonly startedAt: bigint
  readonly running: Checked<unknown>
  /** What does not work, by `kind/id`. */
  readonly faults: ReadonlyMap<string, string>
}

/** The tree that the collector reports: the agent, its pipelines, their components. */
export const healthOf = ({ isReady, startedAt, running, faults }: HealthInput): ComponentHealth => {
  const node = (faulty: string | undefined, inside: ReadonlyMap<string, ComponentHealth>): ComponentHealth => ({
    healthy: isReady && faulty === undefined,
    startTimeUnixNano: startedAt,
    lastError: faulty ?? "",
    status: !isReady ? "StatusStopping" : faulty === undefined ? "StatusOK" : "StatusRecoverableError",
    statusTimeUnixNano: startedAt,
    componentHealthMap: inside,
    attributes: []
  })
  const leaves = new Map<string, ComponentHealth>()
  const pipelines = new Map(
    running.pipelines.map(({ name, receivers, processors, exporters }) => {
      const parts = [
        ...receivers.map((id) => ["receiver", id] as const),
        ...processors.map((id) => ["processor", id] as const),
        ...exporters.map((id) => ["exporter", id] as const)
      ]
      const inside = new Map(parts.map(([kind, id]) => [`${kind}:${id}`, node(faults.get(`${kind}/${id}`), leaves)]))
      const faulty = [...inside].find(([, { healthy }]) => !healthy)
      return [`pipeline:${name}`, node(faulty === undefined ? undefined : `${faulty[0]}: ${faulty[1].lastError}`, inside)]
    })
  )
  const sick = [...pipelines].find(([, { healthy }]) => !healthy)
  return node(sick === undefined || !isReady ? undefined : `${sick[0]}: ${sick[1].lastError}`, pipelines)
}
