/** A JSON value. */
export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }

const isObject = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Fields where being set to the default differs from being absent. */
const present = /(?:^|[a-z])Value$|^as(?:Int|Double)$|^(?:sum|min|max)$|^(?:gauge|histogram|exponentialHistogram|summary)$/

const isDefault = (value: Json): boolean =>
  value === null ||
  value === 0 ||
  value === "0" ||
  value === "" ||
  value === false ||
  (Array.isArray(value) && value.length === 0) ||
  (isObject(value) && Object.keys(value).length === 0)

/**
 * A request so that two spellings of the same are equal: defaults left out, attributes as an object by key, since their order means
 * nothing and no key stands twice.
 */
export const canonical = (value: Json): Json => {
  if (Array.isArray(value)) {
    const items = value.map(canonical)
    if (items.length > 0 && value.every((item: Json) => isObject(item) && typeof item["key"] === "string")) {
      return Object.fromEntries(
        items.map((item) => [`@${String((item as { key?: Json }).key ?? "")}`, (item as { value?: Json }).value ?? null])
      )
    }
    return items
  }
  if (!isObject(value)) return value
  const fields = Object.entries(value).map(([key, field]) => [key, canonical(field)] as const)
  return Object.fromEntries(
    fields.filter(([key, field]) => present.test(key) || !(isDefault(field) || (key.endsWith("Id") && /^0*$/.test(String(field)))))
  )
}

/** What must be changed in `from` to get `to`: `undefined` for nothing, `["="]` with the new value, or an object of changes by field. */
export type Change = readonly ["=", Json] | readonly ["-"] | { readonly [key: string]: Change }

export const changesFrom = (from: Json | undefined, to: Json): Change | undefined => {
  const pair = isObject(from) && isObject(to) ? ([from, to] as const) : undefined
  const lists = Array.isArray(from) && Array.isArray(to) && from.length === to.length ? ([{ ...from }, { ...to }] as const) : undefined
  const both = pair ?? (lists as unknown as typeof pair)
  if (both === undefined) return from === to || JSON.stringify(from) === JSON.stringify(to) ? undefined : ["=", to]
  const changes: Record<string, Change> = {}
  for (const key of new Set([...Object.keys(both[0]), ...Object.keys(both[1])])) {
    const change = key in both[1] ? changesFrom(both[0][key], both[1][key]!) : (["-"] as const)
    if (change !== undefined) changes[key] = change
  }
  return Object.keys(changes).length === 0 ? undefined : changes
}

export const apply = (from: Json | undefined, change: Change | undefined): Json => {
  if (change === undefined) return from ?? null
  if (Array.isArray(change)) return (change as readonly ["=", Json])[1]
  const isList = Array.isArray(from)
  const result: Record<string, Json> = { ...(from as { [key: string]: Json }) }
  for (const [key, inner] of Object.entries(change)) {
    if (Array.isArray(inner) && inner[0] === "-") delete result[key]
    else result[key] = apply(result[key], inner as Change)
  }
  return isList ? Object.values(result) : result
}
