import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { ComponentStore } from "../../../src/control/evidence/ComponentStore.ts"
import { ObservationStore } from "../../../src/control/evidence/ObservationStore.ts"
import { Loop } from "../../../src/control/loop/Loop.ts"
import { ApiServer } from "../../../src/layers/api/ApiServer.ts"
import { begin } from "../../../src/layers/Beginning.ts"
import { readControl } from "../../../src/layers/cli/ControlConfiguration.ts"
import * as ControlComponents from "../../../src/layers/ControlComponents.ts"
import * as Control from "../../../src/layers/Control.ts"

/** A whole control plane on free ports of this machine, with a storage of its own. */
export class RunningControl implements AsyncDisposable {
  readonly loop: Loop["Service"]
  readonly store: ObservationStore["Service"]
  readonly components: ComponentStore["Service"]
  readonly api: string
  readonly apiPort: number
  readonly opampPort: number
  private readonly scope: Scope.Closeable
  private readonly folder: string

  private constructor(
    context: Context.Context<ApiServer | Loop | ObservationStore | ComponentStore>,
    opampPort: number,
    scope: Scope.Closeable,
    folder: string
  ) {
    this.loop = Context.get(context, Loop)
    this.store = Context.get(context, ObservationStore)
    this.components = Context.get(context, ComponentStore)
    this.apiPort = Context.get(context, ApiServer).address.port
    this.api = `http://127.0.0.1:${this.apiPort}/api/v1`
    this.opampPort = opampPort
    this.scope = scope
    this.folder = folder
  }

  static async start(options: { readonly tokens?: ReadonlyArray<string>; readonly apiAddress?: string } = {}): Promise<RunningControl> {
    const folder = mkdtempSync(join(tmpdir(), "weir-api-"))
    const file = join(folder, "control.yaml")
    const any = "127.0.0.1:0"
    const settings = {
      opamp: { endpoint: any },
      api: { endpoint: options.apiAddress ?? any },
      otlp: { endpoint: any },
      metrics: { endpoint: any },
      health: { endpoint: any },
      storage: { directory: join(folder, "data") },
      auth: { api: (options.tokens ?? []).map((token) => ({ token })) }
    }
    writeFileSync(file, JSON.stringify({ control: settings }))
    const scope = Scope.makeUnsafe()
    const program = Effect.gen(function* () {
      const { compose } = yield* readControl([file])
      const context = yield* Layer.build(Control.layer(yield* begin(compose)))
      return Context.merge(context, yield* Effect.context<ObservationStore | ComponentStore>())
    })
    try {
      const context = await Effect.runPromise(
        program.pipe(Effect.provide(ControlComponents.layer), Effect.provideService(Scope.Scope, scope))
      )
      const { opamp } = Control.running(context)
      return new RunningControl(context, opamp.address.port, scope, folder)
    } catch (cause) {
      await Effect.runPromise(Scope.close(scope, Exit.void))
      rmSync(folder, { recursive: true, force: true })
      throw cause
    }
  }

  get(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`${this.api}${path}`, init)
  }

  // oxlint-disable-next-line typescript/no-explicit-any
  async json(path: string): Promise<any> {
    return (await this.get(path)).json()
  }

  post(path: string, body: unknown, headers: { readonly [name: string]: string } = {}): Promise<Response> {
    return this.get(path, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) })
  }

  async stop(): Promise<void> {
    await Effect.runPromise(Scope.close(this.scope, Exit.void))
    rmSync(this.folder, { recursive: true, force: true })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
