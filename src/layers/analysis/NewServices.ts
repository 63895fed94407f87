import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { field, Positive } from "../../domain/config/Fields.ts"
import { signals } from "../../domain/Signal.ts"
import { Tap } from "../../streams/Tap.ts"
import { processor } from "../graph/Component.ts"
import { ServiceNames } from "./ServiceNames.ts"

const Config = Schema.Struct({
  max_services: field(Positive, 1000, "Names that are remembered; later ones are not told.")
})

const intervalMillis = 250
const pendingNames = 100

/**
 * Says once, in the log, which services send: a line when a `service.name` is first seen.
 *
 * Reads the resources of each batch and passes the batch on untouched. The log is written beside the path; names that come in faster
 * than it is written are lost, batches never wait.
 */
export const newServices = processor<typeof Config.Type>({
  type: "new_services",
  description: "Logs a line the first time a service.name is seen; passes everything on untouched.",
  signals,
  config: Config,
  make: ({ max_services }, { signal }) =>
    Effect.gen(function* () {
      const names = new ServiceNames(max_services)
      const tap = new Tap<string>(pendingNames)
      const onNew = (name: string) => tap.observe(name)
      const tell = (seen: ReadonlyArray<string>) =>
        Effect.forEach(seen, (name) => Effect.logInfo(`new service ${JSON.stringify(name)} sends ${signal}`), { discard: true })
      yield* Effect.forkScoped(tap.run(intervalMillis, tell))
      return {
        _tag: "Pure",
        process: (batch) => {
          names.observe(batch, onNew)
          return batch
        }
      }
    })
})
