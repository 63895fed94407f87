import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { builtIn } from "../../../src/layers/BuiltIn.ts"
import { readConfiguration } from "../../../src/layers/cli/ConfigFiles.ts"
import { serve } from "../../../src/layers/cli/Serve.ts"
import { startGateway } from "../../../src/layers/cli/StartGateway.ts"
import * as Component from "../../../src/layers/graph/Component.ts"
import { Components } from "../../../src/layers/graph/Components.ts"

/** A gateway with components that throw while they are made, as a process: `node ThrowingGateway.ts file`. Prints how it ended. */
const thrown = (): never => {
  throw new TypeError("boom\nwith \u001b[31mcolour")
}

const exporter = Component.exporter({
  type: "throwing",
  description: "Throws.",
  signals: ["traces"],
  config: Schema.Struct({}),
  make: thrown
})

const extension = Component.extension({ type: "throwing", description: "Throws.", config: Schema.Struct({}), make: thrown })

const program = serve({
  read: readConfiguration([process.argv[2]!]),
  reloadOnHangUp: false,
  watch: false,
  start: startGateway,
  beside: () => Effect.void
}).pipe(
  Effect.catch(({ code, message }) => Effect.sync(() => process.stdout.write(`${code} ${message}`))),
  Effect.provide(Layer.merge(Components.layer(...builtIn, exporter, extension), NodeServices.layer))
)

await Effect.runPromise(program)
