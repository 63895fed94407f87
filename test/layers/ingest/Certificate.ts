import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Whether the machine can make certificates. */
export const hasOpenssl = spawnSync("openssl", ["version"]).status === 0

/** A self-signed certificate for localhost, fresh each time. */
export const certificate = (): { readonly cert: string; readonly key: string } => {
  const folder = mkdtempSync(join(tmpdir(), "weir-cert-"))
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")]
  const made = spawnSync("openssl", [
    ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost".split(" "),
    "-addext",
    "subjectAltName=DNS:localhost,IP:127.0.0.1",
    "-keyout",
    key,
    "-out",
    cert
  ])
  if (made.status !== 0) throw new Error(`openssl: ${String(made.stderr)}`)
  const pair = { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") }
  rmSync(folder, { recursive: true })
  return pair
}
