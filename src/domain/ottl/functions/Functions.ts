import * as Conversions from "./Conversions.ts"
import * as EditKeys from "./EditKeys.ts"
import type { ConverterSpec, EditorSpec } from "./Function.ts"
import { isMatch } from "./Match.ts"
import { mergeMaps } from "./MergeMaps.ts"
import { replaceAllPatterns, replacePattern } from "./Replace.ts"
import { set } from "./Set.ts"
import * as Strings from "./Strings.ts"
import { truncateAll } from "./Truncate.ts"

const byName = <A extends { readonly name: string }>(...specs: ReadonlyArray<A>): ReadonlyMap<string, A> =>
  new Map(specs.map((spec) => [spec.name, spec]))

/** The functions that change something, by name. */
export const editors = byName<EditorSpec>(
  set,
  EditKeys.deleteKey,
  EditKeys.deleteMatchingKeys,
  EditKeys.keepKeys,
  EditKeys.keepMatchingKeys,
  EditKeys.limit,
  mergeMaps,
  replacePattern,
  replaceAllPatterns,
  truncateAll
)

/** The functions that give a value, by name. */
export const converters = byName<ConverterSpec>(
  isMatch,
  Conversions.int,
  Conversions.double,
  Conversions.string,
  Conversions.bool,
  Conversions.isString,
  Conversions.isInt,
  Conversions.isDouble,
  Conversions.isBool,
  Conversions.isMap,
  Conversions.isList,
  Conversions.isRootSpan,
  Conversions.traceId,
  Conversions.spanId,
  Strings.concat,
  Strings.convertCase,
  Strings.hasPrefix,
  Strings.hasSuffix,
  Strings.len,
  Strings.sha256Hex,
  Strings.split,
  Strings.substring,
  Strings.toLowerCase,
  Strings.toUpperCase
)
