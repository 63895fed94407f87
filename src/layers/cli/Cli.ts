import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as CliConfig from "effect/cli/CliConfig"
import type * as CliError from "effect/cli/CliError"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import { printable } from "../../domain/Printable.ts"
import { CommandFailure, ExitCode } from "./ExitCode.ts"
import { control } from "./ControlCommand.ts"
import { findings } from "./FindingsCommand.ts"
import { fleet } from "./FleetCommand.ts"
import { journal } from "./JournalCommand.ts"
import { components } from "./ListComponents.ts"
import { rollout } from "./RolloutCommand.ts"
import { run } from "./Run.ts"
import { top } from "./TopCommand.ts"
import { up } from "./Up.ts"
import { validate } from "./Validate.ts"
import { version } from "./Version.ts"

const root = Command.make("weir").pipe(
  Command.withDescription(
    "A self-regulating OpenTelemetry gateway: OTLP in, processed as bytes, out; reconfigured under load without loss."
  ),
  Command.withExamples([
    { command: "weir up", description: "Run on this machine with the embedded default" },
    { command: "weir run --config weir.yaml", description: "Run a configuration" }
  ]),
  Command.withSubcommands([up, run, control, top, fleet, findings, rollout, journal, validate, components])
)

/** Help that was asked for is output; what is said about a wrong command line is not, and names the help instead of printing it. */
const presenter: CliOutput.Presenter = {
  present: (event) =>
    event._tag === "InvalidInvocation"
      ? Effect.flatMap(CliOutput.Formatter, (formatter) =>
          Console.error(`${formatter.formatErrors(event.errors).trim()}\n\nSee ${event.commandPath.join(" ")} --help`)
        )
      : CliOutput.defaultPresenter.present(event)
}

const layer = Layer.merge(
  CliOutput.layerPresenter(presenter),
  CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions] })
)

const isUsage = (error: CliError.ShowHelp): boolean => error.errors.length > 0

/** Runs the command line; what it returns is the exit code. */
export const cli = (args: ReadonlyArray<string>): Effect.Effect<ExitCode, never, Command.Environment> =>
  Command.runWith(root, { version })(args).pipe(
    Effect.as<ExitCode>(ExitCode.ok),
    Effect.catch((error) => {
      if (error instanceof CommandFailure) return Effect.as(Console.error(printable(error.message)), error.code)
      return Effect.succeed(error._tag === "ShowHelp" && !isUsage(error) ? ExitCode.ok : ExitCode.usage)
    }),
    Effect.catchDefect((defect) => Effect.as(Console.error("weir: internal error:", defect), ExitCode.internal)),
    Effect.provide(layer)
  )
