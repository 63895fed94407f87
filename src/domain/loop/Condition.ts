import { Checker } from "../ottl/Checker.ts"
import { Role } from "../ottl/contexts/Layouts.ts"
import { Mistake, type OttlError } from "../ottl/OttlError.ts"
import { parseCondition } from "../ottl/Parser.ts"
import { Outcome, Program } from "../ottl/Program.ts"
import { ProgramBuilder } from "../ottl/ProgramBuilder.ts"
import { Registers } from "../ottl/Registers.ts"
import { failureText } from "../ottl/Value.ts"
import { writeVarint } from "../otlp/Write.ts"
import type { Finding } from "./Finding.ts"

/**
 * An OTTL condition over `finding.*`, run by the engine that runs the statements of processors: the finding is encoded as a small
 * protobuf message, which is the item of the context `finding`.
 *
 * `finding.duration` counts seconds since the finding began. Where a detector expects nothing, `finding.expected` is not a number, and
 * every comparison with it but `!=` is false.
 */
export class Condition {
  private readonly registers: Registers
  private readonly program: Program

  private constructor(registers: Registers, program: Program) {
    this.registers = registers
    this.program = program
  }

  /** Compiles a text, or says what is wrong with it. */
  static compile(source: string): Condition | OttlError {
    const registers = new Registers("finding")
    const builder = new ProgramBuilder(registers.ws, registers.messages[Role.item]!.map)
    try {
      builder.add(new Checker("finding", registers, false).condition(parseCondition(source)), { kind: "match" })
    } catch (mistake) {
      if (mistake instanceof Mistake) return mistake.in(source)
      throw mistake
    }
    const program = new Program(builder)
    registers.ws.seal()
    return new Condition(registers, program)
  }

  /** Whether it holds for an encoded finding, or why that cannot be computed. */
  holds(bytes: Uint8Array): boolean | { readonly failure: string } {
    const { program } = this
    const { messages, ws } = this.registers
    ws.reset(bytes)
    program.start()
    messages[Role.item]!.fill(0, bytes.length)
    const outcome = program.run(0, 1, true)
    return outcome === Outcome.failed ? { failure: failureText[ws.failure]! } : outcome !== Outcome.done
  }
}

/** A finding at a time (milliseconds since the epoch), as conditions take it. */
export const encodeFinding = ({ kind, detector, subject, score, value, expected, since }: Finding, now: number): Uint8Array => {
  const texts = [kind, detector, subject.tenant, subject.service, subject.signal]
  const numbers = [score, value, expected ?? Number.NaN, Math.max(0, now - since) / 1000]
  // A UTF-16 unit takes three bytes at most, a tag and a length six.
  const bytes = Buffer.allocUnsafe(texts.reduce((size, text) => size + text.length * 3 + 6, 9 * numbers.length))
  let at = 0
  for (const [i, text] of texts.entries()) {
    bytes[at++] = ((i + 1) << 3) | 2
    at = writeVarint(bytes, at, Buffer.byteLength(text))
    at += bytes.write(text, at)
  }
  for (const [i, number] of numbers.entries()) {
    bytes[at++] = ((texts.length + i + 1) << 3) | 1
    at = bytes.writeDoubleLE(number, at)
  }
  return bytes.subarray(0, at)
}
