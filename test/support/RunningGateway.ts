/** A gateway of Layers in this process: its books can be read between any two events. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import { stringify } from "yaml"
import type { Checked } from "../../src/domain/config/Checked.ts"
import { load } from "../../src/domain/config/Load.ts"
import { Source } from "../../src/domain/config/Source.ts"
import { begin } from "../../src/layers/Beginning.ts"
import { builtIn } from "../../src/layers/BuiltIn.ts"
import { startGateway } from "../../src/layers/cli/StartGateway.ts"
import { composer } from "../../src/layers/Composer.ts"
import { Gateway } from "../../src/layers/Gateway.ts"
import type { Component } from "../../src/layers/graph/Component.ts"
import { Components } from "../../src/layers/graph/Components.ts"

/** The registry of built-in components. */
export const components = Effect.runSync(
  Effect.scoped(Effect.map(Layer.build(Components.layer(...builtIn)), (context) => Context.get(context, Components)))
)

/** What `weir run` makes of a file with this content; fails with everything that is wrong in it. */
export const checked = (configuration: unknown): Checked<Component> => {
  const source = new Source("test.yaml", typeof configuration === "string" ? configuration : stringify(configuration))
  const lookups = { env: (name: string) => process.env[name], file: () => ({ problem: "tests read no files" }) }
  const result = load([source], lookups, components)
  if (Result.isFailure(result)) throw new Error(result.failure.map(({ message }) => message).join("\n"))
  return result.success.checked
}

export class RunningGateway {
  readonly service: Gateway["Service"]
  private readonly scope: Scope.Closeable

  private constructor(service: Gateway["Service"], scope: Scope.Closeable) {
    this.service = service
    this.scope = scope
  }

  static async start(configuration: unknown): Promise<RunningGateway> {
    const scope = Scope.makeUnsafe()
    const built = Layer.build(Gateway.layer(checked(configuration))).pipe(Scope.provide(scope))
    return new RunningGateway(Context.get(await Effect.runPromise(built), Gateway), scope)
  }

  /** The same from a text, as `weir run` starts it: with what was sent to it earlier, and ready to take more. */
  static async begin(text: string): Promise<RunningGateway> {
    const scope = Scope.makeUnsafe()
    const lookups = { env: (name: string) => process.env[name], file: () => ({ problem: "tests read no files" }) }
    const beginning = await Effect.runPromise(
      Effect.provideService(begin(composer([new Source("own.yaml", text)], lookups, components)), Components, components)
    )
    return new RunningGateway(await Effect.runPromise(Scope.provide(startGateway(beginning), scope)), scope)
  }

  /** Fails with the reason, and leaves everything as it was, where the configuration is wrong or cannot be had. */
  async swap(configuration: unknown): Promise<void> {
    await Effect.runPromise(this.service.swap(checked(configuration)))
  }

  /** The orderly stop: drains, then ends. */
  stop(): Promise<void> {
    return Effect.runPromise(Scope.close(this.scope, Exit.void))
  }
}
