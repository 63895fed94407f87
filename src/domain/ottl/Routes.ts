import { JoinedLease } from "../JoinedLease.ts"
import type { Lease } from "../Lease.ts"
import { slabs, type SlabPool } from "../SlabPool.ts"
import type { Signal } from "../Signal.ts"
import type * as Ast from "./Ast.ts"
import { conditionPrograms, Errors, type LevelConditions, namedContext } from "./Compile.ts"
import type { ContextName } from "./contexts/Paths.ts"
import { inferContext, Usage } from "./Inference.ts"
import { joinSplit } from "./Join.ts"
import { Mistake, type OttlError } from "./OttlError.ts"
import { parseCondition, parseStatement } from "./Parser.ts"
import { PlanFailure } from "./Plan.ts"
import { Outcome } from "./Program.ts"
import { Registers } from "./Registers.ts"
import type { DropRun } from "./Runs.ts"
import { Failure, failureText, X } from "./Value.ts"
import { Level, type LevelRun, Verdict, Walk, WalkEnd } from "./Walk.ts"
import { valueEnd } from "../otlp/Wire.ts"
import { readLength, readVarint64 } from "./Varint.ts"

/** One row of a routing table: a condition, or a statement `route() where condition`. Without a context it is inferred. */
export interface RouteEntry {
  readonly context?: string | undefined
  readonly condition?: string | undefined
  readonly statement?: string | undefined
}

/** What goes one way: `route` is the row of the table, -1 for what no row matches. `lease` owns new memory; without one the piece lies in the old. */
export interface RoutedPiece {
  readonly route: number
  readonly chunks: ReadonlyArray<Uint8Array>
  readonly items: number
  readonly sizeBytes: number
  readonly lease: Lease | undefined
}

const noRoute = 0x7fffffff
const envelopeTag = 0x0a

/** Asks the conditions of one level, and at the deepest level writes down which row the item belongs to. */
class Classify implements LevelRun {
  private readonly conditions: DropRun | undefined
  /** Rows of the table by condition. */
  private readonly rows: ReadonlyArray<number>
  private readonly outer: Classify | undefined
  private readonly verdicts: Verdicts | undefined
  row = noRoute

  constructor(conditions: DropRun | undefined, rows: ReadonlyArray<number>, outer: Classify | undefined, verdicts: Verdicts | undefined) {
    this.conditions = conditions
    this.rows = rows
    this.outer = outer
    this.verdicts = verdicts
  }

  readonly start = (): void => this.conditions?.start()

  readonly run = (): number => {
    const outcome = this.conditions === undefined ? Outcome.done : this.conditions.first()
    if (outcome === Outcome.failed) return Verdict.failed
    const own = outcome >= 0 ? this.rows[outcome]! : noRoute
    this.row = this.outer === undefined ? own : Math.min(own, this.outer.row)
    this.verdicts?.add(this.row)
    return Verdict.keep
  }
}

/** The row of each item at the level that routing looks at, in order. */
class Verdicts {
  private rows = new Int32Array(64)
  count = 0

  add(row: number): void {
    if (this.count === this.rows.length) {
      const grown = new Int32Array(this.rows.length * 2)
      grown.set(this.rows)
      this.rows = grown
    }
    this.rows[this.count++] = row
  }

  at(i: number): number {
    return this.rows[i]!
  }

  /** A row that matches anything takes what would go to a later one. */
  atMost(i: number, row: number): void {
    this.rows[i] = Math.min(this.rows[i]!, row)
  }
}

/** Drops every item that does not belong to one row. */
class Extract implements LevelRun {
  private readonly verdicts: Verdicts
  private next = 0
  row = noRoute

  constructor(verdicts: Verdicts) {
    this.verdicts = verdicts
  }

  rewind(row: number): void {
    this.next = 0
    this.row = row
  }

  readonly start = (): void => {}
  readonly run = (): number => (this.verdicts.at(this.next++) === this.row ? Verdict.keep : Verdict.drop)
}

interface Collected {
  readonly chunks: Array<Uint8Array>
  readonly leases: Array<Lease>
  items: number
}

