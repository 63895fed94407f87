import type { Evaluation, EvaluationInput } from "../../../src/domain/loop/Evaluation.ts"
import type { Finding } from "../../../src/domain/loop/Finding.ts"
import type { JournalEntry } from "../../../src/domain/loop/JournalEntry.ts"
import type { Plan } from "../../../src/domain/loop/Plan.ts"
import type { Revision } from "../../../src/domain/loop/Revision.ts"
import type { Rollout, Stage } from "../../../src/domain/loop/Rollout.ts"
import { tTest } from "../../../src/domain/loop/TTest.ts"
import type { AgentView } from "../../../src/layers/api/view/AgentView.ts"
import type { Rates } from "../../../src/layers/api/view/Basics.ts"
import { type FindingsView, findingView } from "../../../src/layers/api/view/FindingView.ts"
import { journalRecordView, type JournalRecordView } from "../../../src/layers/api/view/JournalView.ts"
import type { OverviewView } from "../../../src/layers/api/view/OverviewView.ts"
import type { PipelinesView } from "../../../src/layers/api/view/PipelinesView.ts"
import { type RolloutView, rolloutView } from "../../../src/layers/api/view/RolloutView.ts"

/** What a control plane answers at one moment. */
export interface Fixture {
  readonly overview: OverviewView
  readonly findings: FindingsView
  readonly rollouts: ReadonlyArray<RolloutView>
  readonly agents: ReadonlyArray<AgentView>
  readonly pipelines: PipelinesView
  readonly journal: ReadonlyArray<JournalRecordView>
}

/** 2026-11-24 12:00:00 UTC. */
export const noon = 1_795_521_600_000
const [second, minute] = [1000, 60_000]

const uid = (index: number): string => `0193a5c0-0000-7000-8000-${String(index).padStart(12, "0")}`
const uids = [0, 1, 2, 3, 4, 5].map(uid)
const [canary, control] = [uids.slice(0, 3), uids.slice(3)]

const plan: Plan = {
  scope: { "deployment.environment.name": "production" },
  goal: { metric: "delivered.bytes", direction: "down", atLeast: 0.4, narrow: true },
  narrowing: { tenant: "acme", service: "checkout", signal: "traces" },
  lookAfterMillis: 2 * minute,
  guardrails: [
    { metric: "delivered.errors", of: "difference", min: -0.2, max: undefined },
    { metric: "error_ratio", of: "canary", min: undefined, max: 0.3 }
  ],
  canary: { kind: "fraction", fraction: 0.5 },
  timeToLiveMillis: 60 * minute,
  cooldownMillis: 30 * minute,
  priority: 10
}

const pre = { from: noon - 5 * minute, to: noon - 3 * minute }
const post = { from: noon - 3 * minute, to: noon - minute }

/** Each agent's bytes after the change, as a factor of those before; errors alike in both arms, or kept only by the control. */
const inputOf = (canaryBytes: ReadonlyArray<number>, keptErrors: number): EvaluationInput => ({
  plan,
  canary,
  control,
  pre,
  post,
  look: 12,
  isFinal: true,
  units: uids.map((unit, index) => {
    const isCanary = index < canary.length
    const volume = { items: 24_000 + 900 * index, bytes: 9_600_000 + 400_000 * index, errors: 1200 + 40 * index, slow: 60 }
    const factor = isCanary ? canaryBytes[index]! : [1.02, 0.97, 1.05][index - canary.length]!
    const kept = isCanary ? keptErrors : 1
    const delivered = {
      items: Math.round(volume.items * factor),
      bytes: Math.round(volume.bytes * factor),
      errors: Math.round(volume.errors * kept * [1, 0.99, 1, 1, 0.98, 0.99][index]!),
      slow: volume.slow
    }
    const totals = (out: typeof volume) => ({ received: volume, delivered: out, lost: 0 })
    return {
      unit,
      pre: { seconds: 120, subject: totals(volume), whole: totals(volume) },
      post: { seconds: 120, subject: totals(delivered), whole: totals(delivered) }
    }
  })
})

const evaluations = {
  pass: tTest.evaluate(inputOf([0.41, 0.47, 0.44], 1)),
  fail: tTest.evaluate(inputOf([0.5, 0.61, 0.55], 0.31)),
  open: tTest.evaluate(inputOf([0.35, 0.62, 0.85], 1))
}

const condition = (tenant: string) =>
  `resource.attributes["tenant"] == "${tenant}" and span.status.code != STATUS_CODE_ERROR and not IsMatch(span.trace_id.string, "[0-3]$")`

