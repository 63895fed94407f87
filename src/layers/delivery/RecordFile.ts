import * as fs from "node:fs/promises"
import { dirname } from "node:path"
import { type Framing, wholeRecordsEnd } from "./FileRepair.ts"
import { moveAside, removeOld, type Rotation } from "./FileRotation.ts"

export interface RecordFileOptions {
  readonly path: string
  readonly framing: Framing
  /** Keep what the file holds when it is first opened; a file that rotates is always kept. */
  readonly append: boolean
  readonly rotation: Rotation | undefined
  /** Make missing directories, with this mode. */
  readonly directoryMode: number | undefined
}

/** A record on its way to the file. */
class Pending {
  readonly parts: ReadonlyArray<Uint8Array>
  readonly sizeBytes: number
  readonly written: (error: NodeJS.ErrnoException | undefined) => void

  constructor(parts: ReadonlyArray<Uint8Array>, written: Pending["written"]) {
    this.parts = parts
    this.sizeBytes = sizeOf(parts)
    this.written = written
  }
}

const sizeOf = (parts: ReadonlyArray<Uint8Array>): number => parts.reduce((size, part) => size + part.length, 0)

/** The most that is written in one go, so that a slow disk holds no more than this beside the records themselves. */
const groupBytes = 4 << 20

/**
 * A file that whole records are added to. Records that come while a write is under way are written together in the next one. A record
 * counts as written when the system has taken it; a crash of this process loses none of those.
 *
 * Full (rotation): the file is moved aside and a new one begun. Fails (disk full, no permission): the part that was written is cut off
 * again, every record of that write is told, and the next write opens the file anew. Closes: what is pending is written first.
 */
export class RecordFile {
  private options: RecordFileOptions
  private file: fs.FileHandle | undefined = undefined
  private size = 0
  private opened = false
  private pending: Array<Pending> = []
  private pump: Promise<void> | undefined = undefined
  private opening: Promise<void> | undefined = undefined

  constructor(options: RecordFileOptions) {
    this.options = options
  }

  /** Settings of the next configuration for the same file. */
  configure(options: RecordFileOptions): void {
    this.options = options
  }

  /**
   * Adds a record, in parts that are written one after the other and must not change; `written` is called once, with the error if there was one. The result withdraws it: `written` is then not called, and
   * a record whose write has not begun will not be in the file.
   */
  add(parts: ReadonlyArray<Uint8Array>, written: (error: NodeJS.ErrnoException | undefined) => void): () => void {
    let withdrawn = false
    const record = new Pending(parts, (error) => {
      if (!withdrawn) written(error)
    })
    this.pending.push(record)
    this.pump ??= this.run()
    return () => {
      withdrawn = true
      const at = this.pending.indexOf(record)
      if (at >= 0) this.pending.splice(at, 1)
    }
  }

  /** Opens the file if it is not open, so that a wrong path is known before there is anything to write. */
  open(): Promise<void> {
    if (this.file !== undefined) return Promise.resolve()
    this.opening ??= this.openNow().finally(() => {
      this.opening = undefined
    })
    return this.opening
  }

  private async openNow(): Promise<void> {
    const { path, framing, append, rotation, directoryMode } = this.options
    if (directoryMode !== undefined) await fs.mkdir(dirname(path), { recursive: true, mode: directoryMode })
    const keep = this.opened || append || rotation !== undefined
    // "a+" would ignore positions; "r+" does not create.
    const file = await fs.open(path, fs.constants.O_RDWR | fs.constants.O_CREAT | (keep ? 0 : fs.constants.O_TRUNC), 0o600)
    try {
      const { size } = await file.stat()
      this.size = await wholeRecordsEnd(file, size, framing)
      if (this.size < size) await file.truncate(this.size)
    } catch (error) {
      await file.close()
      throw error
    }
    this.file = file
    this.opened = true
    if (rotation !== undefined) await removeOld(path, rotation, Date.now())
  }

  /** Writes what is pending and closes the file. A record that comes later opens it again. */
  async close(): Promise<void> {
    while (this.pump !== undefined) await this.pump
    const file = this.file
    this.file = undefined
    await file?.close()
  }

  private async run(): Promise<void> {
    while (this.pending.length > 0) {
      const group = this.takeGroup()
      let failure: NodeJS.ErrnoException | undefined
      try {
        await this.write(group)
      } catch (error) {
        failure = error as NodeJS.ErrnoException
        await this.recover()
      }
      for (const record of group) record.written(failure)
    }
    this.pump = undefined
  }

  private takeGroup(): ReadonlyArray<Pending> {
    let bytes = 0
    let count = 0
    const room = this.options.rotation === undefined || this.options.rotation.maxBytes === 0 ? groupBytes : this.options.rotation.maxBytes
    while (count < this.pending.length && (count === 0 || bytes + this.pending[count]!.sizeBytes <= Math.min(groupBytes, room))) {
      bytes += this.pending[count++]!.sizeBytes
    }
    return this.pending.splice(0, count)
  }

  private async write(group: ReadonlyArray<Pending>): Promise<void> {
    let parts = group.flatMap((record) => record.parts)
    const sizeBytes = sizeOf(parts)
    await this.open()
    const { path, rotation } = this.options
    if (rotation !== undefined && rotation.maxBytes > 0 && this.size > 0 && this.size + sizeBytes > rotation.maxBytes) {
      await this.file!.close()
      this.file = undefined
      await moveAside(path, rotation, Date.now())
      await this.open()
    }
    for (let done = 0; done < sizeBytes;) {
      const { bytesWritten } = await this.file!.writev(parts, this.size + done)
      done += bytesWritten
      parts = without(parts, bytesWritten)
    }
    this.size += sizeBytes
  }

  /** After a failure: no half record stays behind, if the system lets us. */
  private async recover(): Promise<void> {
    const file = this.file
    this.file = undefined
    if (file === undefined) return
    await file.truncate(this.size).catch(() => undefined)
    await file.close().catch(() => undefined)
  }
}

/** What is left of `parts` after so many bytes. */
const without = (parts: ReadonlyArray<Uint8Array>, sizeBytes: number): Array<Uint8Array> => {
  let first = 0
  let skip = sizeBytes
  while (first < parts.length && skip >= parts[first]!.length) skip -= parts[first++]!.length
  const rest = parts.slice(first)
  if (skip > 0) rest[0] = rest[0]!.subarray(skip)
  return rest
}
