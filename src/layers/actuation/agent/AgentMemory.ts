import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { parseUid } from "../../../domain/opamp/InstanceUid.ts"
import type { Entries } from "./RemoteConfiguration.ts"

const Entry = Schema.Struct({ body: Schema.String, content_type: Schema.String, role: Schema.String })

const Stored = Schema.Struct({
  instance_uid: Schema.optionalKey(Schema.String.check(Schema.makeFilter((text) => parseUid(text) !== undefined || "a UUID"))),
  /** The last configuration that was applied: bodies in base64, the hash in hex. */
  remote: Schema.optionalKey(Schema.Struct({ hash: Schema.String, entries: Schema.Record(Schema.String, Entry) })),
  /** The last one that was not, so that it is not tried again. */
  failed: Schema.optionalKey(Schema.Struct({ hash: Schema.String, message: Schema.String }))
})

const decode = Schema.decodeUnknownResult(Schema.fromJsonString(Stored))

export interface Remembered {
  readonly instanceUid: string | undefined
  readonly remote: { readonly hash: string; readonly entries: Entries } | undefined
  readonly failed: { readonly hash: string; readonly message: string } | undefined
}

const nothing: Remembered = { instanceUid: undefined, remote: undefined, failed: undefined }

/**
 * What an agent keeps over a restart: who it is, and the last configuration that was sent to it and worked. One small file, replaced as a
 * whole, so that a crash leaves the old one or the new one.
 */
export class AgentMemory {
  private readonly directory: string | undefined
  private state: Remembered

  /** Without a directory it forgets at the end of the process. */
  constructor(directory: string | undefined) {
    this.directory = directory
    this.state = directory === undefined ? nothing : read(directory)
  }

  get remembered(): Remembered {
    return this.state
  }

  /** Throws what the file system throws. */
  keep(change: Partial<Remembered>): void {
    this.state = { ...this.state, ...change }
    if (this.directory === undefined) return
    const { instanceUid, remote, failed } = this.state
    const text = JSON.stringify({
      ...(instanceUid === undefined ? {} : { instance_uid: instanceUid }),
      ...(remote === undefined ? {} : { remote: { hash: remote.hash, entries: toStored(remote.entries) } }),
      ...(failed === undefined ? {} : { failed })
    })
    mkdirSync(this.directory, { recursive: true, mode: 0o700 })
    const path = join(this.directory, fileName)
    writeFileSync(`${path}.new`, text, { mode: 0o600, flush: true })
    renameSync(`${path}.new`, path)
  }
}

const fileName = "agent.json"

const toStored = (entries: Entries) =>
  Object.fromEntries(
    [...entries].map(([name, { body, contentType, role }]) => [
      name,
      { body: Buffer.from(body).toString("base64"), content_type: contentType, role }
    ])
  )

/** What cannot be read is as good as nothing: the server sends it again. */
const read = (directory: string): Remembered => {
  let text: string
  try {
    text = readFileSync(join(directory, fileName), "utf8")
  } catch {
    return nothing
  }
  const stored = decode(text)
  if (Result.isFailure(stored)) return nothing
  const { instance_uid: instanceUid, remote, failed } = stored.success
  return {
    instanceUid,
    remote:
      remote === undefined
        ? undefined
        : {
            hash: remote.hash,
            entries: new Map(
              Object.entries(remote.entries).map(([name, { body, content_type: contentType, role }]) => [
                name,
                { body: new Uint8Array(Buffer.from(body, "base64")), contentType, role }
              ])
            )
          },
    failed
  }
}
