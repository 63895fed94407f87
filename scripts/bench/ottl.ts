// `node bin/node.js scripts/bench/ottl.ts`: CPU nanoseconds per span of OTTL over bytes, bytes in to bytes out. All rows run one after
// another in one process, so type feedback is as polluted as in a gateway; each row is the median of five samples.
import { compileFilter, compileStatements } from "../../src/domain/ottl/Compile.ts"
import { format } from "../../src/domain/ottl/OttlError.ts"
import { Plan, PlanFailure } from "../../src/domain/ottl/Plan.ts"
import { encode } from "../../test/support/Otlp.ts"

const resources = 4
const scopes = 2
const spansPerScope = 125
const samples = 5
const sampleMillis = 250

const text = (key: string, stringValue: string) => ({ key, value: { stringValue } })
const int = (key: string, intValue: number) => ({ key, value: { intValue } })
let counter = 0
const span = () => {
  const n = ++counter
  return {
    traceId: Buffer.alloc(16, n & 255),
    spanId: Buffer.alloc(8, n & 255),
    parentSpanId: Buffer.alloc(8, 1),
    name: `GET /api/v1/users/${n}`,
    kind: 1 + (n % 5),
    startTimeUnixNano: "1790000000000000001",
    endTimeUnixNano: "1790000000123456789",
    attributes: [
      text("http.request.method", ["GET", "POST", "PUT"][n % 3]!),
      int("http.response.status_code", 200 + (n % 3)),
      text("url.path", `/api/v1/users/${n}`),
      text("server.address", "shop.example.com"),
      int("server.port", 8080),
      text("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64)"),
      text("client.address", "10.20.30.40"),
      text("session.id", `session-${n}`),
      { key: "sampled", value: { boolValue: true } },
      { key: "ratio", value: { doubleValue: 0.25 } }
    ],
    events: [{ timeUnixNano: "1790000000000000005", name: "exception", attributes: [text("exception.type", "IOError")] }],
    status: { code: n % 3 === 0 ? 2 : 1 }
  }
}
const bytes = encode("traces", {
  resourceSpans: Array.from({ length: resources }, (_, r) => ({
    resource: { attributes: [text("service.name", `service-${r}`), text("tenant", `tenant-${r}`), text("host.name", "host-1")] },
    scopeSpans: Array.from({ length: scopes }, () => ({
      scope: { name: "scope", version: "1" },
      spans: Array.from({ length: spansPerScope }, span)
    }))
  }))
})
const spans = resources * scopes * spansPerScope

const repeat = (count: number, statement: (i: number) => string): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, i) => statement(i))
const method = 'span.attributes["http.request.method"]'
const path = 'span.attributes["url.path"]'
const status = 'span.attributes["http.response.status_code"]'
const mixed = (i: number): string =>
  [
    `set(span.attributes["x${i}"], "v") where ${method} == "DELETE${i}"`,
    `set(span.attributes["x${i}"], "v") where span.kind == 7 or (${method} == "GET" and ${status} == ${i}) or not (span.name != "x")`,
    `set(span.attributes["x${i}"], "v") where ${status} > ${500 + i}`,
    `set(span.attributes["x${i}"], "v") where span.attributes["absent${i}"] == "v"`,
    `set(span.attributes["x${i}"], "v") where IsMatch(${path}, "^/static/${i}")`
  ][i % 5]!

const rows: Record<string, ReadonlyArray<string>> = {}
for (const n of [1, 10, 50, 200]) {
  rows[`== string, false: ${n}`] = repeat(n, (i) => `set(span.attributes["x"], "v") where ${method} == "DELETE${i}"`)
  rows[`== string, absent keys: ${n}`] = repeat(n, (i) => `set(span.attributes["x"], "v") where span.attributes["absent${i}"] == "v"`)
  rows[`int >, false: ${n}`] = repeat(n, (i) => `set(span.attributes["x"], "v") where ${status} > ${500 + i}`)
  rows[`IsMatch anchored, false: ${n}`] = repeat(n, (i) => `set(span.attributes["x"], "v") where IsMatch(${path}, "^/static/${i}")`)
  rows[`mixed, false: ${n}`] = repeat(n, mixed)
}
Object.assign(rows, {
  "set 1": ['set(span.attributes["new"], "value")'],
  "delete 1": ['delete_key(span.attributes, "session.id")'],
  "set + delete": ['set(span.attributes["new"], "value")', 'delete_key(span.attributes, "session.id")'],
  "set 5 + delete 5": [
    ...repeat(5, (i) => `set(span.attributes["new${i}"], "value")`),
    ...["session.id", "server.port", "client.address", "sampled", "ratio"].map((key) => `delete_key(span.attributes, "${key}")`)
  ],
  "set 10": repeat(10, (i) => `set(span.attributes["new${i}"], "value")`),
  "keep_keys 3 of 10": ['keep_keys(span.attributes, ["http.request.method", "url.path", "http.response.status_code"])'],
  "truncate_all 8": ["truncate_all(span.attributes, 8)"],
  "name = Concat of 2": [`set(span.name, Concat([${method}, ${path}], " "))`],
  "status.code on 1/3": ["set(span.status.code, 0) where span.status.code == 2"],
  replace_pattern: [`replace_pattern(${path}, "/[0-9]+", "/{id}")`],
  SHA256: ['set(span.attributes["session.id"], SHA256(span.attributes["session.id"]))'],
  "span attribute from resource": ['set(span.attributes["service"], resource.attributes["service.name"])']
})

/** Median CPU nanoseconds per span. */
const measure = (plan: Plan): number => {
  const once = (): void => {
    const result = plan.run([bytes])
    if (result instanceof PlanFailure) throw new Error(result.message)
    result?.lease.release()
  }
  for (let i = 0; i < 20; i++) once()
  const results: Array<number> = []
  for (let sample = 0; sample < samples; sample++) {
    const before = process.cpuUsage()
    const started = performance.now()
    let runs = 0
    while (performance.now() - started < sampleMillis) {
      for (let i = 0; i < 10; i++) once()
      runs += 10
    }
    const { system, user } = process.cpuUsage(before)
    results.push(((user + system) * 1000) / (runs * spans))
  }
  return results.sort((a, b) => a - b)[samples >> 1]!
}

const only = process.argv[2]
console.log(`${spans} spans, ${Math.round(bytes.length / spans)} bytes each; CPU ns per span`)
const show = (name: string, plan: ReturnType<typeof compileStatements>): void => {
  if (only !== undefined && !name.includes(only)) return
  if (!(plan instanceof Plan)) throw new Error(plan.map(format).join("\n"))
  console.log(`${name.padEnd(34)} ${Math.round(measure(plan)).toString().padStart(6)}`)
}
for (const [name, statements] of Object.entries(rows))
  show(name, compileStatements("traces", [{ conditions: [], statements, errorMode: "ignore" }]))
show("filter: 1 of 5 by kind", compileFilter("traces", [{ conditions: ["span.kind == 3"], errorMode: "ignore" }]))
show("filter: by resource", compileFilter("traces", [{ conditions: ['resource.attributes["tenant"] == "tenant-1"'], errorMode: "ignore" }]))
