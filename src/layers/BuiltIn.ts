import { opamp } from "./actuation/agent/OpampExtension.ts"
import { forward } from "./analysis/connectors/Forward.ts"
import { routing } from "./analysis/connectors/Routing.ts"
import { baseline } from "./analysis/detectors/Baseline.ts"
import { threshold } from "./analysis/detectors/Threshold.ts"
import { newServices } from "./analysis/NewServices.ts"
import { batch } from "./analysis/processors/Batch.ts"
import { filter } from "./analysis/processors/Filter.ts"
import { memoryLimiter } from "./analysis/processors/MemoryLimiter.ts"
import { probabilisticSampler } from "./analysis/processors/ProbabilisticSampler.ts"
import { transform } from "./analysis/processors/Transform.ts"
import { debug } from "./delivery/Debug.ts"
import { file } from "./delivery/File.ts"
import { otlpGrpc } from "./delivery/OtlpGrpc.ts"
import { otlpHttp } from "./delivery/OtlpHttp.ts"
import { observe } from "./extensions/Observe.ts"
import { healthCheck } from "./extensions/HealthCheck.ts"
import type { Component } from "./graph/Component.ts"
import { otlpReceiver } from "./ingest/OtlpReceiver.ts"

/** The components that come with Weir. They are added with `Components.layer(...builtIn)`, the way custom ones are. */
export const builtIn: ReadonlyArray<Component> = [
  otlpReceiver,
  batch,
  filter,
  memoryLimiter,
  newServices,
  probabilisticSampler,
  transform,
  forward,
  routing,
  debug,
  file,
  otlpGrpc,
  otlpHttp,
  healthCheck,
  observe,
  opamp,
  baseline,
  threshold
]
