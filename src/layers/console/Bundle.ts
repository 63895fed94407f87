import { createHash } from "node:crypto"
import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"

/** The files of the console by their paths below its root. */
export type Files = ReadonlyMap<string, Buffer>

/** The page; everything else has a hash in its name. */
export const page = "index.html"
const styles = ["tokens.css", "base.css", "parts.css"]

/**
 * Makes the console's files from their sources. Needs rolldown, which is there in a clone and when the package is made, and not where the
 * package is installed: then it fails.
 */
export const bundle = async (sources: URL): Promise<Files> => {
  const { build } = await import("rolldown")
  const { output } = await build({
    input: fileURLToPath(new URL("main.tsx", sources)),
    platform: "browser",
    write: false,
    logLevel: "warn",
    transform: { target: "es2023" },
    output: { format: "esm", minify: true, codeSplitting: false, comments: false, entryFileNames: "assets/console-[hash].js" }
  })
  const script = { name: output[0].fileName, body: Buffer.from(output[0].code) }
  const read = (name: string) => readFile(new URL(name, sources))
  const style = hashed("console", "css", Buffer.concat(await Promise.all(styles.map(read))))
  const icon = hashed("icon", "svg", await read("icon.svg"))
  const html = (await read(page)).toString()
  const linked = html.replace("main.tsx", script.name).replace("console.css", style.name).replace("icon.svg", icon.name)
  return new Map([[page, Buffer.from(linked)], ...[script, style, icon].map(({ name, body }) => [name, body] as const)])
}

const hashed = (name: string, extension: string, body: Buffer) => ({
  name: `assets/${name}-${createHash("sha256").update(body).digest("hex").slice(0, 8)}.${extension}`,
  body
})
