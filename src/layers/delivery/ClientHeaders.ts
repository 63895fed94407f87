import { validateHeaderName, validateHeaderValue } from "node:http"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { field } from "../../domain/config/Fields.ts"
import { ComponentError } from "../graph/ComponentError.ts"

export const ClientHeaders = field(Schema.Record(Schema.String, Schema.String), {}, "Headers to send with every request.")

export const userAgent = "Weir-OTLP-Exporter"

/** The configured headers in lower case, each fit for the wire; it is said at the start, not at the first request, which one is not. */
export const check = (
  component: string,
  headers: { readonly [name: string]: string }
): Effect.Effect<Record<string, string>, ComponentError> =>
  Effect.gen(function* () {
    const checked: Record<string, string> = {}
    for (const [name, value] of Object.entries(headers)) {
      yield* Effect.try({
        try: () => {
          validateHeaderName(name)
          validateHeaderValue(name, value)
        },
        catch: () =>
          new ComponentError({
            component,
            path: ["headers", name],
            message: `"${name}" is no header: its name or value has characters that HTTP forbids`
          })
      })
      checked[name.toLowerCase()] = value
    }
    return checked
  })
