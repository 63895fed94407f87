import * as Schema from "effect/Schema"

/**
 * A component could not be built or started: what is wrong, and which setting is to be changed.
 *
 * `path` leads from the component's own section to the setting (`["protocols", "grpc", "endpoint"]`), so that the message can name
 * file, line and column.
 */
export class ComponentError extends Schema.TaggedError<ComponentError>()("ComponentError", {
  component: Schema.String,
  path: Schema.Array(Schema.Union([Schema.String, Schema.Finite])),
  message: Schema.String
}) {}
