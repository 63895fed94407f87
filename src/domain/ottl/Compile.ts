import { slabs, type SlabPool } from "../SlabPool.ts"
import type { Signal } from "../Signal.ts"
import type * as Ast from "./Ast.ts"
import { Checker } from "./Checker.ts"
import { Role } from "./contexts/Layouts.ts"
import type { ContextName } from "./contexts/Paths.ts"
import { contextsOf, inferContext, Usage } from "./Inference.ts"
import { Mistake, nearestName, type OttlError } from "./OttlError.ts"
import { parseCondition, parseStatement } from "./Parser.ts"
import { prefixOf } from "./PathPrefix.ts"
import { Plan, Stage } from "./Plan.ts"
import { Program } from "./Program.ts"
import { ProgramBuilder } from "./ProgramBuilder.ts"
import { Registers } from "./Registers.ts"
import { type ConditionRange, DropRun, type ErrorMode, type Group, StatementsRun } from "./Runs.ts"
import { Level, type LevelRun } from "./Walk.ts"

/** Statements that run together, as a configuration gives them; without a context it is inferred from the paths. */
export interface StatementGroup {
  readonly context?: string | undefined
  readonly conditions: ReadonlyArray<string>
  readonly statements: ReadonlyArray<string>
  readonly errorMode: ErrorMode
}

/** Conditions that are joined with "or"; without a context each one's is inferred on its own. */
export interface ConditionGroup {
  readonly context?: string | undefined
  readonly conditions: ReadonlyArray<string>
  readonly errorMode: ErrorMode
}

export const levelOf: { readonly [C in ContextName]: Level } = {
  resource: Level.resource,
  scope: Level.scope,
  span: Level.item,
  spanevent: Level.event,
  metric: Level.metric,
  datapoint: Level.item,
  log: Level.item,
  finding: Level.item
}

/** The message whose attributes the statement index of a level watches. */
const roleOf = [Role.resource, Role.scope, Role.metric, Role.item, Role.event] as const

/** Collects mistakes, so that all of a configuration come out at once. */
export class Errors {
  readonly all: Array<OttlError> = []

  /** The result of `read`, or `undefined` and a mistake noted. */
  attempt<A>(source: string, path: ReadonlyArray<string | number>, read: () => A): A | undefined {
    try {
      return read()
    } catch (mistake) {
      if (!(mistake instanceof Mistake)) throw mistake
      this.all.push(mistake.in(source, path))
      return undefined
    }
  }
}

export interface Parsed<A> {
  readonly source: string
  readonly path: ReadonlyArray<string | number>
  readonly ast: A
}

const parseAll = <A>(
  errors: Errors,
  sources: ReadonlyArray<string>,
  path: ReadonlyArray<string | number>,
  parse: (source: string) => A
): Array<Parsed<A>> => {
  const parsed: Array<Parsed<A>> = []
  for (const [i, source] of sources.entries()) {
    const at = [...path, i]
    const ast = errors.attempt(source, at, () => parse(source))
    if (ast !== undefined) parsed.push({ source, path: at, ast })
  }
  return parsed
}

/** A context by its name in the configuration; letter case does not matter. */
export const namedContext = (signal: Signal, name: string): ContextName => {
  const context = contextsOf[signal].find((known) => known === name.toLowerCase())
  if (context !== undefined) return context
  throw new Mistake(
    0,
    `unknown context ${JSON.stringify(name)} for ${signal}: expected ${contextsOf[signal].join(", ")}`,
    nearestName(name, contextsOf[signal])
  )
}

// ---- statements

interface CheckedGroup {
  readonly context: ContextName
  readonly implicit: boolean
  readonly conditions: ReadonlyArray<Parsed<Ast.Condition>>
  readonly statements: ReadonlyArray<Parsed<Ast.Statement>>
  readonly propagate: boolean
  /** Writes to something that several items share; such a group must end its walk before the next group starts. */
  readonly writesShared: boolean
}

/** Whether an editor's target lies outside its own item; what cannot be told counts as shared. */
const writesShared = (context: ContextName, implicit: boolean, { editor }: Ast.Statement): boolean =>
  editor.arguments.some(({ name, value }, i) => {
    if ((i > 0 && name !== "target") || value.kind !== "path") return false
    return (prefixOf(value) ?? (implicit ? context : undefined)) !== context
  })

/**
 * Compiles groups of statements into a plan, or says everything that is wrong with them. Groups run one after another over the whole
 * payload; neighbours of one context share a walk where none can see what another has done to shared data.
 */
export const compileStatements = (
  signal: Signal,
  groups: ReadonlyArray<StatementGroup>,
  pool: SlabPool = slabs
): Plan | ReadonlyArray<OttlError> => {
  const errors = new Errors()
  const checked: Array<CheckedGroup> = []
  for (const [i, group] of groups.entries()) {
    const before = errors.all.length
    const conditions = parseAll(errors, group.conditions, [i, "conditions"], parseCondition)
    const statements = parseAll(errors, group.statements, [i, "statements"], parseStatement)
    if (statements.length === 0) continue
    const context = errors.attempt(group.context ?? statements[0]!.source, [i], () => {
      if (group.context !== undefined) return namedContext(signal, group.context)
      const usage = new Usage()
      for (const { ast } of statements) usage.statement(ast)
      for (const { ast } of conditions) usage.condition(ast)
      return inferContext(signal, usage)
    })
    if (context === undefined) {
      // The path that was to tell the context may stand in a text with a syntax error: that one is enough.
      if (group.context === undefined && errors.all.length > before + 1) errors.all.pop()
      continue
    }
    const implicit = group.context !== undefined
    checked.push({
      context,
      implicit,
      conditions,
      statements,
      propagate: group.errorMode === "propagate",
      writesShared: statements.some(({ ast }) => writesShared(context, implicit, ast))
    })
  }
  const stages: Array<Stage> = []
  let row: Array<CheckedGroup> = []
  const close = (): void => {
    if (row.length > 0) stages.push(statementStage(signal, row, errors))
    row = []
  }
  for (const group of checked) {
    const last = row[row.length - 1]
    if (last !== undefined && (last.context !== group.context || last.writesShared || group.writesShared)) close()
    row.push(group)
  }
  close()
  return errors.all.length > 0 ? errors.all : new Plan(stages, pool)
}

