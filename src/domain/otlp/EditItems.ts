import type { Edits } from "./Edits.ts"
import { AFTER_LAST, END, FIRST, Groups, LENGTH_AT, PAYLOAD, START } from "./Groups.ts"
import * as M from "./Metrics.ts"

/**
 * What to do with item `item` (a span, a log record, a data point), whose message is `[start, end)`: edits made now are inside it.
 * `false` drops it.
 */
export type EditItem = (item: number, start: number, end: number) => boolean

/**
 * Goes over all items of an index, with `edits` begun on its bytes. Groups, and metrics of a known type, that are empty afterwards go too,
 * as in the collector's filter. Returns how many items remain.
 */
export const editItems = (view: Groups, edits: Edits, edit: EditItem): number => {
  const { resources, scopes } = view
  let kept = 0
  for (let r = 0; r < resources.count; r++) {
    const resource = r * resources.width
    const groups = resources.data
    let scopesKept = 0
    enter(edits, groups, resource)
    for (let s = groups[resource + FIRST]!; s < groups[resource + AFTER_LAST]!; s++) {
      const scope = s * scopes.width
      const before = kept
      let recordsKept = 0
      enter(edits, scopes.data, scope)
      for (let i = scopes.data[scope + FIRST]!; i < scopes.data[scope + AFTER_LAST]!; i++) {
        const { data, width } = view.records
        const record = i * width
        if (view instanceof M.Metrics) {
          const points = editPoints(view, edits, edit, i)
          if (points < 0) continue
          kept += points
          recordsKept++
          continue
        }
        enter(edits, data, record)
        if (edit(i, data[record + PAYLOAD]!, data[record + END]!)) {
          edits.leave()
          kept++
        } else drop(edits, data, record)
      }
      if (kept > before || recordsKept > 0) {
        edits.leave()
        scopesKept++
      } else drop(edits, scopes.data, scope)
    }
    if (scopesKept > 0) edits.leave()
    else drop(edits, groups, resource)
  }
  return kept
}

/** Keeps the items that `keep` says yes to. */
export const filterItems = (view: Groups, edits: Edits, keep: (item: number) => boolean): number => editItems(view, edits, keep)

const enter = (edits: Edits, data: Int32Array, at: number): void => edits.enter(data[at + LENGTH_AT]!, data[at + PAYLOAD]!, data[at + END]!)

const drop = (edits: Edits, data: Int32Array, at: number): void => {
  edits.forget()
  edits.delete(data[at + START]!, data[at + END]!)
}

/** The points of metric `i`; -1 if the metric is gone with the last of them. One without data stays as it is. */
const editPoints = (view: M.Metrics, edits: Edits, edit: EditItem, i: number): number => {
  const { points, metrics, records } = view
  const metric = i * metrics.width
  if (metrics.data[metric + M.TYPE] === -1) return 0
  let kept = 0
  enter(edits, records.data, i * records.width)
  edits.enter(metrics.data[metric + M.DATA_LENGTH_AT]!, metrics.data[metric + M.DATA]!, metrics.data[metric + M.DATA_END]!)
  for (let p = metrics.data[metric + M.FIRST_POINT]!; p < metrics.data[metric + M.AFTER_LAST_POINT]!; p++) {
    const point = p * points.width
    enter(edits, points.data, point)
    if (edit(p, points.data[point + M.POINT_PAYLOAD]!, points.data[point + M.POINT_END]!)) {
      edits.leave()
      kept++
    } else drop(edits, points.data, point)
  }
  if (kept === 0) {
    edits.forget()
    drop(edits, records.data, i * records.width)
    return -1
  }
  edits.leave()
  edits.leave()
  return kept
}
