import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ExporterSettings } from "../../domain/config/ExporterSettings.ts"
import { Count, field, optional } from "../../domain/config/Fields.ts"
import { GrpcCode } from "../../domain/GrpcCode.ts"
import { slices } from "../../domain/otlp/Slices.ts"
import { Malformed } from "../../domain/otlp/Malformed.ts"
import { toJson } from "../../domain/otlp/json/ToJson.ts"
import { type Signal, signals } from "../../domain/Signal.ts"
import { ExportError } from "../../streams/ExportError.ts"
import { turns } from "../../streams/Turns.ts"
import * as Component from "../graph/Component.ts"
import { countGroups } from "./DebugCount.ts"
import { detailedText } from "./DebugDetailed.ts"
import { normalText } from "./DebugNormal.ts"
import { Place } from "./DebugPlace.ts"
import type { Json } from "./DebugValue.ts"

const Config = Schema.Struct({
  verbosity: field(
    Schema.Literals(["basic", "normal", "detailed"]),
    "basic",
    "`basic`: a line with counts a batch. `normal`: a line an item as well. `detailed`: every field."
  ),
  sampling_initial: field(Count, 2, "Batches that are written in each second, at first."),
  sampling_thereafter: field(Count, 1, "Then every so many; 1 writes all, 0 none."),
  use_internal_logger: field(Schema.Boolean, true, "Write to standard error, as the log does; else to standard output."),
  output_paths: optional(Schema.Unknown, "Accepted, without effect: see `use_internal_logger`.")
})

type Config = typeof Config.Type

/** As in the Collector there is no queue: a sender is answered when its batch has been written. */
const settings: ExporterSettings = Schema.decodeSync(ExporterSettings)({
  sending_queue: { enabled: false, num_consumers: 1 },
  retry_on_failure: { enabled: false }
})

/** Lets the first batches of each second through, and then every n-th. */
export class Sampler {
  private readonly initial: number
  private readonly thereafter: number
  private second = -1
  private count = 0

  constructor(initial: number, thereafter: number) {
    this.initial = initial
    this.thereafter = thereafter
  }

  passes(nowMillis: number): boolean {
    const second = Math.floor(nowMillis / 1000)
    if (second !== this.second) {
      this.second = second
      this.count = 0
    }
    const beyond = ++this.count - this.initial
    return beyond <= 0 || (this.thereafter > 0 && beyond % this.thereafter === 0)
  }
}

const titles: { readonly [S in Signal]: string } = { traces: "Traces", metrics: "Metrics", logs: "Logs" }

/** Writes text and waits until the stream has taken it, so that a slow terminal slows the exporter, not the memory. */
const print = (stream: NodeJS.WritableStream, text: string): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    stream.write(text, () => resume(Effect.void))
  })

/** What is parsed and written before others have a turn: a few milliseconds. */
const pieceLimits = { maxItems: 256, maxBytes: 64 << 10, maxFields: 1024, maxRepeated: Infinity } as const

/** A request that is no larger is one piece, and shows its empty groups too. */
const isSmall = ({ items, sizeBytes }: Component.ExportRequest): boolean =>
  items <= pieceLimits.maxItems && sizeBytes <= pieceLimits.maxBytes

const malformed = (message: string): ExportError => new ExportError({ retryable: false, message, code: GrpcCode.INVALID_ARGUMENT })

/** The text of a request, a piece a turn. */
function* pieces(request: Component.ExportRequest, textOf: typeof normalText): Generator<string | undefined, ExportError | undefined> {
  const { signal, chunks, items, sizeBytes } = request
  const place = new Place()
  const whole = [{ chunks, items, sizeBytes, continued: 0 }]
  const steps = isSmall(request) ? whole.values() : slices(signal, chunks, pieceLimits)
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return step.value === undefined || step.value === "whole" ? undefined : malformed("no well-formed OTLP")
    if (step.value === undefined) yield undefined
    else {
      const json = toJson(signal, step.value.chunks)
      if (json instanceof Malformed) return malformed(String(json))
      yield textOf(signal, JSON.parse(new TextDecoder().decode(json)) as Json, step.value.continued, place)
    }
  }
}

/**
 * The `debug` exporter: reads export requests, writes what is in them to the console, as the Collector does; of large ones a bounded
 * piece a turn, between which the console may show lines of others. Full: it waits for the console. Fails: on bytes that are no OTLP, for
 * good. Closes: there is nothing to close.
 */
export const make = (
  config: Config,
  id: string,
  signal: Signal,
  stream: NodeJS.WritableStream,
  now: () => number = Date.now
): Component.Push => {
  const sampler = new Sampler(config.sampling_initial, config.sampling_thereafter)
  const about = { "otelcol.component.id": id, "otelcol.component.kind": "exporter", "otelcol.signal": signal }
  const textOf = config.verbosity === "normal" ? normalText : detailedText
  return (request) =>
    Effect.gen(function* () {
      const millis = now()
      if (!sampler.passes(millis)) return taken
      const start = `${new Date(millis).toISOString()}\tinfo\t`
      let text = `${start}${titles[signal]}\t${JSON.stringify({ ...about, ...countGroups(signal, request.chunks, request.items) })}\n`
      if (config.verbosity !== "basic") {
        text += start
        const steps = pieces(request, textOf)
        let step = steps.next()
        for (let isFirst = true; step.done !== true; step = steps.next(), isFirst = false) {
          if (!isFirst) {
            yield* print(stream, text)
            text = ""
            yield* turns.pause
          }
          text += step.value ?? ""
        }
        if (step.value !== undefined) return yield* Effect.fail(step.value)
        text += `\t${JSON.stringify(about)}\n`
      }
      yield* print(stream, text)
      return taken
    })
}

const taken: Component.Exported = { rejected: 0 }

export const debug = Component.exporter<Config>({
  type: "debug",
  description: "Writes to the console what it is given: counts, a line an item, or every field.",
  signals,
  config: Config,
  settings: () => settings,
  make: (config, { id, signal }) => Effect.succeed(make(config, id, signal, config.use_internal_logger ? process.stderr : process.stdout))
})
