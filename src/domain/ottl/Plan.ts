import { JoinedLease } from "../JoinedLease.ts"
import type { Lease } from "../Lease.ts"
import type { Piece, SlabPool } from "../SlabPool.ts"
import type { Signal } from "../Signal.ts"
import { joinSplit } from "./Join.ts"
import type { Program } from "./Program.ts"
import type { Registers } from "./Registers.ts"
import { Failure, failureText } from "./Value.ts"
import { type LevelRun, Walk, WalkEnd } from "./Walk.ts"

/** What a request has become: new chunks, and how many items are gone. `lease` owns the new memory only. */
export interface Rebuilt {
  readonly chunks: ReadonlyArray<Uint8Array>
  readonly sizeBytes: number
  readonly dropped: number
  readonly lease: Lease
  /** Some chunk is still one of the old ones, so the old memory must live on. */
  readonly keepsOld: boolean
}

/** Why a request could not be processed: its bytes are malformed, or a statement failed under `propagate`. */
export class PlanFailure {
  readonly malformed: boolean
  readonly message: string

  constructor(malformed: boolean, message: string) {
    this.malformed = malformed
    this.message = message
  }
}

/** Failures of one statement, for the log. */
export interface StatementFailure {
  readonly source: string
  readonly count: number
}

/** One walk over the payload with everything that can share it. */
export class Stage {
  readonly walk: Walk
  private readonly registers: Registers
  private readonly programs: ReadonlyArray<{ readonly program: Program; readonly sources: ReadonlyArray<string> }>

  constructor(
    signal: Signal,
    registers: Registers,
    runs: ReadonlyArray<LevelRun | undefined>,
    prune: boolean,
    programs: ReadonlyArray<{ readonly program: Program; readonly sources: ReadonlyArray<string> }>
  ) {
    this.registers = registers
    this.programs = programs
    this.walk = new Walk(signal, registers, runs, prune)
  }

  /** Walks one chunk. `undefined`: nothing changes. */
  run(chunk: Uint8Array, pool: SlabPool): Piece | PlanFailure | undefined {
    const { walk } = this
    const { ws } = this.registers
    let end = walk.run(chunk)
    if (end === WalkEnd.split) {
      const joined = joinSplit(chunk)
      end = joined === undefined ? WalkEnd.malformed : walk.run(joined)
    }
    if (end === WalkEnd.malformed) return new PlanFailure(true, "malformed OTLP data")
    if (end === WalkEnd.failed) return this.failure()
    return walk.edits.isEmpty ? undefined : walk.edits.rebuild(pool, ws.arena)
  }

  private failure(): PlanFailure {
    const { ws } = this.registers
    const { failure } = ws
    for (const { program, sources } of this.programs) {
      if (program.failed < 0) continue
      const source = sources[program.failed]!
      program.failed = -1
      return new PlanFailure(failure === Failure.Malformed, `failed to execute: ${source}: ${failureText[failure]}`)
    }
    return new PlanFailure(false, failureText[failure]!)
  }

  /** Failures since the last call. */
  takeFailures(into: Array<StatementFailure>): void {
    for (const { program, sources } of this.programs) {
      program.failed = -1
      for (let i = 0; i < sources.length; i++) {
        const count = program.failures[i]!
        if (count === 0) continue
        program.failures[i] = 0
        into.push({ source: sources[i]!, count })
      }
    }
  }
}

/**
 * Compiled statements or conditions of one signal: a row of walks, each over what the one before it has left. It is synchronous and
 * owns its memory, so one plan serves one request at a time.
 */
export class Plan {
  private readonly stages: ReadonlyArray<Stage>
  private readonly pool: SlabPool

  constructor(stages: ReadonlyArray<Stage>, pool: SlabPool) {
    this.stages = stages
    this.pool = pool
  }

  /** Runs over all chunks of a request; each ends on a top-level field boundary. `undefined`: nothing has changed. */
  run(chunks: ReadonlyArray<Uint8Array>): Rebuilt | PlanFailure | undefined {
    let changed = false
    let keepsOld = false
    let dropped = 0
    let sizeBytes = 0
    const result: Array<Uint8Array> = []
    const leases: Array<Lease> = []
    for (const chunk of chunks) {
      let bytes = chunk
      let lease: Lease | undefined
      for (const stage of this.stages) {
        const outcome = stage.run(bytes, this.pool)
        if (outcome === undefined) continue
        lease?.release()
        if (outcome instanceof PlanFailure) {
          for (const taken of leases) taken.release()
          return outcome
        }
        lease = outcome.lease
        bytes = outcome.bytes
        dropped += stage.walk.dropped
      }
      if (lease === undefined) keepsOld = true
      else {
        changed = true
        leases.push(lease)
      }
      if (bytes.length > 0) {
        result.push(bytes)
        sizeBytes += bytes.length
      }
    }
    if (!changed) return undefined
    return { chunks: result, sizeBytes, dropped, lease: leases.length === 1 ? leases[0]! : new JoinedLease(leases), keepsOld }
  }

  /** Statements that have failed since the last call. */
  takeFailures(): ReadonlyArray<StatementFailure> {
    const failures: Array<StatementFailure> = []
    for (const stage of this.stages) stage.takeFailures(failures)
    return failures
  }
}
