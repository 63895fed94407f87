import { createHash } from "node:crypto"
import { existsSync } from "node:fs"
import { readdir, readFile } from "node:fs/promises"
import { extname } from "node:path"
import { promisify } from "node:util"
import { brotliCompress, gzip } from "node:zlib"
import { bundle, type Files, page } from "./Bundle.ts"

/** One file as it is sent. */
export interface ConsoleFile {
  readonly contentType: string
  /** For validation, with its quotes. */
  readonly etag: string
  /** The name has a hash of the content in it. */
  readonly isImmutable: boolean
  readonly identity: Buffer
  /** Compressed when the files are loaded: they are few and small, and the package carries one form of them. */
  readonly gzip: Buffer
  readonly br: Buffer
}

/** By path, without the slash in front. */
export type ConsoleFiles = ReadonlyMap<string, ConsoleFile>

const contentTypes: { readonly [extension: string]: string } = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml"
}

const [compressGzip, compressBrotli] = [promisify(gzip), promisify(brotliCompress)]

const fileOf = async (name: string, identity: Buffer): Promise<ConsoleFile> => {
  const [zipped, br] = await Promise.all([compressGzip(identity, { level: 9 }), compressBrotli(identity)])
  return {
    contentType: contentTypes[extname(name)] ?? "application/octet-stream",
    etag: `"${createHash("sha256").update(identity).digest("base64url").slice(0, 22)}"`,
    isImmutable: name !== page,
    identity,
    gzip: zipped,
    br
  }
}

/** Ready to be sent. */
export const prepare = async (files: Files): Promise<ConsoleFiles> =>
  new Map(await Promise.all([...files].map(async ([name, body]) => [name, await fileOf(name, body)] as const)))

/** What `npm run build` has written. */
const readBuilt = async (folder: URL): Promise<Files> => {
  const names = await readdir(folder, { recursive: true })
  const paths = names.map((name) => name.replaceAll("\\", "/")).filter((name) => extname(name) !== "")
  return new Map(await Promise.all(paths.map(async (path) => [path, await readFile(new URL(path, folder))] as const)))
}

/** Where the package has them: seen from the program, which is one file, and from the library's module. */
const places = ["../console/", "../../console/"]

/**
 * The console's files. A clone has their sources: they are bundled in memory, so that what is served is never older than what is there.
 * The package has the built files beside its program.
 */
export const load = async (): Promise<ConsoleFiles> => {
  if (import.meta.url.endsWith(".ts")) return prepare(await bundle(new URL("../../console/", import.meta.url)))
  const built = places.map((place) => new URL(place, import.meta.url)).find((folder) => existsSync(new URL(page, folder)))
  if (built === undefined) throw new Error(`there is no ${page} beside ${import.meta.url}`)
  return prepare(await readBuilt(built))
}
