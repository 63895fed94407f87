import { readFileSync, rmSync, symlinkSync } from "node:fs"
import * as fs from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Writable } from "node:stream"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { GrpcCode } from "../../src/domain/GrpcCode.ts"

import { debug, make as makeDebug } from "../../src/layers/delivery/Debug.ts"
import { file } from "../../src/layers/delivery/File.ts"
import { otlpGrpc } from "../../src/layers/delivery/OtlpGrpc.ts"
import { otlpHttp } from "../../src/layers/delivery/OtlpHttp.ts"
import { type Exporter, exporter, type ExporterSpec, type Push } from "../../src/layers/graph/Component.ts"
import { ExportError } from "../../src/streams/ExportError.ts"
import { type BackendBehaviour, type ContractBackend, exporterContract, type ExporterContractOptions } from "../../src/testing.ts"
import { Backend, type Behaviour, hang, ok, permanent, unavailable } from "../support/Backend.ts"
import { decode, itemsOf } from "../support/Otlp.ts"

const scripts: { readonly [B in BackendBehaviour]: Behaviour } = {
  succeeds: ok,
  "fails transiently": unavailable,
  "fails permanently": permanent,
  "is slow": { _tag: "slow", millis: 30 },
  hangs: hang
}

/** A backend on a real socket whose items are counted by code that is not Weir's. */
const otlpBackend = (protocol: "http" | "grpc"): ExporterContractOptions => ({
  backend: Effect.acquireRelease(
    Effect.promise(async () => {
      let received = 0
      const backend = await Backend.start({
        protocol,
        onDelivery: ({ signal, bytes }) => {
          received += itemsOf(signal, decode(signal, bytes)).length
        }
      })
      return { backend, received: () => received }
    }),
    ({ backend }) => Effect.promise(() => backend.kill())
  ).pipe(
    Effect.map(({ backend, received }): ContractBackend => ({
      config: { endpoint: backend.endpoint, tls: { insecure: true } },
      behave: (behaviour) => {
        backend.behaviour = scripts[behaviour]
      },
      received
    }))
  )
})

/** A disk that is full at first: the path leads to the device that never has room, later to a file. */
const disk: ExporterContractOptions = {
  backend: Effect.gen(function* () {
    const folder = yield* Effect.acquireRelease(
      Effect.promise(() => fs.mkdtemp(join(tmpdir(), "weir-contract-"))),
      (path) => Effect.promise(() => fs.rm(path, { recursive: true }))
    )
    const path = join(folder, "link")
    const lines = join(folder, "lines")
    return {
      config: { path, append: true },
      behave: (behaviour) => {
        rmSync(path, { force: true })
        symlinkSync(behaviour === "fails transiently" ? "/dev/full" : lines, path)
      },
      received: () =>
        readFileSync(lines, { encoding: "utf8", flag: "a+" })
          .split("\n")
          .reduce((sum, line) => sum + [...line.matchAll(/"n","value":/g)].length, 0)
    } satisfies ContractBackend
  }),
  never: {
    "fails permanently": "a disk that is full or gone may come back",
    "is slow": "how long a write takes is the system's affair",
    hangs: "a write of the system always ends"
  }
}

/** The console is a stream of ours. */
const terminal = (): readonly [Exporter, ExporterContractOptions] => {
  const spec = debug as unknown as ExporterSpec<Parameters<typeof makeDebug>[0]>
  const streams = new Map<number, Writable>()
  const component = exporter<Parameters<typeof makeDebug>[0]>({
    ...spec,
    make: (config, { id, signal }) => Effect.succeed(makeDebug(config, id, signal, streams.get(config.sampling_initial)!))
  })
  const backend = Effect.sync((): ContractBackend => {
    let received = 0
    let behaviour: BackendBehaviour = "succeeds"
    let held: (() => void) | undefined
    const stream = new Writable({
      write: (chunk, _encoding, done) => {
        const take = (): void => {
          received += Number(/"(?:spans|data points|log records)": ?(\d+)/.exec(String(chunk))![1])
          done()
        }
        if (behaviour === "hangs") held = take
        else if (behaviour === "is slow") setTimeout(take, 30)
        else take()
      }
    })
    // Its number is how `make` finds the stream of its case.
    const number = 1_000_000 + streams.size
    streams.set(number, stream)
    return {
      config: { sampling_initial: number },
      behave: (next) => {
        behaviour = next
        held?.()
        held = undefined
      },
      received: () => received
    }
  })
  return [
    component,
    { backend, never: { "fails transiently": "a console refuses nothing", "fails permanently": "a console refuses nothing" } }
  ]
}

