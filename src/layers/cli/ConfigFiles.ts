import { readFileSync, statSync } from "node:fs"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Lookups } from "../../domain/config/Expand.ts"
import { maxSourceLength } from "../../domain/config/Parse.ts"
import { error, formatProblems, type Problem } from "../../domain/config/Problem.ts"
import { Source } from "../../domain/config/Source.ts"
import { begin, type Beginning } from "../Beginning.ts"
import { type Compose, composer } from "../Composer.ts"
import { Components } from "../graph/Components.ts"
import { CommandFailure, ExitCode } from "./ExitCode.ts"

/** A configuration read from files, right or wrong, and every file that had a part in it. */
export interface Reading {
  readonly compose: Compose
  /** Grows with what is looked up in a composition. */
  readonly files: () => ReadonlyArray<string>
}

/** Files as they were read, and how to look up what they refer to. */
export interface OwnFiles {
  readonly sources: ReadonlyArray<Source>
  readonly problems: ReadonlyArray<Problem>
  readonly lookups: Lookups
  readonly files: () => ReadonlyArray<string>
}

/** Files are read in one go, synchronously: they are small, and a consistent look at them is worth more than a free event loop then. */
export const readFiles = (paths: ReadonlyArray<string>): OwnFiles => {
  const files = new Set<string>()
  const sources: Array<Source> = []
  const problems: Array<Problem> = []
  for (const path of paths) {
    const read = readText(path)
    files.add(path)
    if ("text" in read) sources.push(new Source(path, read.text))
    else problems.push(error(undefined, `cannot read "${path}": ${read.problem}`))
  }
  const lookups: Lookups = {
    env: (name) => process.env[name],
    file: (path) => {
      files.add(path)
      return readText(path)
    }
  }
  return { sources, problems, lookups, files: () => [...files] }
}

/** Reads, merges, expands and checks configuration files. `base` lies below all of them (the embedded default). */
export const readConfiguration = (
  paths: ReadonlyArray<string>,
  base: ReadonlyArray<Source> = []
): Effect.Effect<Reading, never, Components> =>
  Effect.map(Components, (registry) => {
    const { sources, problems, lookups, files } = readFiles(paths)
    return {
      compose: problems.length > 0 ? () => Result.fail(problems) : composer([...base, ...sources], lookups, registry),
      files
    }
  })

/** What to begin with, warnings printed; or a failure with everything that is wrong. */
export const accept = ({ compose }: Reading): Effect.Effect<Beginning, CommandFailure, Components> =>
  begin(compose).pipe(
    Effect.mapError(({ message }) => new CommandFailure(ExitCode.configuration, message)),
    Effect.tap(({ warnings }) => (warnings.length > 0 ? Console.error(formatProblems(warnings)) : Effect.void))
  )

const readText = (path: string): ReturnType<Lookups["file"]> => {
  try {
    // Asked first, so that neither a huge file nor a pipe is read.
    const stat = statSync(path)
    if (!stat.isFile()) return { problem: "not a file" }
    return stat.size > maxSourceLength ? { problem: `larger than ${maxSourceLength >> 20} MiB` } : { text: readFileSync(path, "utf8") }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    return { problem: code === "ENOENT" ? "no such file" : code === "EACCES" ? "not allowed" : message }
  }
}
