import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { builtIn } from "../BuiltIn.ts"
import { Components } from "../graph/Components.ts"
import { addressLines } from "./Addresses.ts"
import { readConfiguration } from "./ConfigFiles.ts"
import type { CommandFailure } from "./ExitCode.ts"
import { serve } from "./Serve.ts"
import { startGateway } from "./StartGateway.ts"

export const runGateway = (options: {
  readonly config: ReadonlyArray<string>
  readonly watch: boolean
}): Effect.Effect<void, CommandFailure> =>
  serve({
    read: readConfiguration(options.config),
    reloadOnHangUp: true,
    watch: options.watch,
    start: startGateway,
    beside: (gateway) => Console.log(addressLines(gateway).join("\n"))
  }).pipe(Effect.provide(Components.layer(...builtIn)))
