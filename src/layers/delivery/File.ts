import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { resolve } from "node:path"
import { promisify } from "node:util"
import { zstdCompress } from "node:zlib"
import { ExporterSettings } from "../../domain/config/ExporterSettings.ts"
import { Count, Duration, field, optional } from "../../domain/config/Fields.ts"
import { unsupported } from "../../domain/config/Unsupported.ts"
import { GrpcCode } from "../../domain/GrpcCode.ts"
import { signals } from "../../domain/Signal.ts"
import { ExportError } from "../../streams/ExportError.ts"
import * as Component from "../graph/Component.ts"
import { ComponentError } from "../graph/ComponentError.ts"
import { joined } from "./Gather.ts"
import { jsonText } from "./JsonText.ts"
import { RecordFile, type RecordFileOptions } from "./RecordFile.ts"

const Rotation = Schema.Struct({
  max_megabytes: field(Count, 100, "A file that would grow beyond this many MiB is moved aside and a new one begun; 0 is no limit."),
  max_days: field(Count, 0, "Remove files that were moved aside longer ago; 0 keeps them."),
  max_backups: field(Count, 100, "Keep this many files that were moved aside; 0 keeps all."),
  localtime: field(Schema.Boolean, false, "Names of files that were moved aside carry local time instead of UTC.")
})

const GroupBy = Schema.Struct({
  enabled: field(
    Schema.Boolean.check(
      Schema.makeFilter(
        (enabled) => !enabled || "false: data is not spread over files by attribute; let `routing` choose between several `file` exporters"
      )
    ),
    false,
    "Only off: `routing` to several `file` exporters does the same."
  ),
  resource_attribute: optional(Schema.String, "Accepted, without effect while `enabled` is off."),
  max_open_files: optional(Count, "Accepted, without effect while `enabled` is off.")
})

const isMode = Schema.makeFilter((text: string) => /^0?[0-7]{3}$/.test(text) || 'a mode in octal such as "0755"')

const Config = Schema.Struct({
  path: Schema.String.check(Schema.isMinLength(1)).annotate({ description: "The file that is written to." }),
  format: field(
    Schema.Literals(["json", "proto"]),
    "json",
    "`json`: a line of OTLP/JSON a batch. `proto`: binary, a 4-byte length before each."
  ),
  encoding: unsupported("there are no encoding extensions; `format` says how data is written"),
  group_by: optional(GroupBy, "A file for each value of a resource attribute."),
  append: field(Schema.Boolean, false, "Keep what the file holds at the start. A file that rotates is always kept."),
  rotation: optional(Rotation, "Bounds the file and the number of old ones. Without it the file grows without a limit."),
  compression: field(Schema.Literals(["", "none", "zstd"]), "", "`zstd`: each batch compressed, a 4-byte length before each."),
  flush_interval: field(Duration, "1s", "Accepted, without effect: every batch is written at once."),
  create_directory: field(Schema.Boolean, false, "Make the directory if it is missing."),
  directory_permissions: field(Schema.String.check(isMode), "0755", "Mode of directories that are made.")
})

type Config = typeof Config.Type

/**
 * As the Collector's file exporter there is no queue that answers for the file: a sender is answered when its data is written. A full
 * disk is tried again.
 */
const settings: ExporterSettings = Schema.decodeSync(ExporterSettings)({ sending_queue: { enabled: false, num_consumers: 2 } })

/** The files that are open in this process: all signals, and the next configuration, write through the same one. */
const openFiles = new Map<string, { readonly file: RecordFile; holders: number }>()

const share = (options: RecordFileOptions): RecordFile => {
  let entry = openFiles.get(options.path)
  if (entry === undefined) openFiles.set(options.path, (entry = { file: new RecordFile(options), holders: 0 }))
  else entry.file.configure(options)
  entry.holders++
  return entry.file
}

const release = async (path: string): Promise<void> => {
  const entry = openFiles.get(path)
  if (entry === undefined || --entry.holders > 0) return
  await entry.file.close()
  // It may have been taken up again meanwhile.
  if (entry.holders === 0) openFiles.delete(path)
}

