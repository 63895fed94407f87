import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Effect from "effect/Effect"
import { cli } from "./Cli.ts"

/** Output that is still on its way gets this long once all is done; whatever else still holds the process then (a hanging backend) does not. */
const flushMillis = 250

/** The command line as a process: arguments in, exit code out. */
export const runProcess = async (args: ReadonlyArray<string>): Promise<void> => {
  process.exitCode = await Effect.runPromise(Effect.provide(cli(args), NodeServices.layer))
  setTimeout(() => process.exit(), flushMillis).unref()
}
