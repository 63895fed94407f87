import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { builtIn } from "../BuiltIn.ts"
import type { Gateway } from "../Gateway.ts"
import { Components } from "../graph/Components.ts"
import { addressLines } from "./Addresses.ts"
import { readConfiguration } from "./ConfigFiles.ts"
import { defaultConfiguration } from "./DefaultConfiguration.ts"
import type { CommandFailure } from "./ExitCode.ts"
import { serve } from "./Serve.ts"
import { startGateway } from "./StartGateway.ts"
import { sayReady } from "./Supervise.ts"
import { summaries } from "./Summary.ts"

const hint = (gateway: Gateway["Service"]): string => {
  const http = gateway.addresses().find(({ protocol }) => protocol === "http")
  return http === undefined ? "" : `\nSet in your application: OTEL_EXPORTER_OTLP_ENDPOINT=http://${http.address}`
}

export const upGateway = ({ config }: { readonly config: ReadonlyArray<string> }): Effect.Effect<void, CommandFailure> =>
  serve({
    read: readConfiguration(config, [defaultConfiguration]),
    reloadOnHangUp: false,
    watch: false,
    start: startGateway,
    beside: (gateway) =>
      Console.log(`${addressLines(gateway).join("\n")}${hint(gateway)}`).pipe(
        Effect.andThen(sayReady),
        Effect.andThen(summaries(gateway.balance))
      )
  }).pipe(Effect.provide(Components.layer(...builtIn)))
