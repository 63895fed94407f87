/** Exit codes, after sysexits.h where it has one. */
export const ExitCode = {
  ok: 0,
  /** It was asked, and the answer is no: refused, failed, not the same. */
  no: 1,
  /** The command line is wrong. */
  usage: 64,
  /** What was handed in (a document to push) cannot be read. */
  data: 65,
  /** The control plane cannot be reached, or cannot serve at the moment. */
  unavailable: 69,
  /** A defect of this program. */
  internal: 70,
  /** The configuration is wrong, or what it asks for cannot be had (a port in use). */
  configuration: 78
} as const

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

/** Why a command ended without doing its work: what goes to standard error (nothing, where others have said it), and the exit code. */
export class CommandFailure {
  readonly _tag = "CommandFailure"
  readonly code: ExitCode
  readonly message: string

  constructor(code: ExitCode, message: string) {
    this.code = code
    this.message = message
  }
}