const revisionOf = (id: string, author: Revision["author"], reason: string, createdAt: number): Revision => ({
  id,
  patch: { merge: {}, append: [{ path: ["processors", "filter/storm", "trace_conditions"], value: condition("acme") }] },
  parents: [],
  author,
  reason,
  timeToLiveMillis: plan.timeToLiveMillis,
  createdAt
})

const storm: Finding = {
  id: "baseline/volume/acme/checkout/traces@1",
  detector: "baseline/volume",
  kind: "volume",
  subject: { tenant: "acme", service: "checkout", signal: "traces" },
  score: 0.97,
  since: noon - 6 * minute,
  until: undefined,
  value: 4120,
  expected: 205,
  evidence: Array.from({ length: 300 }, (_, index): readonly [number, number] => {
    const at = noon - (300 - index) * 2 * second
    const wave = 12 * Math.sin(index / 9) + 7 * Math.sin(index / 2.3)
    return [at, at < noon - 6 * minute ? 205 + wave : Math.min(4120, 205 + (at - (noon - 6 * minute)) / 8) + 9 * wave]
  })
}
const errors: Finding = {
  ...storm,
  id: "threshold/errors/globex/payments/traces@1",
  detector: "threshold/errors",
  kind: "error_ratio",
  subject: { tenant: "globex", service: "payments", signal: "traces" },
  score: 0.52,
  since: noon - 40 * minute,
  until: noon - 22 * minute,
  value: 0.081,
  expected: undefined,
  evidence: Array.from({ length: 60 }, (_, index) => [
    noon - 41 * minute + index * 20 * second,
    0.01 + 0.07 * Math.exp(-(((index - 30) / 12) ** 2))
  ])
}

interface Made {
  readonly revision: Revision
  readonly stage: Stage
  readonly evaluation?: Evaluation
  readonly isByRule?: boolean
  readonly rest?: Partial<Rollout>
}

const rolloutOf = ({ revision, stage, evaluation, isByRule = false, rest = {} }: Made): Rollout => ({
  id: revision.id,
  revision,
  patchHash: revision.id.repeat(4),
  plan,
  rule: isByRule ? "storm" : undefined,
  finding: isByRule ? storm.id : undefined,
  subject: isByRule ? storm.subject : undefined,
  stage,
  pausedAt: undefined,
  canary,
  control,
  applied: canary,
  order: 1,
  expiresAt: noon + 54 * minute,
  trial: undefined,
  looks: evaluation === undefined ? 0 : 12,
  evaluation,
  ...rest
})

const byRule = { kind: "rule", name: "storm" } as const
const ada = { kind: "person", name: "ada" } as const
const rollouts: ReadonlyArray<Rollout> = [
  rolloutOf({
    revision: revisionOf("3b0c55e1a9d24f07", ada, "drop spans of health checks", noon - 50 * minute),
    stage: { _tag: "reverted", at: noon - 44 * minute, reason: evaluations.fail.reason },
    evaluation: evaluations.fail
  }),
  rolloutOf({
    revision: revisionOf("9f86d081884c7d65", byRule, "volume of acme/checkout (traces)", noon - 6 * minute),
    stage: { _tag: "promoted", at: noon - minute },
    evaluation: evaluations.pass,
    isByRule: true
  }),
  rolloutOf({
    revision: revisionOf("c2a1f6e07b3d9455", ada, "keep a tenth of the healthy spans of globex", noon - 4 * minute),
    stage: { _tag: "held", until: noon + 56 * minute, reason: evaluations.open.reason },
    evaluation: evaluations.open
  }),
  rolloutOf({
    revision: revisionOf("5e884898da280471", ada, "sample debug logs of initech", noon - 2 * minute),
    stage: { _tag: "observing", deadline: noon + 2 * minute },
    rest: {
      trial: {
        pre: { from: noon - 3 * minute, to: noon - minute },
        post: { from: noon - minute, to: noon + minute },
        nextLook: noon + 8 * second,
        asked: undefined
      }
    }
  }),
  rolloutOf({
    revision: revisionOf("d7a8fbb307d78094", byRule, "error_ratio of globex/payments (traces)", noon - minute),
    stage: { _tag: "proposed", until: noon + 23 * 60 * minute, reason: "its mode is propose" },
    rest: { canary: [], control: [], applied: [], expiresAt: null }
  })
]

