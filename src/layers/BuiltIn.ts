import { newServices } from "./analysis/NewServices.ts"
import { debug } from "./delivery/Debug.ts"
import { file } from "./delivery/File.ts"
import { healthCheck } from "./extensions/HealthCheck.ts"
import type { Component } from "./graph/Component.ts"
import { otlpReceiver } from "./ingest/OtlpReceiver.ts"

/** The components that come with Weir. They are added with `Components.layer(...builtIn)`, the way custom ones are. */
export const builtIn: ReadonlyArray<Component> = [otlpReceiver, newServices, debug, file, healthCheck]
