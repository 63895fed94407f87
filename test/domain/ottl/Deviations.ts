/** Where Weir means to differ from the Collector's answers (contrib v0.161), by case, with the reason. */
export const deviations: { readonly [id: string]: string } = {
  'transform traces: set(span.attributes["map"]["k"], span.attributes["map"])':
    "a map assigned into itself is copied as it was; the original makes the key first and copies a half-made map",
  'transform traces: set(span.attributes["map"]["deep"]["n"], span.attributes["map"])':
    "a map assigned into itself is copied as it was; the original makes the key first and copies a half-made map",
  'transform traces: set(span.attributes["list"][1], span.attributes["list"])':
    "a map assigned into itself is copied as it was; the original makes the key first and copies a half-made map",
  'transform logs: set(log.attributes["out"], "before"); set(log.attributes["out"], log.attributes)':
    "a map assigned into itself is copied as it was; the original makes the key first and copies a half-made map",
  'transform metrics: set(metric.metadata["out"], "before"); set(metric.metadata["out"], metric.metadata)':
    "a map assigned into itself is copied as it was; the original makes the key first and copies a half-made map",
  'transform metrics: set(datapoint.attributes["out"], "before"); set(datapoint.attributes["out"], datapoint.attributes)':
    "a map assigned into itself is copied as it was; the original makes the key first and copies a half-made map",
  'transform traces: merge_maps(resource.attributes, resource.attributes, "upsert")':
    "merging a map into itself changes nothing; the original empties every value",
  "transform traces: set(span.attributes[1], 1)": "a key that is no string fails for every item, so it is refused with the configuration",
  'transform traces: keep_keys(span.attributes, span.attributes["list"])':
    "keys that are only known at run time are accepted since contrib v0.163",
  'transform traces: keep_keys(span.attributes, span.attributes["missing"])':
    "keys that are only known at run time are accepted since contrib v0.163",
  'transform traces: replace_pattern(span.name, "a", "b", String)': "the original panics; here the configuration is refused",
  'transform traces: in a named context: replace_pattern(span.attributes["url"], "/([0-9]+)", "$1", SHA256, "/id-%d")':
    "a format without %s fails for every item, so it is refused with the configuration"
}