const agents: ReadonlyArray<AgentView> = uids.map((instance_uid, index) => ({
  instance_uid,
  status: index === 5 ? "stale" : "online",
  connection: "websocket",
  last_seen_unix_millis: noon - (index === 5 ? 41 : index) * second,
  labels: {
    "service.name": `gateway-${index + 1}`,
    "service.version": "0.1.0",
    "deployment.environment.name": "production",
    "host.name": `edge-${index + 1}.eu-1`
  },
  capabilities: ["ReportsStatus", "AcceptsRemoteConfig", "ReportsEffectiveConfig", "ReportsHealth"],
  accepts_remote_config: true,
  healthy: index !== 5,
  last_error: index === 5 ? "exporter otlp_http/acme: 503 Service Unavailable" : "",
  remote_config:
    index === 4
      ? {
          status: "FAILED",
          hash: "77de68daecd8",
          message: "processors.filter/storm.trace_conditions.1: unknown function IsMach; did you mean IsMatch?"
        }
      : { status: "APPLIED", hash: "2c624232cc5d", message: "" },
  desired_hash: index === 4 ? "77de68daecd8" : "2c624232cc5d",
  revisions: ["9f86d081884c7d65"]
}))

const ratesOf = (share: number): ReadonlyArray<Rates> => [
  {
    tenant: "acme",
    signal: "traces",
    received: { items: 4120 * share, bytes: 1_640_000 * share, errors: 60 * share },
    delivered: { items: 1770 * share, bytes: 705_000 * share, errors: 60 * share },
    dropped: { filtered: 2350 * share }
  },
  {
    tenant: "globex",
    signal: "traces",
    received: { items: 812 * share, bytes: 330_000 * share, errors: 9 * share },
    delivered: { items: 790 * share, bytes: 322_000 * share, errors: 9 * share },
    dropped: { sampled: 18 * share, queue_full: 4 * share }
  },
  {
    tenant: "globex",
    signal: "logs",
    received: { items: 1930 * share, bytes: 402_000 * share, errors: 3 * share },
    delivered: { items: 1930 * share, bytes: 402_000 * share, errors: 3 * share },
    dropped: {}
  },
  {
    tenant: "initech",
    signal: "metrics",
    received: { items: 640 * share, bytes: 88_000 * share, errors: 0 },
    delivered: { items: 640 * share, bytes: 88_000 * share, errors: 0 },
    dropped: {}
  }
]

const window = { from_unix_millis: noon - 13 * second, to_unix_millis: noon - 3 * second }

const pipelines: PipelinesView = {
  window,
  agents: agents.map(({ instance_uid, labels, status }, index) => ({
    instance_uid,
    name: labels["service.name"]!,
    status,
    pipelines: (["traces", "logs"] as const).map((signal) => ({
      id: signal,
      signal,
      healthy: index !== 5,
      components: [
        { kind: "receiver", id: "otlp", healthy: true, status: "StatusOK", last_error: "", flow: null, queue: null },
        { kind: "processor", id: "filter/storm", healthy: true, status: "StatusOK", last_error: "", flow: null, queue: null },
        {
          kind: "exporter",
          id: "otlp_http/acme",
          healthy: index !== 5,
          status: index === 5 ? "StatusRecoverableError" : "StatusOK",
          last_error: index === 5 ? "503 Service Unavailable" : "",
          flow: null,
          queue: {
            size: 40 + 150 * index,
            capacity: 1000,
            held_bytes: 4096 * (40 + 150 * index),
            in_flight: index,
            failed_attempts: index === 5 ? 2 : 0,
            growth: index === 5 ? 1.5 : 0,
            full_in_seconds: index === 5 ? 140 : null
          }
        }
      ]
    })),
    components: { at_unix_millis: noon, reported_seconds: 10 },
    books: index === 5 ? null : { reported_seconds: 10, rates: ratesOf(index < 3 ? 0.13 : 0.3) },
    unknown: index === 5 ? ["books: no observations of it have arrived in the window"] : []
  }))
}

const entries: ReadonlyArray<JournalEntry> = [
  { at: noon - 6 * minute, _tag: "finding", change: "FindingOpened", finding: storm },
  {
    at: noon - 6 * minute + 10 * second,
    _tag: "proposal",
    rollout: "9f86d081884c7d65",
    author: byRule,
    finding: storm.id,
    plan,
    reason: "volume of acme/checkout (traces)",
    waits: undefined
  },
  { at: noon - 6 * minute + 10 * second, _tag: "assignment", rollout: "9f86d081884c7d65", salt: "salt", keys: [], canary, control },
  { at: noon - 6 * minute + 11 * second, _tag: "offer", uid: uids[0]!, document: undefined, revisions: ["9f86d081884c7d65"] },
  { at: noon - 6 * minute + 12 * second, _tag: "status", uid: uids[0]!, revisions: ["9f86d081884c7d65"], status: "APPLIED", message: "" },
  { at: noon - minute, _tag: "verdict", rollout: "9f86d081884c7d65", look: 12, judgement: "pass", reason: evaluations.pass.reason },
  { at: noon - minute, _tag: "action", rollout: "9f86d081884c7d65", stage: "promoting", reason: "the verdict is pass" },
  { at: noon - minute, _tag: "action", rollout: "9f86d081884c7d65", stage: "promoted", reason: "every agent runs it" },
  {
    at: noon - 50 * second,
    _tag: "command",
    command: { _tag: "Pause", id: "1", by: "ada", rollout: "5e884898da280471" }
  },
  { at: noon - 49 * second, _tag: "refusal", about: "1", rollout: "5e884898da280471", reason: "it is paused already" }
]

