import { assert, describe, it } from "@effect/vitest"
import { type Standing, topLines } from "../../../../src/layers/cli/client/TopView.ts"

const rate = (items: number) => ({ items, bytes: items * 100, errors: 0 })

const standing: Standing = {
  overview: {
    at_unix_millis: 60_000,
    state: "needs_you",
    reason: "rollout r is proposed: it is to be approved",
    paused: true,
    agents: { total: 3, online: 2, stale: 1, offline: 0, failed: 0, reporting: 2 },
    findings: { open: 2 },
    rollouts: { proposed: 1, running: 0, held: 0, promoted: 0 },
    window: { from_unix_millis: 0, to_unix_millis: 10_000 },
    rates: [
      { tenant: "acme\u001b[2J", signal: "traces", received: rate(1234.5), delivered: rate(1000), dropped: { sampled: 200, queue_full: 4 } }
    ],
    queues: [
      {
        instance_uid: "0192f0c1",
        exporter: "otlp/eu\u001b[2J",
        signal: "traces",
        size: 900,
        capacity: 1000,
        held_bytes: 450_000,
        in_flight: 2,
        failed_attempts: 1.5,
        growth: 10,
        full_in_seconds: 10
      },
      {
        instance_uid: "0192f0c1",
        exporter: "file",
        signal: "logs",
        size: 3,
        capacity: null,
        held_bytes: 10,
        in_flight: 0,
        failed_attempts: null,
        growth: 0,
        full_in_seconds: null
      }
    ]
  },
  findings: [0.2, 0.9].map((score) => ({
    id: `f${score}`,
    detector: "baseline/volume",
    kind: "volume",
    subject: { tenant: "acme", service: "checkout", signal: "traces" },
    score,
    since_unix_millis: 30_000,
    until_unix_millis: null,
    value: 1,
    expected: null,
    evidence: []
  })),
  rollouts: []
}

describe("weir top", () => {
  it("shows the word, the counts, the rates and drops, the fullest queues, and the worst finding first", () => {
    assert.deepStrictEqual(topLines(standing, { width: 200, isColoured: false }), [
      "NEEDS YOU  rollout r is proposed: it is to be approved",
      "agents 2 online, 1 stale, 0 offline, 0 failed; 2 report",
      "findings 2 open; rollouts 1 proposed, 0 running, 0 held, 0 in force; THE LOOP IS PAUSED",
      "",
      "TENANT         SIGNAL  IN/s  OUT/s  IN kB/s  OUT kB/s  DROPPED/s",
      "acme\\u001b[2J  traces  1235  1000   123.5    100       sampled 200, queue_full 4",
      "",
      "QUEUE OF          SIGNAL  AGENT     SIZE  CAPACITY  HELD kB  FAILED/s  FULL IN",
      "otlp/eu\\u001b[2J  traces  0192f0c1  900   1000      450      1.5       10 s",
      "file              logs    0192f0c1  3               0.01",
      "",
      "finding  volume of acme/checkout (traces), score 0.9, for 30 s",
      "finding  volume of acme/checkout (traces), score 0.2, for 30 s"
    ])
  })

  it("is never wider than the terminal, and colours the word alone", () => {
    const lines = topLines(standing, { width: 30, isColoured: true })
    assert.strictEqual(lines[0], "\u001b[33mNEEDS YOU\u001b[0m  rollout r is propo…")
    for (const line of lines.slice(1)) assert.isAtMost(line.length, 30)
  })
})
