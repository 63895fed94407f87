import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

// The example with the contract kit, run as it stands there; it declares its own tests, one a case.
const root = fileURLToPath(new URL("../../", import.meta.url))
const blocks = [...readFileSync(`${root}docs/extending.md`, "utf8").matchAll(/^```ts\n([^]*?)^```/gm)].map(([, code]) => code!)
const folder = `${root}.cache/extending/`
mkdirSync(folder, { recursive: true })
const path = `${folder}contract.ts`
writeFileSync(
  path,
  blocks.find((code) => code.includes("exporterContract"))!
)

await import(path)