const optionsOf = (config: Config): RecordFileOptions => ({
  path: resolve(config.path),
  framing: isLines(config) ? "lines" : "lengths",
  append: config.append,
  directoryMode: config.create_directory ? Number.parseInt(config.directory_permissions, 8) : undefined,
  rotation:
    config.rotation === undefined
      ? undefined
      : {
          maxBytes: config.rotation.max_megabytes * 1_048_576,
          maxDays: config.rotation.max_days,
          maxBackups: config.rotation.max_backups,
          localTime: config.rotation.localtime
        }
})

const isCompressed = (config: Config): boolean => config.compression === "zstd"
const isLines = (config: Config): boolean => config.format === "json" && !isCompressed(config)

const reasons: { readonly [code: string]: string } = {
  ENOSPC: "no space left on device",
  EDQUOT: "disk quota exceeded",
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EROFS: "read-only file system",
  ENOENT: "no such directory",
  ENOTDIR: "a part of the path is no directory",
  EISDIR: "it is a directory",
  EMFILE: "too many open files"
}

const describe = (error: NodeJS.ErrnoException): string => {
  const reason = reasons[error.code ?? ""]
  return reason === undefined ? error.message : `${reason} (${error.code})`
}

/**
 * The `file` exporter: reads export requests, adds each as one record to a file. Full: rotation, else the disk decides. Fails: a disk
 * that is full or gone is a failure that may pass. Closes: what is pending is written first.
 */
export const file = Component.exporter<Config>({
  type: "file",
  description: "Writes to a file: OTLP JSON lines, or length-delimited protobuf; bounded and rotating where `rotation` is set.",
  signals,
  config: Config,
  settings: () => settings,
  make: (config, context) =>
    Effect.gen(function* () {
      const options = optionsOf(config)
      const target = yield* acquire(options, context.id)
      return (request) => Effect.flatMap(encode(config, request), (record) => write(target, options.path, record))
    })
})

const acquire = (options: RecordFileOptions, id: string): Effect.Effect<RecordFile, ComponentError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => share(options)),
    () => Effect.promise(() => release(options.path))
  ).pipe(
    Effect.tap((target) =>
      Effect.tryPromise({
        try: () => target.open(),
        catch: (error) =>
          new ComponentError({
            component: id,
            path: ["path"],
            message: `cannot write to ${options.path}: ${describe(error as NodeJS.ErrnoException)}`
          })
      })
    )
  )

const write = (target: RecordFile, path: string, record: ReadonlyArray<Uint8Array>): Effect.Effect<Component.Exported, ExportError> =>
  Effect.callback((resume) => {
    const withdraw = target.add(record, (error) =>
      resume(
        error === undefined
          ? Effect.succeed({ rejected: 0 })
          : Effect.fail(
              new ExportError({
                retryable: true,
                message: `cannot write to ${path}: ${describe(error)}`,
                code: GrpcCode.UNAVAILABLE,
                retryAfterMillis: 1000
              })
            )
      )
    )
    return Effect.sync(withdraw)
  })

const compress = promisify(zstdCompress)

/** The record of a request, in parts that share no memory with it: an interruption does not stop a write that has begun. */
const encode = (config: Config, request: Component.ExportRequest): Effect.Effect<ReadonlyArray<Uint8Array>, ExportError> =>
  Effect.gen(function* () {
    let body = config.format === "json" ? yield* jsonText(request) : [yield* joined(request.chunks)]
    if (isLines(config)) return [...body, newline]
    if (isCompressed(config)) {
      const whole = body.length === 1 ? body[0]! : yield* joined(body)
      body = [yield* Effect.promise(() => compress(whole))]
    }
    const head = Buffer.alloc(4)
    head.writeUInt32BE(body.reduce((size, part) => size + part.length, 0))
    return [head, ...body]
  })

const newline = Uint8Array.of(10)