/** A control plane in the middle of much: made of the loop's own objects, with the evaluator's own verdicts, by the API's own views. */
export const fixture: Fixture = {
  overview: {
    at_unix_millis: noon,
    state: "needs_you",
    reason: `rollout c2a1f6e07b3d9455 is held: ${evaluations.open.reason}`,
    paused: false,
    agents: { total: 6, online: 5, stale: 1, offline: 0, failed: 1, reporting: 5 },
    findings: { open: 1 },
    rollouts: { proposed: 1, running: 1, held: 1, promoted: 1 },
    window,
    rates: ratesOf(1),
    queues: []
  },
  findings: { open: [findingView(storm)], closed: [findingView(errors)] },
  rollouts: rollouts.map(rolloutView),
  agents,
  pipelines,
  journal: entries.map((entry, index) => journalRecordView({ id: index + 1, entry }))
}

/** A control plane to which nobody has ever come. */
export const empty: Fixture = {
  overview: {
    ...fixture.overview,
    state: "calm",
    reason: "nothing lost, nothing found, nothing under way",
    agents: { total: 0, online: 0, stale: 0, offline: 0, failed: 0, reporting: 0 },
    findings: { open: 0 },
    rollouts: { proposed: 0, running: 0, held: 0, promoted: 0 },
    rates: []
  },
  findings: { open: [], closed: [] },
  rollouts: [],
  agents: [],
  pipelines: { window, agents: [] },
  journal: []
}

/** Markup, scripts, characters that reorder, nothing, and much. */
export const hostileNames: ReadonlyArray<string> = [
  "<img src=x onerror=\"document.title='owned'\">",
  "<script>document.title='owned'</script>",
  "javascript:document.title='owned'",
  "${7*7}{{7*7}}",
  "\u202eevil\u202c",
  "a\u200bb\u0000c\u001b[31m",
  "__proto__",
  "constructor",
  "",
  "x".repeat(100_000)
]

/** Everything that the network names, named by somebody who wants harm, and more of it than anybody reads. */
export const hostile: Fixture = {
  ...fixture,
  overview: {
    ...fixture.overview,
    reason: hostileNames[0]!,
    rates: Array.from({ length: 3000 }, (_, index) => ({
      ...fixture.overview.rates[0]!,
      tenant: hostileNames[index] ?? `tenant ${index}`,
      dropped: JSON.parse(`{"__proto__": 1, "constructor": 2, ${JSON.stringify(hostileNames[1])}: 3}`) as Rates["dropped"]
    }))
  },
  findings: {
    open: Array.from({ length: 100 }, (_, index) =>
      findingView({
        ...storm,
        id: String(index),
        kind: hostileNames[index % 10]!,
        subject: { tenant: hostileNames[index % 10]!, service: hostileNames[(index + 1) % 10]!, signal: "traces" },
        evidence: index === 0 ? [] : index === 1 ? [[noon, Number.NaN]] : storm.evidence
      })
    ),
    closed: []
  },
  rollouts: fixture.rollouts.map((rollout) => ({
    ...rollout,
    stage_reason: hostileNames[0]!,
    revision: { ...rollout.revision, reason: hostileNames[1]!, patch: { merge: { [hostileNames[0]!]: hostileNames[9]! }, append: [] } }
  })),
  agents: Array.from({ length: 1000 }, (_, index) => ({
    ...agents[index % 6]!,
    instance_uid: uid(index),
    last_error: hostileNames[index % 10]!,
    labels: JSON.parse(
      `{"service.name": ${JSON.stringify(hostileNames[index % 10])}, "__proto__": "x", ${JSON.stringify(hostileNames[0])}: ${JSON.stringify(hostileNames[1])}}`
    ) as AgentView["labels"]
  })),
  pipelines: {
    window,
    agents: Array.from({ length: 1000 }, (_, index) => ({
      ...pipelines.agents[index % 6]!,
      instance_uid: uid(index),
      name: hostileNames[index % 10]!,
      unknown: [hostileNames[index % 10]!]
    }))
  },
  journal: Array.from({ length: 500 }, (_, index) => ({
    ...fixture.journal[0]!,
    id: index + 1,
    kind: index === 0 ? hostileNames[0]! : "finding",
    rollout: hostileNames[index % 10]!,
    told: hostileNames[index % 10]!
  }))
}