/**
 * A compiled routing table. Rows are tried in order for each resource, metric, item, whatever their conditions look at, and the first
 * one that holds takes it. Where only resources are looked at, whole resource groups are cut out of the bytes and nothing is rebuilt.
 */
export class Routes {
  private readonly registers: Registers
  private readonly classify: Walk
  private readonly extract: Walk
  private readonly extraction: Extract
  private readonly verdicts: Verdicts
  private readonly level: Level
  private readonly pool: SlabPool

  constructor(
    signal: Signal,
    registers: Registers,
    conditions: ReadonlyMap<Level, { readonly run: DropRun; readonly rows: ReadonlyArray<number> }>,
    pool: SlabPool
  ) {
    this.registers = registers
    this.pool = pool
    this.level = Math.max(Level.resource, ...conditions.keys()) as Level
    this.verdicts = new Verdicts()
    const runs: Array<LevelRun | undefined> = []
    let outer: Classify | undefined
    for (let level = 0; level <= this.level; level++) {
      const own = conditions.get(level as Level)
      if (own === undefined && level < this.level) continue
      runs[level] = outer = new Classify(own?.run, own?.rows ?? [], outer, level === this.level ? this.verdicts : undefined)
    }
    this.classify = new Walk(signal, registers, Array.from(runs), false)
    this.extraction = new Extract(this.verdicts)
    const extractions: Array<LevelRun | undefined> = []
    extractions[this.level] = this.extraction
    this.extract = new Walk(signal, new Registers(signal), Array.from(extractions), true)
  }

  /** Takes a request apart. `whole`: a row that matches the request as such, if any; earlier rows go first. */
  split(chunks: ReadonlyArray<Uint8Array>, whole = noRoute): ReadonlyArray<RoutedPiece> | PlanFailure {
    const collected = new Map<number, Collected>()
    const of = (row: number): Collected => {
      let found = collected.get(row)
      if (found === undefined) collected.set(row, (found = { chunks: [], leases: [], items: 0 }))
      return found
    }
    for (const chunk of chunks) {
      const failure = this.splitChunk(chunk, whole, of)
      if (failure === undefined) continue
      for (const { leases } of collected.values()) for (const lease of leases) lease.release()
      return failure
    }
    return [...collected].map(([row, { chunks: parts, items, leases }]) => ({
      route: row === noRoute ? -1 : row,
      chunks: parts,
      items,
      sizeBytes: parts.reduce((sum, part) => sum + part.length, 0),
      lease: leases.length === 0 ? undefined : leases.length === 1 ? leases[0] : new JoinedLease(leases)
    }))
  }

  private splitChunk(chunk: Uint8Array, whole: number, of: (row: number) => Collected): PlanFailure | undefined {
    const { classify, verdicts } = this
    verdicts.count = 0
    let source = chunk
    let end = classify.run(source)
    if (end === WalkEnd.split) {
      const joined = joinSplit(chunk)
      verdicts.count = 0
      end = joined === undefined ? WalkEnd.malformed : classify.run((source = joined))
    }
    if (end !== WalkEnd.done) return this.failure(end)
    const rows = new Set<number>()
    for (let i = 0; i < verdicts.count; i++) {
      verdicts.atMost(i, whole)
      rows.add(verdicts.at(i))
    }
    if (rows.size === 0) rows.add(whole)
    if (rows.size === 1) {
      const only = of([...rows][0]!)
      only.items += this.countItems(source)
      only.chunks.push(source)
      return undefined
    }
    if (this.level === Level.resource) this.slice(source, of)
    else this.rebuild(source, rows, of)
    return undefined
  }

  /** Whole resource groups, neighbours in one piece. */
  private slice(source: Uint8Array, of: (row: number) => Collected): void {
    let group = 0
    let from = 0
    let row = -1
    for (let at = 0; at < source.length;) {
      const { next, payload, tag } = recordAt(source, at)
      if (tag === envelopeTag) {
        const verdict = this.verdicts.at(group++)
        if (row >= 0 && verdict !== row) {
          of(row).chunks.push(source.subarray(from, at))
          from = at
        }
        row = verdict
        of(row).items += this.classify.countItems(payload, next, Level.resource)
      }
      at = next
    }
    if (row >= 0) of(row).chunks.push(source.subarray(from))
  }

