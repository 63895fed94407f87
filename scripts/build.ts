// `npm run build`: dist/ is the package that is published: the library as modules with declarations, the command line as one bundle,
// the console as the files that it serves.
// The manifest is made from ours without what only development and the packaged Node need. `npm pack ./dist` packs it.
import { spawnSync } from "node:child_process"
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "rolldown"
import { bundle } from "../src/layers/console/Bundle.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const dist = `${root}dist/`
const require = createRequire(import.meta.url)

rmSync(dist, { recursive: true, force: true })
mkdirSync(`${dist}bin`, { recursive: true })

const compiler = require.resolve("typescript/package.json").replace("package.json", "bin/tsc")
const compiled = spawnSync(process.execPath, [compiler, "-p", `${root}tsconfig.build.json`], { cwd: root, stdio: "inherit" })
if (compiled.status !== 0) process.exit(compiled.status ?? 1)

await build({
  input: `${root}src/main.ts`,
  platform: "node",
  logLevel: "warn",
  // Only a clone bundles the console when it runs.
  external: ["rolldown"],
  output: { file: `${dist}bin/main.js`, format: "esm", codeSplitting: false, minify: { compress: true, mangle: false, codegen: false } }
})

for (const [name, body] of await bundle(new URL("../src/console/", import.meta.url))) {
  mkdirSync(dirname(`${dist}console/${name}`), { recursive: true })
  writeFileSync(`${dist}console/${name}`, body)
}

copyFileSync(`${root}bin/launch.js`, `${dist}bin/launch.js`)
const launcher = readFileSync(`${root}bin/weir.js`, "utf8").replace("../src/main.ts", "./main.js")
writeFileSync(`${dist}bin/weir.js`, launcher, { mode: 0o755 })
for (const file of ["README.md", "CHANGELOG.md", "LICENSE"]) copyFileSync(`${root}${file}`, `${dist}${file}`)

const { name, version, description, license, type, dependencies, devDependencies } = JSON.parse(readFileSync(`${root}package.json`, "utf8"))
/**
 * What `weir/agent` alone loads. Peers, since an application must have one copy of OpenTelemetry's API and its own release of the SDK;
 * optional, since a gateway needs none of it.
 */
const agentPeers = {
  "@effect/opentelemetry": `~${devDependencies["@effect/opentelemetry"]}`,
  "@opentelemetry/api": ">=1.9.1 <2",
  "@opentelemetry/api-logs": ">=0.223.0 <1",
  "@opentelemetry/context-async-hooks": ">=2.12.0 <4",
  "@opentelemetry/core": ">=2.12.0 <4",
  "@opentelemetry/otlp-transformer": ">=0.223.0 <1",
  "@opentelemetry/resources": ">=2.12.0 <4",
  "@opentelemetry/sdk-logs": ">=0.223.0 <4",
  "@opentelemetry/sdk-metrics": ">=2.12.0 <4",
  "@opentelemetry/sdk-trace": ">=2.12.0 <4"
}

const module = (file: string) => ({ types: `./${file}.d.ts`, default: `./${file}.js` })
const manifest = {
  name,
  version,
  description,
  license,
  type,
  engines: { node: ">=22.19.0" },
  exports: {
    ".": module("index"),
    "./agent": module("agent"),
    "./control": module("control"),
    "./opamp": module("opamp"),
    "./testing": module("testing")
  },
  bin: { weir: "bin/weir.js" },
  // The command line's own dependencies are in its bundle.
  dependencies: { ws: dependencies.ws, yaml: dependencies.yaml },
  // One copy of effect in a tree: two would not know each other's services and fibers.
  peerDependencies: { effect: `~${dependencies.effect}`, ...agentPeers },
  peerDependenciesMeta: Object.fromEntries(Object.keys(agentPeers).map((name) => [name, { optional: true }]))
}
writeFileSync(`${dist}package.json`, `${JSON.stringify(manifest, undefined, 2)}\n`)
