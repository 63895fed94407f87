import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

export class DatabaseError extends Schema.TaggedError<DatabaseError>()("DatabaseError", { message: Schema.String }) {}

/** Steps from an empty file to the present shape; each is done once, in its order, and never changed afterwards. */
const migrations: ReadonlyArray<string> = [
  `create table agent (
     uid text primary key, last_seen integer not null, capabilities integer not null, description blob,
     remote_config_status blob, desired blob, failed_hashes text not null
   ) strict;
   create table loop (id integer primary key check (id = 1), state text not null) strict;
   create table journal (id integer primary key autoincrement, at integer not null, kind text not null, rollout text, entry text not null) strict;
   create index journal_rollout on journal (rollout, id) where rollout is not null;`,
  "create table detection (id integer primary key check (id = 1), memory text not null) strict;",
  "create table observation (id integer primary key autoincrement, at integer not null, reports text not null) strict;"
]

/**
 * The control plane's memory: one SQLite file, written through (WAL, `synchronous = FULL`), so that what a call has written outlives a
 * `kill -9` and a power cut. One process at a time: a second one is refused, not mixed in.
 */
export class Database extends Context.Service<Database, { readonly sqlite: DatabaseSync }>()("weir/layers/decision/Database") {
  /** `directory` is made if it is not there; the file in it is `control.db`. */
  static readonly layer = (directory: string): Layer.Layer<Database, DatabaseError> =>
    Layer.effect(
      Database,
      Effect.map(
        Effect.acquireRelease(
          Effect.try({
            try: () => open(directory),
            catch: (cause) => new DatabaseError({ message: `the storage in ${directory} cannot be used: ${reasonOf(cause)}` })
          }),
          (sqlite) => Effect.sync(() => sqlite.close())
        ),
        (sqlite) => ({ sqlite })
      )
    )
}

const open = (directory: string): DatabaseSync => {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const sqlite = new DatabaseSync(join(directory, "control.db"))
  try {
    sqlite.exec("pragma busy_timeout = 1000; pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = full")
    const { user_version: done } = sqlite.prepare("pragma user_version").get() as { readonly user_version: number }
    if (done > migrations.length) throw new Error("it was written by a newer version of Weir")
    sqlite.exec("begin immediate")
    for (const migration of migrations.slice(done)) sqlite.exec(migration)
    sqlite.exec(`pragma user_version = ${migrations.length}; commit`)
    return sqlite
  } catch (cause) {
    sqlite.close()
    throw cause
  }
}

const reasonOf = (cause: unknown): string => {
  const message = cause instanceof Error ? cause.message : String(cause)
  return /locked|busy/i.test(message) ? "another process uses it" : message
}

/** Runs `write` as a whole or not at all. */
export const transaction = (sqlite: DatabaseSync, write: () => void): void => {
  sqlite.exec("begin immediate")
  try {
    write()
    sqlite.exec("commit")
  } catch (cause) {
    sqlite.exec("rollback")
    throw cause
  }
}

/** The rows of a query, of the shape that its columns have. */
export const rows = <Row>(query: StatementSync, ...parameters: ReadonlyArray<SQLInputValue>): ReadonlyArray<Row> =>
  query.all(...parameters) as unknown as ReadonlyArray<Row>

export const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
