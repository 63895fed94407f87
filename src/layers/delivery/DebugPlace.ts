import { type Json, list } from "./DebugValue.ts"

/**
 * Where a text has got to, for one that is written slice by slice: the numbers of the resource group, the scope group, the item (a span, a
 * log record, a metric) and the data point that came last.
 */
export class Place {
  resource = -1
  scope = -1
  item = -1
  point = -1
}

export interface Names {
  readonly resources: string
  readonly scopes: string
  readonly items: string
}

/** What is written for each; `isNew`: not the rest of a metric that an earlier slice has begun. */
export interface Writers {
  readonly resource: (group: Json) => void
  readonly scope: (group: Json) => void
  readonly item: (item: Json, isNew: boolean) => void
}

/** Goes through a slice, the first messages of which (`continued` of them, one in the other) go on with what an earlier slice has begun. */
export const goThrough = (slice: Json, continued: number, place: Place, names: Names, write: Writers): void => {
  list(slice, names.resources).forEach((group, r) => {
    const isNewResource = r > 0 || continued < 1
    if (isNewResource) {
      place.resource++
      place.scope = -1
      write.resource(group)
    }
    list(group, names.scopes).forEach((scopeGroup, s) => {
      const isNewScope = isNewResource || s > 0 || continued < 2
      if (isNewScope) {
        place.scope++
        place.item = -1
        write.scope(scopeGroup)
      }
      list(scopeGroup, names.items).forEach((item, i) => {
        const isNew = isNewScope || i > 0 || continued < 3
        if (isNew) {
          place.item++
          place.point = -1
        }
        write.item(item, isNew)
      })
    })
  })
}
