import { hasPrefix, hasSuffix } from "./Affix.ts"
import { convertCase, toLowerCase, toUpperCase } from "./Case.ts"
import { concat } from "./Concat.ts"
import * as Conversions from "./Conversions.ts"
import { sha256Hex } from "./Digest.ts"
import * as EditKeys from "./EditKeys.ts"
import type { ConverterSpec, EditorSpec } from "./Function.ts"
import { len } from "./Len.ts"
import { isMatch } from "./Match.ts"
import { mergeMaps } from "./MergeMaps.ts"
import { replaceAllPatterns, replacePattern } from "./Replace.ts"
import { set } from "./Set.ts"
import { split } from "./Split.ts"
import { substring } from "./Substring.ts"
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
  concat,
  convertCase,
  hasPrefix,
  hasSuffix,
  len,
  sha256Hex,
  split,
  substring,
  toLowerCase,
  toUpperCase
)
