import type { MapTable } from "./MapTable.ts"
import { Outcome, type Program } from "./Program.ts"
import { type LevelRun, Verdict } from "./Walk.ts"

/** How failures of single statements are taken: `propagate` ends the whole request, the others go on; `ignore` also reports them. */
export type ErrorMode = "ignore" | "silent" | "propagate"

/** Statements `[from, to)` of a program, behind conditions `[conditions, from)` of which one must hold if there are any. */
export interface Group {
  readonly conditions: number
  readonly from: number
  readonly to: number
  readonly propagate: boolean
}

/** Runs groups of statements one after another over an item; each group starts with an empty cache. */
export class StatementsRun implements LevelRun {
  private readonly program: Program
  private readonly groups: ReadonlyArray<Group>
  private readonly cache: MapTable | undefined
  readonly start: () => void

  constructor(program: Program, groups: ReadonlyArray<Group>, cache: MapTable | undefined) {
    this.program = program
    this.groups = groups
    this.cache = cache
    this.start = () => program.start()
  }

  readonly run = (): number => {
    const { cache, groups, program } = this
    for (let i = 0; i < groups.length; i++) {
      const group = groups[i]!
      if (cache !== undefined) cache.reset()
      if (group.conditions < group.from) {
        const outcome = program.run(group.conditions, group.from, group.propagate)
        if (outcome === Outcome.failed) return Verdict.failed
        if (outcome === Outcome.done) continue
      }
      if (program.run(group.from, group.to, group.propagate) === Outcome.failed) return Verdict.failed
    }
    return Verdict.keep
  }
}

/** Conditions `[from, to)`, joined with "or". */
export interface ConditionRange {
  readonly from: number
  readonly to: number
  readonly propagate: boolean
}

/** Runs conditions until one holds; the walk then drops the item. */
export class DropRun implements LevelRun {
  private readonly program: Program
  private readonly ranges: ReadonlyArray<ConditionRange>
  private readonly cache: MapTable | undefined
  readonly start: () => void

  constructor(program: Program, ranges: ReadonlyArray<ConditionRange>, cache: MapTable | undefined) {
    this.program = program
    this.ranges = ranges
    this.cache = cache
    this.start = () => program.start()
  }

  /** The number of the first condition that holds; otherwise `done` or `failed`, as a program says. */
  readonly first = (): number => {
    const { cache, program, ranges } = this
    if (cache !== undefined) cache.reset()
    for (let i = 0; i < ranges.length; i++) {
      const range = ranges[i]!
      const outcome = program.run(range.from, range.to, range.propagate)
      if (outcome !== Outcome.done) return outcome
    }
    return Outcome.done
  }

  readonly run = (): number => {
    const outcome = this.first()
    return outcome >= 0 ? Verdict.drop : outcome === Outcome.failed ? Verdict.failed : Verdict.keep
  }
}
