import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpRouter from "effect/http/HttpRouter"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import { page } from "./Bundle.ts"
import { type ConsoleFile, type ConsoleFiles, load } from "./ConsoleFiles.ts"

/** The files cannot be had: the sources do not compile, or the package is not whole. */
export class ConsoleError extends Data.TaggedError("ConsoleError")<{ readonly message: string }> {}

/**
 * What the page may do: run and fetch what its own origin serves, nothing inline, nothing evaluated, no markup from strings, in no frame
 * of somebody else's.
 */
export const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'"
].join("; ")

/**
 * The console's files as routes: `/`, and what the page loads from `/assets/`. They are loaded at the first request, so that a control
 * plane whose console nobody looks at does not pay for it. **Full**: nothing is queued; answers come from memory. **Fails**: files that
 * cannot be had are a 500 that says why, and are tried again with the next request.
 */
export const routes: Layer.Layer<never, never, HttpRouter.HttpRouter> = Layer.unwrap(
  Effect.gen(function* () {
    const loaded = yield* Effect.cachedWithTTL(
      Effect.tryPromise({ try: load, catch: (cause) => new ConsoleError({ message: `the console cannot be loaded: ${String(cause)}` }) }),
      (exit) => (Exit.isSuccess(exit) ? "Infinity" : 0)
    )
    const serve = (request: HttpServerRequest, path: string) =>
      loaded.pipe(
        Effect.map((all) => answer(request, all, path)),
        Effect.catch(({ message }) => Effect.as(Effect.logError(message), plain(500, message)))
      )
    return Layer.mergeAll(
      HttpRouter.add("GET", "/", (request) => serve(request, page)),
      HttpRouter.add("GET", "/assets/:name", (request) => serve(request, request.url.slice(1).replace(/\?.*$/, "")))
    )
  })
)

const plain = (status: number, message: string) =>
  HttpServerResponse.text(`${message}\n`, { status, headers: { "cache-control": "no-store" } })

const answer = (request: HttpServerRequest, files: ConsoleFiles, path: string): HttpServerResponse.HttpServerResponse => {
  const file = files.get(path)
  if (file === undefined) return plain(404, "there is no such file")
  const encoding = encodingFor(request.headers["accept-encoding"] ?? "")
  const headers = {
    "cache-control": file.isImmutable ? "public, max-age=31536000, immutable" : "no-cache",
    "content-security-policy": policy,
    "cross-origin-opener-policy": "same-origin",
    "x-content-type-options": "nosniff",
    etag: file.etag,
    vary: "accept-encoding",
    ...(encoding === "identity" ? {} : { "content-encoding": encoding })
  }
  if (request.headers["if-none-match"] === file.etag) return HttpServerResponse.empty({ status: 304, headers })
  return HttpServerResponse.uint8Array(file[encoding], { headers, contentType: file.contentType })
}

type Encoding = Extract<keyof ConsoleFile, "identity" | "gzip" | "br">

/** The best one that is named; what is named with a quality of 0 is refused. */
const encodingFor = (accepted: string): Encoding => {
  const takes = (name: string) => new RegExp(`(?:^|[ ,])${name}(?! *; *q=0(?:\\.0*)?(?:$|[ ,]))(?=$|[ ,;])`, "i").test(accepted)
  return takes("br") ? "br" : takes("gzip") ? "gzip" : "identity"
}
