import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"

/** What the reference reads from a schema's annotations: the default of a field as it would be written in YAML, and a name for its type. */
declare module "effect/Schema" {
  namespace Annotations {
    interface Annotations {
      readonly yamlDefault?: unknown
      /** What a value is called in the reference where its schema does not tell (`duration`). */
      readonly yamlType?: string
    }
  }
}

/**
 * The building blocks of component configurations: a field is a schema, its default as it would be written in YAML, and one sentence
 * for the reference (`docs/components.md` is generated from these).
 */
export const field = <S extends Schema.Top>(schema: S, yamlDefault: S["Encoded"], description: string): Schema.withDecodingDefaultKey<S> =>
  Schema.withDecodingDefaultKey<S>(Effect.succeed(yamlDefault))(Schema.annotate<S>({ description, yamlDefault })(schema) as unknown as S)

/** A field that may be absent and then is `undefined`. */
export const optional = <S extends Schema.Top>(schema: S, description: string): Schema.optionalKey<S> =>
  Schema.optionalKey(Schema.annotate<S>({ description })(schema) as unknown as S)

/** A nested section; an absent one takes all its defaults. */
export const section = <S extends Schema.Top>(schema: S, description: string): Schema.withDecodingDefaultKey<S> =>
  Schema.withDecodingDefaultKey<S>(Effect.succeed({}))(Schema.annotate<S>({ description })(schema) as unknown as S)

const units: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
const durationPattern = /^(?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+$/

/** Milliseconds of a Go duration (`1h30m`, `200ms`, `0`), or `undefined`. */
export const parseDuration = (text: string): number | undefined => {
  if (text === "0") return 0
  if (!durationPattern.test(text)) return undefined
  let millis = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)/g)) millis += Number(amount) * units[unit!]!
  return millis
}

const durationExpected = 'a duration such as "200ms", "5s" or "1m30s"'
const isDuration = Schema.makeFilter((text: string) => parseDuration(text) !== undefined || durationExpected)

/** A duration as the collector writes it (Go syntax: `300ms`, `5s`, `1h30m`, `0s`); decodes to milliseconds. */
export const Duration = Schema.String.annotate({ message: durationExpected })
  .check(isDuration)
  .pipe(
    Schema.decodeTo(
      Schema.Finite,
      SchemaTransformation.transform({ decode: (text) => parseDuration(text)!, encode: (millis) => `${millis}ms` })
    )
  )

const addressExpected = 'an address such as "localhost:4317", with a port from 0 to 65535'

/** Where a server listens; an empty host is every address of the machine. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** `host:port`, `:port` or `[::1]:port`; `undefined` for anything else. */
export const parseListenAddress = (text: string): ListenAddress | undefined => {
  const [, inBrackets, plain, digits] = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^:/[\]\s]*)):(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  return port <= 65_535 ? { host: inBrackets ?? plain!, port } : undefined
}

/** Where a server listens: `host:port`, `:port` or `[::1]:port`. */
export const ListenAddress = Schema.String.check(Schema.makeFilter((text) => parseListenAddress(text) !== undefined || addressExpected))

/** Whole number of 0 or more. */
export const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

/** Whole number of 1 or more. */
export const Positive = Schema.Int.check(Schema.isGreaterThan(0))
