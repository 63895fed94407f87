import * as Schema from "effect/Schema"
import * as Result from "effect/Result"
import type { Verdict } from "../../../src/domain/config/Check.ts"
import type { ComponentType, Registry } from "../../../src/domain/config/ComponentType.ts"
import { ExporterSettings } from "../../../src/domain/config/ExporterSettings.ts"
import type { Lookups } from "../../../src/domain/config/Expand.ts"
import { Duration, field, optional, Positive, section } from "../../../src/domain/config/Fields.ts"
import { load } from "../../../src/domain/config/Load.ts"
import { formatProblems, type Problem } from "../../../src/domain/config/Problem.ts"
import { Source } from "../../../src/domain/config/Source.ts"
import { signals } from "../../../src/domain/Signal.ts"

const Listener = Schema.Struct({ endpoint: field(Schema.String, "localhost:4317", "Address.") })

/** Stand-ins with the shapes that real components have: nested optional sections, exporter settings, aliases, one signal only. */
const all: ReadonlyArray<ComponentType> = [
  {
    kind: "receiver",
    type: "otlp",
    signals,
    config: Schema.Struct({
      protocols: section(Schema.Struct({ grpc: optional(Listener, "gRPC."), http: optional(Listener, "HTTP.") }), "Protocols.")
    })
  },
  { kind: "receiver", type: "log_only", signals: ["logs"], config: Schema.Struct({}) },
  {
    kind: "processor",
    type: "batch",
    signals,
    config: Schema.Struct({ timeout: field(Duration, "200ms", "Wait."), send_batch_size: field(Positive, 8192, "Size.") })
  },
  { kind: "connector", type: "forward", signals, config: Schema.Struct({}) },
  {
    kind: "exporter",
    type: "otlp_http",
    aliases: ["otlphttp"],
    signals,
    config: Schema.Struct({
      endpoint: Schema.String,
      headers: field(Schema.Record(Schema.String, Schema.String), {}, "Headers."),
      ...ExporterSettings.fields
    })
  },
  {
    kind: "exporter",
    type: "debug",
    signals,
    config: Schema.Struct({ verbosity: field(Schema.Literals(["basic", "normal"]), "basic", "How much.") })
  },
  {
    kind: "exporter",
    type: "broken",
    signals,
    config: Schema.Struct({ endpoint: Schema.String }).check(
      Schema.makeFilter((): boolean => {
        throw new RangeError("the stack ends")
      })
    )
  },
  { kind: "extension", type: "health_check", config: Schema.Struct({ endpoint: field(Schema.String, "localhost:13133", "Address.") }) }
]

export const registry: Registry<ComponentType> = {
  all,
  find: (kind, type) => all.find((one) => one.kind === kind && (one.type === type || one.aliases?.includes(type)))
}

export const lookups = (env: Record<string, string> = {}, files: Record<string, string> = {}): Lookups => ({
  env: (name) => (Object.hasOwn(env, name) ? env[name] : undefined),
  file: (path) => (Object.hasOwn(files, path) ? { text: files[path]! } : { problem: "no such file" })
})

export const loadTexts = (texts: ReadonlyArray<string>, from = lookups()): Result.Result<Verdict<ComponentType>, ReadonlyArray<Problem>> =>
  load(
    texts.map((text, i) => new Source(texts.length === 1 ? "weir.yaml" : `${i + 1}.yaml`, text)),
    from,
    registry
  )

/** The verdict on a configuration that has to be right. */
export const valid = (text: string, from = lookups()): Verdict<ComponentType> => {
  const result = loadTexts([text], from)
  if (Result.isFailure(result)) throw new Error(formatProblems(result.failure))
  return result.success
}

/** The problems of a configuration that has to be wrong, as they are printed. */
export const report = (...texts: ReadonlyArray<string>): string => {
  const result = loadTexts(texts)
  if (Result.isSuccess(result)) throw new Error("the configuration was accepted")
  return formatProblems(result.failure)
}