/** An exporter of a user: into a warehouse that is asked by promises, and can be told to stop. */
class Warehouse {
  behaviour: BackendBehaviour = "succeeds"
  received = 0

  async store(items: number, abort: AbortSignal): Promise<void> {
    if (this.behaviour === "hangs") {
      await new Promise((_, reject) => abort.addEventListener("abort", () => reject(new Error("told to stop"))))
    }
    if (this.behaviour === "is slow") await new Promise((resolve) => setTimeout(resolve, 30))
    if (this.behaviour === "fails transiently") throw new Error("later")
    if (this.behaviour === "fails permanently") throw new Error("never")
    this.received += items
  }
}

const isTransient = (error: unknown): boolean => (error as Error).message === "later"
const errorOf = (error: unknown) => new ExportError({ retryable: isTransient(error), message: String(error), code: GrpcCode.INTERNAL })

/** A custom exporter, with its own way to send, and the options of its contract. */
const custom = (push: (warehouse: Warehouse) => Push): readonly [Exporter, ExporterContractOptions] => {
  const warehouses = new Map<string, Warehouse>()
  const component = exporter<{ readonly name: string }>({
    type: "warehouse",
    description: "An exporter of a user.",
    signals: ["traces"],
    config: Schema.Struct({ name: Schema.String }),
    make: ({ name }) => Effect.succeed(push(warehouses.get(name)!))
  })
  const backend = Effect.sync((): ContractBackend => {
    const warehouse = new Warehouse()
    const name = `${warehouses.size}`
    warehouses.set(name, warehouse)
    return {
      config: { name },
      behave: (behaviour) => {
        warehouse.behaviour = behaviour
      },
      received: () => warehouse.received
    }
  })
  return [component, { backend }]
}

const wellBehaved =
  (warehouse: Warehouse): Push =>
  (request) =>
    Effect.tryPromise({ try: (abort) => warehouse.store(request.items, abort), catch: errorOf }).pipe(Effect.as({ rejected: 0 }))

const all: ReadonlyArray<readonly [Exporter, ExporterContractOptions]> = [
  [otlpGrpc, otlpBackend("grpc")],
  [otlpHttp, otlpBackend("http")],
  [file, disk],
  terminal(),
  custom(wellBehaved)
]

describe.concurrent("exporters keep their contract", () => {
  for (const [component, options] of all) {
    for (const { name, run } of exporterContract(component, options)) it.live(name, () => run)
  }
})

/** The breaches of the first case of a backend that behaves so. */
const breaches = (behaviour: BackendBehaviour, push: (warehouse: Warehouse) => Push) => {
  const [component, options] = custom(push)
  const { run } = exporterContract(component, options).find(({ name }) => name.includes(behaviour))!
  return Effect.map(Effect.flip(run), (violation) => violation.breaches.join("\n"))
}

describe.concurrent("the kit notices", () => {
  it.live("a failure that may pass, taken for one that does not", () =>
    Effect.gen(function* () {
      const found = yield* breaches(
        "fails transiently",
        (warehouse) => (request) =>
          Effect.mapError(wellBehaved(warehouse)(request), ({ message, code }) => new ExportError({ retryable: false, message, code }))
      )
      assert.match(found, /\d+ items were taken and \d+ delivered/)
    })
  )

  it.live("success that the backend does not know of", () =>
    Effect.gen(function* () {
      const found = yield* breaches(
        "fails permanently",
        (warehouse) => (request) => Effect.orElseSucceed(wellBehaved(warehouse)(request), () => ({ rejected: 0 }))
      )
      assert.include(found, "but the backend has acknowledged 0")
    })
  )

  it.live(
    "an attempt that cannot be stopped",
    () =>
      Effect.gen(function* () {
        const found = yield* breaches(
          "hangs",
          (warehouse) => (request) =>
            Effect.uninterruptible(
              Effect.tryPromise({ try: () => warehouse.store(request.items, AbortSignal.any([])), catch: errorOf }).pipe(
                Effect.as({ rejected: 0 })
              )
            )
        )
        assert.include(found, "an attempt without an answer did not end")
      }),
    600_000
  )
})
