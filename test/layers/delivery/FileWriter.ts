// A process that writes numbered records with the `file` exporter until it is killed, and prints each that was confirmed.
import { writeSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { noMetadata } from "../../../src/domain/Batch.ts"
import { Books } from "../../../src/domain/Books.ts"
import { fromJson } from "../../support/otlp/fromJson.ts"
import { file } from "../../../src/layers/delivery/File.ts"
import { Registry } from "../../../src/layers/telemetry/Registry.ts"

const [path, prefix] = process.argv.slice(2)

const program = Effect.scoped(
  Effect.gen(function* () {
    const config = yield* Schema.decodeEffect(file.config)({ path, append: true })
    const push = yield* file.make(config as never, { id: "file", books: new Books(), telemetry: new Registry(), signal: "logs" })
    for (let i = 0; ; i += 4) {
      const texts = [i, i + 1, i + 2, i + 3].map((number) => `${prefix}${number}`)
      yield* Effect.forEach(
        texts,
        (text) => {
          const json = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"${text} ${"z".repeat(2000)}"}}]}]}]}`
          const bytes = fromJson("logs", new TextEncoder().encode(json)) as Uint8Array
          const request = {
            signal: "logs",
            tenant: "default",
            metadata: noMetadata,
            chunks: [bytes],
            items: 1,
            sizeBytes: bytes.length
          } as const
          return Effect.andThen(
            push(request),
            Effect.sync(() => writeSync(1, `${text}\n`))
          )
        },
        { concurrency: 4, discard: true }
      )
    }
  })
)

Effect.runFork(program)
