import { spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { zstdDecompressSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { noMetadata } from "../../../src/domain/Batch.ts"
import { Books } from "../../../src/domain/Books.ts"
import { fromJson } from "../../support/otlp/fromJson.ts"
import { toJson } from "../../../src/domain/otlp/json/ToJson.ts"
import { type Signal, signals } from "../../../src/domain/Signal.ts"
import { file } from "../../../src/layers/delivery/File.ts"
import { RecordFile } from "../../../src/layers/delivery/RecordFile.ts"
import type { ExportRequest } from "../../../src/layers/graph/Component.ts"
import { ComponentError } from "../../../src/layers/graph/ComponentError.ts"
import { ExportError } from "../../../src/streams/ExportError.ts"
import { randomRequest } from "../../support/otlp/Payloads.ts"
import { Random } from "../../support/otlp/Random.ts"
import { Registry } from "../../../src/layers/telemetry/Registry.ts"

const directory = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(join(tmpdir(), "weir-file-"))),
  (path) => Effect.sync(() => fs.rmSync(path, { recursive: true }))
)

const open = (config: object, signal: Signal = "traces") =>
  file.make(Schema.decodeSync(file.config)(config) as never, { id: "file/x", books: new Books(), telemetry: new Registry(), signal })

const requestOf = (signal: Signal, bytes: Uint8Array): ExportRequest => ({
  signal,
  tenant: "default",
  metadata: noMetadata,
  chunks: [bytes],
  items: 1,
  sizeBytes: bytes.length
})

const linesOf = (path: string): ReadonlyArray<string> => {
  const text = fs.readFileSync(path, "utf8")
  assert.isTrue(text === "" || text.endsWith("\n"), "a half line at the end")
  return text.split("\n").slice(0, -1)
}

/** The records of a file with a length before each. */
const recordsOf = (path: string): ReadonlyArray<Buffer> => {
  const bytes = fs.readFileSync(path)
  const records: Array<Buffer> = []
  for (let pos = 0; pos < bytes.length;) {
    const end = pos + 4 + bytes.readUInt32BE(pos)
    records.push(bytes.subarray(pos + 4, end))
    pos = end
    assert.isAtMost(pos, bytes.length, "a half record at the end")
  }
  return records
}

