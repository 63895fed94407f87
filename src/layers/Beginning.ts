import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Checked } from "../domain/config/Checked.ts"
import { isNoRemote, noRemote, type RemoteLayer } from "../domain/config/Overlay.ts"
import { formatProblems, type Problem } from "../domain/config/Problem.ts"
import { type Compose, remoteSources } from "./Composer.ts"
import { ConfigurationError } from "./ConfigurationError.ts"
import type { Component } from "./graph/Component.ts"
import { Components } from "./graph/Components.ts"

/** What a gateway begins with. */
export interface Beginning {
  readonly checked: Checked<Component>
  readonly warnings: ReadonlyArray<Problem>
  readonly compose: Compose
  readonly components: ReadonlyArray<Component>
  readonly remote: RemoteLayer
}

/**
 * The own configuration, with what was received in an earlier life on top if it still fits; what no longer fits is logged and left out,
 * since a gateway that starts without it is worth more than one that does not start.
 */
export const begin = (compose: Compose): Effect.Effect<Beginning, ConfigurationError, Components> =>
  Effect.gen(function* () {
    const components = (yield* Components).all
    const own = compose(noRemote)
    if (Result.isFailure(own)) return yield* new ConfigurationError({ message: formatProblems(own.failure) })
    const remote = remoteSources(own.success.checked).find(({ remembered }) => !isNoRemote(remembered))?.remembered ?? noRemote
    const whole = isNoRemote(remote) ? own : compose(remote)
    if (Result.isSuccess(whole)) return { ...whole.success, compose, components, remote }
    yield* Effect.logError(
      `the configuration that was received earlier does not fit any more and is left out:\n${formatProblems(whole.failure)}`
    )
    return { ...own.success, compose, components, remote: noRemote }
  })
