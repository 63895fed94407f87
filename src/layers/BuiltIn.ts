import { newServices } from "./analysis/NewServices.ts"
import { healthCheck } from "./extensions/HealthCheck.ts"
import type { Component } from "./graph/Component.ts"

/** The components that come with Weir. They are added with `Components.layer(...builtIn)`, the way custom ones are. */
export const builtIn: ReadonlyArray<Component> = [newServices, healthCheck]