const utf8 = (text: string) => new TextEncoder().encode(text)
const log = (text: string) =>
  fromJson(
    "logs",
    utf8(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":${JSON.stringify(text)}}}]}]}]}`)
  ) as Uint8Array
const textIn = (line: string): string => /"stringValue":"(\w+)/.exec(line)![1]!

describe("file", () => {
  it.live("keeps every batch of every signal, as a line each, however many come at once", () =>
    Effect.gen(function* () {
      const path = join(yield* directory, "out.json")
      const rng = new Random(1)
      const expected: Array<string> = []
      yield* Effect.scoped(
        Effect.gen(function* () {
          for (const signal of signals) {
            const push = yield* open({ path }, signal)
            const requests = Array.from({ length: 40 }, () => randomRequest(signal, rng))
            for (const bytes of requests) expected.push(new TextDecoder().decode(toJson(signal, [bytes]) as Uint8Array))
            const exported = yield* Effect.forEach(requests, (bytes) => push(requestOf(signal, bytes)), { concurrency: 10 })
            assert.isTrue(exported.every(({ rejected }) => rejected === 0))
          }
        })
      )
      assert.deepStrictEqual(linesOf(path).toSorted(), expected.toSorted())
    })
  )

  it.live("writes protobuf, or zstd, with a length before each record", () =>
    Effect.gen(function* () {
      const folder = yield* directory
      const rng = new Random(2)
      const requests = Array.from({ length: 20 }, () => randomRequest("logs", rng))
      const write = (config: object) =>
        Effect.scoped(
          Effect.flatMap(open(config, "logs"), (push) =>
            Effect.forEach(requests, (bytes) => push(requestOf("logs", bytes)), { discard: true })
          )
        )
      yield* write({ path: join(folder, "a"), format: "proto" })
      assert.deepStrictEqual(
        recordsOf(join(folder, "a")).map((record) => Buffer.from(record)),
        requests.map((bytes) => Buffer.from(bytes))
      )
      yield* write({ path: join(folder, "b"), format: "proto", compression: "zstd" })
      assert.deepStrictEqual(
        recordsOf(join(folder, "b")).map((record) => zstdDecompressSync(record)),
        requests.map((bytes) => Buffer.from(bytes))
      )
      yield* write({ path: join(folder, "c"), compression: "zstd" })
      for (const record of recordsOf(join(folder, "c"))) JSON.parse(zstdDecompressSync(record).toString())
    })
  )

  it.live("begins anew at each start, or goes on where `append` says so", () =>
    Effect.gen(function* () {
      const path = join(yield* directory, "out.json")
      const write = (text: string, append: boolean) =>
        Effect.scoped(Effect.flatMap(open({ path, append }, "logs"), (push) => push(requestOf("logs", log(text)))))
      yield* write("a", false)
      yield* write("b", true)
      assert.deepStrictEqual(linesOf(path).map(textIn), ["a", "b"])
      yield* write("c", false)
      assert.deepStrictEqual(linesOf(path).map(textIn), ["c"])
    })
  )

  it.live("shares the file with the next configuration while both stand", () =>
    Effect.gen(function* () {
      const path = join(yield* directory, "out.json")
      const [old, next] = [yield* Scope.make(), yield* Scope.make()]
      const before = yield* Scope.provide(open({ path }, "logs"), old)
      yield* before(requestOf("logs", log("a")))
      const after = yield* Scope.provide(open({ path, rotation: {} }, "logs"), next)
      yield* Effect.all([before(requestOf("logs", log("b"))), after(requestOf("logs", log("c")))], { concurrency: 2 })
      yield* Scope.close(old, Exit.void)
      yield* after(requestOf("logs", log("d")))
      yield* Scope.close(next, Exit.void)
      assert.deepStrictEqual(linesOf(path).map(textIn), ["a", "b", "c", "d"])
    })
  )

  it.live("cuts off what a killed process had written by half", () =>
    Effect.gen(function* () {
      const folder = yield* directory
      const path = join(folder, "out.json")
      const write = (config: object, text: string) =>
        Effect.scoped(Effect.flatMap(open({ append: true, ...config }, "logs"), (push) => push(requestOf("logs", log(text)))))
      yield* write({ path }, "a")
      for (const half of ['{"resourceLogs":[{"sco', "x".repeat(200_000)]) {
        fs.appendFileSync(path, half)
        yield* write({ path }, "b")
      }
      assert.deepStrictEqual(linesOf(path).map(textIn), ["a", "b", "b"])
      fs.writeFileSync(path, "x".repeat(200_000))
      yield* write({ path }, "c")
      assert.deepStrictEqual(linesOf(path).map(textIn), ["c"])

      const binary = join(folder, "out.bin")
      yield* write({ path: binary, format: "proto" }, "a")
      for (const half of [Buffer.from([0, 0, 1]), Buffer.from([0, 0, 1, 0, 7, 7])]) {
        fs.appendFileSync(binary, half)
        yield* write({ path: binary, format: "proto" }, "b")
      }
      assert.strictEqual(recordsOf(binary).length, 3)
    })
  )

  it.live("has everything that it had confirmed when it was killed", () =>
    Effect.gen(function* () {
      const path = join(yield* directory, "out.json")
      for (let round = 0; round < 3; round++) {
        const child = spawn(process.execPath, [new URL("FileWriter.ts", import.meta.url).pathname, path, `r${round}n`], {
          stdio: ["ignore", "pipe", "inherit"]
        })
        let confirmed = ""
        yield* Effect.callback<void>((resume) => {
          child.stdout.on("data", (chunk: Buffer) => {
            confirmed += chunk.toString()
            if (confirmed.length > 4000) {
              child.kill("SIGKILL")
              resume(Effect.void)
            }
          })
        })
        yield* Effect.promise(async () => {
          if (child.exitCode === null && child.signalCode === null) await once(child, "exit")
        })
        yield* Effect.scoped(Effect.asVoid(open({ path, append: true }, "logs")))
        const kept = new Set(linesOf(path).map(textIn))
        const told = confirmed.split("\n").slice(0, -1)
        assert.isAbove(told.length, 100)
        for (const text of told) assert.isTrue(kept.has(text), text)
      }
    })
  )

  it.live("stays within the bounds of its rotation, and keeps the newest", () =>
    Effect.gen(function* () {
      const folder = yield* directory
      const path = join(folder, "out.json")
      const rotation = { max_megabytes: 1, max_backups: 2 }
      fs.writeFileSync(join(folder, "out-mine.json"), "not a backup")
      const write = (from: number, to: number) =>
        Effect.scoped(
          Effect.flatMap(open({ path, rotation }, "logs"), (push) =>
            Effect.forEach(
              Array.from({ length: to - from }, (_, i) => `n${from + i}x${"y".repeat(100_000)}`),
              (text) => push(requestOf("logs", log(text))),
              { concurrency: 3, discard: true }
            )
          )
        )
      yield* write(0, 35)
      yield* write(35, 60)
      const files = fs
        .readdirSync(folder)
        .filter((name) => name !== "out-mine.json")
        .sort()
      assert.strictEqual(files.length, 3)
      for (const name of files.slice(0, 2)) assert.match(name, /^out-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}\.json$/)
      for (const name of files) assert.isAtMost(fs.statSync(join(folder, name)).size, 1_048_576)
      const numbers = files.flatMap((name) => linesOf(join(folder, name)).map((line) => Number(/"n(\d+)x/.exec(line)![1])))
      assert.deepStrictEqual(
        numbers,
        Array.from({ length: numbers.length }, (_, i) => 60 - numbers.length + i)
      )
      assert.isAbove(numbers.length, 20)
      assert.isTrue(fs.existsSync(join(folder, "out-mine.json")))
    })
  )

  it.live("removes backups that are too old", () =>
    Effect.gen(function* () {
      const folder = yield* directory
      const path = join(folder, "out.json")
      const backup = (date: string) => join(folder, `out-${date}T00-00-00.000.json`)
      fs.writeFileSync(backup("2020-01-01"), "old")
      fs.writeFileSync(backup("2999-01-01"), "new")
      yield* Effect.scoped(Effect.asVoid(open({ path, rotation: { max_days: 7 } })))
      assert.isFalse(fs.existsSync(backup("2020-01-01")))
      assert.isTrue(fs.existsSync(backup("2999-01-01")))
    })
  )

  it.live("says at the start what is wrong with the path", () =>
    Effect.gen(function* () {
      const folder = yield* directory
      const missing = join(folder, "a", "b", "out.json")
      const failure = yield* Effect.flip(Effect.scoped(open({ path: missing })))
      assert.instanceOf(failure, ComponentError)
      assert.deepStrictEqual(failure.path, ["path"])
      assert.strictEqual(failure.message, `cannot write to ${missing}: no such directory (ENOENT)`)
      assert.include((yield* Effect.flip(Effect.scoped(open({ path: folder })))).message, "it is a directory (EISDIR)")
      yield* Effect.scoped(Effect.asVoid(open({ path: missing, create_directory: true, directory_permissions: "0700" })))
      assert.strictEqual(fs.statSync(join(folder, "a")).mode & 0o777, 0o700)
    })
  )

  it.live("tells of a full disk as a failure that may pass", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const push = yield* open({ path: "/dev/full" }, "logs")
        const failure = yield* Effect.flip(push(requestOf("logs", log("a"))))
        assert.instanceOf(failure, ExportError)
        assert.isTrue(failure.retryable)
        assert.strictEqual(failure.message, "cannot write to /dev/full: no space left on device (ENOSPC)")
      })
    )
  )

  it.live("comes back when the path is writable again", () =>
    Effect.gen(function* () {
      const folder = join(yield* directory, "sub")
      const path = join(folder, "out.json")
      const push = yield* open({ path, create_directory: true, rotation: { max_megabytes: 1 } }, "logs")
      const large = log("a".repeat(700_000))
      yield* push(requestOf("logs", large))
      fs.renameSync(folder, `${folder}-gone`)
      fs.writeFileSync(folder, "in the way")
      const failure = yield* Effect.flip(push(requestOf("logs", large)))
      assert.isTrue(failure.retryable)
      fs.rmSync(folder)
      yield* push(requestOf("logs", large))
      assert.strictEqual(linesOf(path).length, 1)
    })
  )

  it.live("refuses malformed bytes for good", () =>
    Effect.gen(function* () {
      const push = yield* open({ path: join(yield* directory, "out.json") }, "logs")
      const failure = yield* Effect.flip(push(requestOf("logs", Uint8Array.of(0x0a, 9))))
      assert.isFalse(failure.retryable)
    })
  )

  it.live("does not write what was withdrawn while it waited", () =>
    Effect.gen(function* () {
      const path = join(yield* directory, "out.json")
      const target = new RecordFile({ path, framing: "lines", append: false, rotation: undefined, directoryMode: undefined })
      const outcomes: Array<string> = []
      const add = (text: string) => target.add([utf8(text), utf8("\n")], (error) => outcomes.push(`${text} ${error?.code ?? "written"}`))
      add("a")
      const withdraw = add("b")
      add("c")
      withdraw()
      yield* Effect.promise(() => target.close())
      assert.deepStrictEqual(linesOf(path), ["a", "c"])
      assert.deepStrictEqual(outcomes, ["a written", "c written"])
    })
  )
})
