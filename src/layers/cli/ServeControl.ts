import { isDeepStrictEqual } from "node:util"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ControlSettings } from "../../domain/config/Control.ts"
import { watchingOf } from "../analysis/detectors/Watching.ts"
import * as Control from "../Control.ts"
import * as ControlComponents from "../ControlComponents.ts"
import { formatAddress } from "../graph/Endpoint.ts"
import { addressLines } from "./Addresses.ts"
import { readControl } from "./ControlConfiguration.ts"
import type { CommandFailure } from "./ExitCode.ts"
import { serve } from "./Serve.ts"
import { StartError } from "./StartError.ts"
import { sayReady } from "./Supervise.ts"

/** What a reload cannot change; addresses of the graph (`otlp`, `metrics`, `health`) move, and agents are told. */
const untilRestart = ["opamp", "api", "storage", "auth", "loop"] as const

/** A control plane as a process. A reload takes new detectors and rules; rollouts that run keep their plans. */
export const serveControl = ({ config }: { readonly config: ReadonlyArray<string> }): Effect.Effect<void, CommandFailure> =>
  Effect.suspend(() => {
    let parts: ReturnType<typeof Control.running> | undefined
    let started: ControlSettings | undefined
    return serve({
      read: readControl(config),
      reloadOnHangUp: true,
      watch: false,
      start: (beginning) =>
        Layer.build(Control.layer(beginning)).pipe(
          Effect.map((context) => {
            started = beginning.checked.control
            return (parts = Control.running(context)).gateway
          }),
          Effect.mapError((failure) => {
            if (failure._tag === "SwapError") return failure
            return new StartError(failure._tag === "OpampServerError" ? `control.opamp.endpoint: ${failure.message}` : failure.message)
          })
        ),
      reloaded: (checked) =>
        parts === undefined
          ? Effect.void
          : Effect.all(
              [
                parts.loop.tell({ _tag: "RulesLoaded", rules: checked.weir.rules }),
                parts.watchers.watch(watchingOf(checked)),
                parts.takeObservations(checked.control),
                ...untilRestart
                  .filter((name) => !isDeepStrictEqual(checked.control[name], started![name]))
                  .map((name) => Effect.logWarning(`control.${name} has changed, which counts from the next start on`))
              ],
              { discard: true }
            ),
      beside: (gateway) => {
        const { api, opamp } = parts!
        const line = (what: string, scheme: string, { host, port }: { readonly host: string; readonly port: number }, path: string) =>
          `${what.padEnd(16)} ${scheme}://${formatAddress(host, port)}${path}`
        return Console.log(
          [
            ...addressLines(gateway),
            line("opamp", "ws", opamp.address, "/v1/opamp"),
            line("api", "http", api.address, "/api/v1/openapi.json"),
            line("console", "http", api.address, "/")
          ].join("\n")
        ).pipe(Effect.andThen(sayReady))
      }
    })
  }).pipe(Effect.provide(ControlComponents.layer))
