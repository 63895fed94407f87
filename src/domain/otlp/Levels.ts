import type { Signal } from "../Signal.ts"
import { LENGTH, tagOf } from "./Wire.ts"

/**
 * The nesting of a request: resource groups, scope groups and items, or for metrics resource groups, scope groups, metrics, data
 * (gauge, sum, ...) and data points. The levels are numbered by what one is inside of.
 */
export const REQUEST = 0
export const RESOURCE_GROUP = 1
export const SCOPE_GROUP = 2
export const METRIC = 3
export const DATA = 4

/** The tag of the children at each level; 0 where there are several, see `isData`. */
export const childTags: ReadonlyArray<number> = [tagOf(1, LENGTH), tagOf(2, LENGTH), tagOf(2, LENGTH), 0, tagOf(1, LENGTH)]

/** The level whose children are the items. */
export const leafLevel = (signal: Signal): number => (signal === "metrics" ? DATA : SCOPE_GROUP)

const dataFields = (1 << 5) | (1 << 7) | (1 << 9) | (1 << 10) | (1 << 11)

/** Whether a field of Metric is one of gauge, sum, histogram, exponential_histogram and summary. The last one on the wire stands. */
export const isData = (field: number): boolean => field < 12 && ((dataFields >> field) & 1) === 1

/** Whether a field with this tag is a child at this level. */
export const isChild = (level: number, tag: number): boolean =>
  level === METRIC ? (tag & 7) === LENGTH && isData(tag >>> 3) : tag === childTags[level]