const statementStage = (signal: Signal, row: ReadonlyArray<CheckedGroup>, errors: Errors): Stage => {
  const { context } = row[0]!
  const level = levelOf[context]
  const registers = new Registers(signal)
  const builder = new ProgramBuilder(registers.ws, registers.messages[roleOf[level]]!.map)
  const sources: Array<string> = []
  const groups = row.map((group): Group => {
    const checker = new Checker(group.context, registers, group.implicit)
    const conditions = builder.statements
    for (const { ast, path, source } of group.conditions) {
      const condition = errors.attempt(source, path, () => checker.condition(ast))
      if (condition === undefined) continue
      builder.add(condition, { kind: "match" })
      sources.push(source)
    }
    const from = builder.statements
    for (const { ast, path, source } of group.statements) {
      const statement = errors.attempt(source, path, () => checker.statement(ast))
      if (statement === undefined) continue
      builder.add(statement.where, statement.action)
      sources.push(source)
    }
    return { conditions, from, to: builder.statements, propagate: group.propagate }
  })
  const program = new Program(builder)
  const runs: Array<LevelRun | undefined> = []
  runs[level] = new StatementsRun(program, groups, registers.cache)
  registers.ws.seal()
  return new Stage(signal, registers, Array.from(runs), false, [{ program, sources }])
}

// ---- conditions

/** Conditions of one level, ready to be compiled: `path` and `source` for mistakes, `implicit` if their context was named. */
export interface LevelConditions {
  readonly context: ContextName
  readonly implicit: boolean
  readonly propagate: boolean
  readonly conditions: ReadonlyArray<Parsed<Ast.Condition>>
}

/** Parses groups of conditions and sorts them by context; groups without one are taken apart, condition by condition. */
export const sortConditions = (signal: Signal, groups: ReadonlyArray<ConditionGroup>, errors: Errors): ReadonlyArray<LevelConditions> => {
  const sorted: Array<LevelConditions> = []
  for (const [i, group] of groups.entries()) {
    const propagate = group.errorMode === "propagate"
    const conditions = parseAll(errors, group.conditions, [i, "conditions"], parseCondition)
    if (group.context !== undefined) {
      const context = errors.attempt(group.context, [i, "context"], () => namedContext(signal, group.context!))
      if (context !== undefined) sorted.push({ context, implicit: true, propagate, conditions })
      continue
    }
    for (const parsed of conditions) {
      const context = errors.attempt(parsed.source, parsed.path, () => inferContext(signal, new Usage().condition(parsed.ast)))
      if (context !== undefined) sorted.push({ context, implicit: false, propagate, conditions: [parsed] })
    }
  }
  return sorted
}

export interface ConditionProgram {
  readonly level: Level
  readonly program: Program
  readonly sources: ReadonlyArray<string>
  readonly rows: ReadonlyArray<number>
  readonly run: DropRun
}

/** One program per level for conditions that only look; `sources` and `rows` (the entry of `sorted`) by condition number. */
export const conditionPrograms = (
  registers: Registers,
  sorted: ReadonlyArray<LevelConditions>,
  errors: Errors
): ReadonlyArray<ConditionProgram> => {
  const levels = [...new Set(sorted.map(({ context }) => levelOf[context]))].sort((a, b) => a - b)
  return levels.map((level) => {
    const builder = new ProgramBuilder(registers.ws, registers.messages[roleOf[level]]!.map)
    const sources: Array<string> = []
    const rows: Array<number> = []
    const ranges: Array<ConditionRange> = []
    for (const [row, { conditions, context, implicit, propagate }] of sorted.entries()) {
      if (levelOf[context] !== level) continue
      const checker = new Checker(context, registers, implicit)
      const from = builder.statements
      for (const { ast, path, source } of conditions) {
        const condition = errors.attempt(source, path, () => checker.condition(ast))
        if (condition === undefined) continue
        builder.add(condition, { kind: "match" })
        sources.push(source)
        rows.push(row)
      }
      ranges.push({ from, to: builder.statements, propagate })
    }
    const program = new Program(builder)
    return { level, program, sources, rows, run: new DropRun(program, ranges, registers.cache) }
  })
}

/**
 * Compiles conditions into a plan that drops every item for which one holds, and every parent that is left empty. All contexts share
 * one walk, from the resource inwards.
 */
export const compileFilter = (
  signal: Signal,
  groups: ReadonlyArray<ConditionGroup>,
  pool: SlabPool = slabs
): Plan | ReadonlyArray<OttlError> => {
  const errors = new Errors()
  const registers = new Registers(signal)
  const programs = conditionPrograms(registers, sortConditions(signal, groups, errors), errors)
  if (errors.all.length > 0) return errors.all
  const runs: Array<LevelRun | undefined> = []
  for (const { level, run } of programs) runs[level] = run
  registers.ws.seal()
  return new Plan(programs.length === 0 ? [] : [new Stage(signal, registers, Array.from(runs), true, programs)], pool)
}
