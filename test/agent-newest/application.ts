// An application as a user has it, on whichever SDK is installed beside it. Prints what it has seen as one line of JSON.
import * as api from "@opentelemetry/api"
import { startAgent } from "../../src/agent.ts"

const agent = startAgent({
  service: { name: "checkout", namespace: "shop" },
  endpoint: process.argv[2]!,
  sampling: { probability: 0.5 },
  limits: { flushMillis: 10 }
})

const tracer = api.trace.getTracer("application")
const thousand = (): number => {
  let kept = 0
  for (let i = 0; i < 1000; i++) {
    const span = tracer.startSpan("work")
    if (span.isRecording()) kept++
    span.end()
  }
  return kept
}
const half = thousand()
const applied = agent.apply('{"sampling":{"probability":0.1}}')
const tenth = thousand()
agent.apply('{"sampling":{"probability":1}}')
const isContextKept = await tracer.startActiveSpan("parent", async (parent) => {
  await new Promise(setImmediate)
  const isActive = api.trace.getActiveSpan() === parent
  tracer.startSpan("child").end()
  parent.end()
  return isActive
})

// The logs API came into the API package with its release 1.10.
const { logs } = api as unknown as { readonly logs: typeof import("@opentelemetry/api-logs").logs }
logs.getLogger("application").emit({ severityNumber: 9, body: "paid" })
api.metrics.getMeter("application").createCounter("payments").add(3)
await agent.shutdown()
console.log(
  JSON.stringify({
    sdk: agent.resource.attributes["telemetry.sdk.version"],
    applied,
    half,
    tenth,
    isContextKept,
    isOver: !api.trace.getTracer("late").startSpan("late").isRecording(),
    dropped: agent.dropped()
  })
)
