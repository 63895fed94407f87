// `node bin/node.js scripts/bench/codec.ts [--seconds S]`: CPU-seconds per million items of what the codec does with a request of 1000
// spans of about 530 bytes (10 attributes, 1 event; 4 resources, 8 scopes), and of 100. User time of this process, the best of five.
import { parseArgs } from "node:util"
import { encodeAttribute } from "../../src/domain/otlp/AnyValue.ts"
import { Keys } from "../../src/domain/otlp/Attributes.ts"
import { cut } from "../../src/domain/otlp/Cut.ts"
import { deleteAttribute, setAttribute } from "../../src/domain/otlp/EditFields.ts"
import { editItems, filterItems } from "../../src/domain/otlp/EditItems.ts"
import { Edits } from "../../src/domain/otlp/Edits.ts"
import { Groups } from "../../src/domain/otlp/Groups.ts"
import { intake } from "../../src/domain/otlp/Intake.ts"
import { FIRST_ATTRIBUTE, Traces } from "../../src/domain/otlp/Traces.ts"
import { validate } from "../../src/domain/otlp/Validator.ts"
import { SlabPool } from "../../src/domain/SlabPool.ts"
import { encode } from "../../test/support/otlp/Reference.ts"
import { Random } from "../../test/support/otlp/Random.ts"

const { values } = parseArgs({ options: { seconds: { type: "string" } } })
const secondsPerRow = Number(values.seconds ?? 0.5)

const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } })

const payload = (spans: number): Uint8Array => {
  const rng = new Random(1)
  const resources = spans >= 1000 ? 4 : 1
  return encode("traces", {
    resourceSpans: Array.from({ length: resources }, () => ({
      resource: { attributes: ["service.name", "host.name", "k8s.pod.name", "tenant"].map((key) => attribute(key, `value-of-${key}`)) },
      scopeSpans: Array.from({ length: 2 }, () => ({
        scope: { name: "@opentelemetry/instrumentation-http", version: "0.57.0" },
        spans: Array.from({ length: spans / resources / 2 }, () => ({
          traceId: rng.bytes(16),
          spanId: rng.bytes(8),
          parentSpanId: rng.bytes(8),
          name: `GET /api/v1/users/${rng.below(1000)}`,
          kind: 2,
          startTimeUnixNano: "1700000000123456789",
          endTimeUnixNano: "1700000000223456789",
          attributes: [
            attribute("http.request.method", "GET"),
            attribute("url.scheme", "https"),
            attribute("url.path", `/api/v1/users/${rng.below(1000)}`),
            attribute("server.address", "users.example.com"),
            attribute("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64)"),
            attribute("network.protocol.version", "1.1"),
            attribute("client.address", `10.0.${rng.below(256)}.${rng.below(256)}`),
            attribute("session.id", "1f0e3dad-9990-4a4c-8d34-cd5f0a9a3f1b"),
            { key: "http.response.status_code", value: { intValue: rng.pick([200, 404, 500]) } },
            { key: "server.port", value: { intValue: 443 } }
          ],
          events: [
            {
              timeUnixNano: "1700000000123456999",
              name: "exception",
              attributes: [attribute("exception.type", "Error"), attribute("x", "y")]
            }
          ],
          status: { code: 1 },
          flags: 257
        }))
      }))
    }))
  })
}

const view = new Traces()
const groups = new Groups("traces")
const pool = new SlabPool()
const edits = new Edits()
const added = encodeAttribute(9, "deployment.environment.name", "production")
const addedAt = edits.addConstant(added)
const missing = new Keys(["missing.attribute"])
const wanted = new Keys(["session.id"])
const environment = new Keys(["deployment.environment.name"])

const finish = (): number => {
  const { bytes, lease } = edits.rebuild(pool)
  lease.release()
  return bytes.length
}

const find = (keys: Keys, item: number, end: number): void => {
  const first = view.spans.data[item * view.spans.width + FIRST_ATTRIBUTE]!
  keys.find(view.bytes, first < 0 ? end : first, end, 9)
}

const rows: { readonly [name: string]: (bytes: Uint8Array) => unknown } = {
  "intake, lengths": (bytes) => intake("traces", bytes, { tenantKey: "tenant", validate: "lengths" }),
  "validate full": (bytes) => validate("traces", bytes),
  "index of groups": (bytes) => groups.index(bytes),
  "index of spans": (bytes) => view.index(bytes),
  "index + probe of an absent attribute": (bytes) => {
    view.index(bytes)
    edits.begin(bytes)
    return editItems(view, edits, (item, _start, end) => {
      find(missing, item, end)
      return true
    })
  },
  "index + delete an attribute of every span": (bytes) => {
    view.index(bytes)
    edits.begin(bytes)
    editItems(view, edits, (item, _start, end) => {
      find(wanted, item, end)
      deleteAttribute(edits, wanted, 0)
      return true
    })
    return finish()
  },
  "index + set a new attribute on every span": (bytes) => {
    view.index(bytes)
    edits.begin(bytes)
    editItems(view, edits, (item, _start, end) => {
      find(environment, item, end)
      setAttribute(edits, environment, 0, end, addedAt, addedAt + added.length)
      return true
    })
    return finish()
  },
  "index + drop every fifth span": (bytes) => {
    view.index(bytes)
    edits.begin(bytes)
    filterItems(view, edits, (item) => item % 5 !== 0)
    return finish()
  },
  "cut in three": (bytes) => cut("traces", [bytes], { maxItems: Math.ceil(view.items / 3), maxBytes: 0 })
}

const measure = (run: (bytes: Uint8Array) => unknown, bytes: Uint8Array, spans: number): number => {
  let best = Infinity
  for (let sample = 0; sample < 5; sample++) {
    const before = process.cpuUsage()
    const deadline = performance.now() + (secondsPerRow * 1000) / 5
    let times = 0
    while (performance.now() < deadline) {
      for (let i = 0; i < 20; i++) run(bytes)
      times += 20
    }
    const used = process.cpuUsage(before)
    best = Math.min(best, (used.user + used.system) / (times * spans))
  }
  return best
}

console.log(`${"CPU-seconds per million spans".padEnd(46)}  100 spans  1000 spans  a request`)
const payloads = [100, 1000].map((spans) => [payload(spans), spans] as const)
for (const [name, run] of Object.entries(rows)) {
  const cells = payloads.map(([bytes, spans]) => {
    view.index(bytes)
    return measure(run, bytes, spans).toFixed(3)
  })
  console.log(`${name.padEnd(46)}  ${cells[0]!.padStart(9)}  ${cells[1]!.padStart(10)}`)
}
