import * as Schema from "effect/Schema"

/** A configuration in which something is wrong; the message is the whole report, each problem with its place. */
export class ConfigurationError extends Schema.TaggedError<ConfigurationError>()("ConfigurationError", {
  message: Schema.String
}) {}