  private rebuild(source: Uint8Array, rows: ReadonlySet<number>, of: (row: number) => Collected): void {
    const { extract, extraction, pool } = this
    const total = this.countItems(source)
    for (const row of rows) {
      extraction.rewind(row)
      extract.run(source)
      const { bytes, lease } = extract.edits.rebuild(pool)
      const collected = of(row)
      collected.chunks.push(bytes)
      collected.leases.push(lease)
      collected.items += total - extract.dropped
    }
  }

  private countItems(source: Uint8Array): number {
    let count = 0
    for (let at = 0; at < source.length;) {
      const { next, payload, tag } = recordAt(source, at)
      if (tag === envelopeTag) count += this.classify.countItems(payload, next, Level.resource)
      at = next
    }
    return count
  }

  private failure(end: WalkEnd): PlanFailure {
    const { failure } = this.registers.ws
    if (end === WalkEnd.malformed || failure === Failure.Malformed) return new PlanFailure(true, "malformed OTLP data")
    return new PlanFailure(false, `a routing condition has failed: ${failureText[failure]}`)
  }
}

/** The record at `at` of a chunk that has been walked, so it is well-formed. */
const recordAt = (source: Uint8Array, at: number): { readonly tag: number; readonly payload: number; readonly next: number } => {
  const afterTag = readVarint64(source, at, source.length)
  const tag = X[2]!
  if ((tag & 7) !== 2) return { tag, payload: afterTag, next: valueEnd(source, afterTag, source.length, tag & 7) }
  const length = readLength(source, afterTag, source.length)
  return { tag, payload: X[3]!, next: X[3]! + length }
}

/** The condition of a row, whichever way it is written. */
const conditionOf = (source: string, isStatement: boolean): Ast.Condition => {
  if (!isStatement) return parseCondition(source)
  const { editor, where } = parseStatement(source)
  if (editor.name !== "route" || editor.arguments.length > 0)
    throw new Mistake(editor.at, `${editor.name}(...): expected route()`, "route()")
  return where ?? { kind: "constant", at: editor.at, value: true }
}

/** Compiles the rows of a table that look at telemetry; `undefined` entries (rows that look at the request) are skipped. */
export const compileRoutes = (
  signal: Signal,
  table: ReadonlyArray<RouteEntry | undefined>,
  propagate: boolean,
  pool: SlabPool = slabs
): Routes | ReadonlyArray<OttlError> => {
  const errors = new Errors()
  const sorted: Array<LevelConditions & { readonly row: number }> = []
  for (const [row, entry] of table.entries()) {
    if (entry === undefined) continue
    const part = entry.statement === undefined ? "condition" : "statement"
    const source = entry[part] ?? ""
    const ast = errors.attempt(source, [row, part], () => conditionOf(source, part === "statement"))
    if (ast === undefined) continue
    const context = errors.attempt(source, [row, part], () => {
      const usage = new Usage().condition(ast)
      const inferred = (): ContextName => (usage.prefixes.size === 0 ? "resource" : inferContext(signal, usage))
      const context = entry.context === undefined ? inferred() : namedContext(signal, entry.context)
      if (context === "spanevent") throw new Mistake(0, "span events go where their spans go: expected a condition on spans")
      return context
    })
    if (context === undefined) continue
    sorted.push({ context, implicit: true, propagate, conditions: [{ source, path: [row, part], ast }], row })
  }
  const registers = new Registers(signal)
  const programs = conditionPrograms(registers, sorted, errors)
  if (errors.all.length > 0) return errors.all
  registers.ws.seal()
  const byLevel = new Map(programs.map(({ level, rows, run }) => [level, { run, rows: rows.map((i) => sorted[i]!.row) }]))
  return new Routes(signal, registers, byLevel, pool)
}
