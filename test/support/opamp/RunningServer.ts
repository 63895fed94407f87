import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { Fleet, type FleetOptions } from "../../../src/control/fleet/Fleet.ts"
import { FleetStore } from "../../../src/control/fleet/FleetStore.ts"
import { OpampServer } from "../../../src/layers/actuation/opamp/OpampServer.ts"
import type { OpampServerOptions } from "../../../src/layers/actuation/opamp/OpampServerOptions.ts"

/** A server on a free port of this machine, with its fleet. */
export class RunningServer implements AsyncDisposable {
  readonly fleet: Fleet["Service"]
  readonly server: OpampServer["Service"]
  private readonly scope: Scope.Closeable

  private constructor(context: Context.Context<Fleet | OpampServer>, scope: Scope.Closeable) {
    this.fleet = Context.get(context, Fleet)
    this.server = Context.get(context, OpampServer)
    this.scope = scope
  }

  static async start(options: Partial<OpampServerOptions> = {}, fleet: Partial<FleetOptions> = {}): Promise<RunningServer> {
    const layer = OpampServer.layer({ endpoint: { host: "127.0.0.1", port: 0 }, ...options }).pipe(
      Layer.provideMerge(Fleet.layer(fleet)),
      Layer.provide(FleetStore.layerMemory)
    )
    const scope = Scope.makeUnsafe()
    return new RunningServer(await Effect.runPromise(Layer.buildWithScope(layer, scope)), scope)
  }

  get port(): number {
    return this.server.address.port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/v1/opamp`
  }

  stop(): Promise<void> {
    return Effect.runPromise(Scope.close(this.scope, Exit.void))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
