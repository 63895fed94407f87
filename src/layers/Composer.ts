import * as Result from "effect/Result"
import type { Checked } from "../domain/config/Checked.ts"
import { compose, type Composed } from "../domain/config/Compose.ts"
import type { Lookups } from "../domain/config/Expand.ts"
import { isNoRemote, noRemote, type RemoteLayer } from "../domain/config/Overlay.ts"
import type { Problem } from "../domain/config/Problem.ts"
import { Source } from "../domain/config/Source.ts"
import type { Component, Extension, RemoteSource } from "./graph/Component.ts"
import type { Components } from "./graph/Components.ts"

/** The gateway's own configuration with what was sent from afar on top. */
export type Compose = (remote: RemoteLayer) => Result.Result<Composed<Component>, ReadonlyArray<Problem>>

/**
 * Composes from these sources. What sent text may look up is said by the extensions that take it, in the own configuration. Problems with
 * it are told to those who sent it, so they do not show the lines of the own files.
 */
export const composer =
  (own: ReadonlyArray<Source>, lookups: Lookups, registry: Components["Service"]): Compose =>
  (remote) => {
    const unshown = own.map(({ name, text }) => new Source(name, text, { hidden: true }))
    const alone = compose(own, lookups, noRemote, lookups, registry)
    if (isNoRemote(remote) || Result.isFailure(alone)) return alone
    return compose(unshown, lookups, remote, restricted(lookups, remoteSources(alone.success.checked)), registry)
  }

/** The extensions of a configuration that take configuration from afar. */
export const remoteSources = (checked: Checked<Component>): ReadonlyArray<RemoteSource> =>
  checked.components.flatMap(({ component, config }) => {
    const remote = component.kind === "extension" ? (component as Extension).remote : undefined
    return remote === undefined ? [] : [remote(config as never)]
  })

const restricted = (lookups: Lookups, sources: ReadonlyArray<RemoteSource>): Lookups => {
  const env = new Set(sources.flatMap((source) => source.env))
  const files = new Set(sources.flatMap((source) => source.files))
  return {
    env: (name) => (env.has(name) ? lookups.env(name) : notAllowed),
    file: (path) => (files.has(path) ? lookups.file(path) : notAllowed)
  }
}

const notAllowed = { problem: "a remote configuration may not read it; the agent's own file says what it may" }
