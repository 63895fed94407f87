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
  message: Schema.String,
  /** What was thrown, where it is a defect of the component and no setting is to blame. */
  defect: Schema.optionalKey(Schema.Unknown)
}) {}

/** A component that threw instead of failing. */
export const thrownBy = (component: string, defect: unknown): ComponentError =>
  new ComponentError({ component, path: [], message: `could not be made: ${String(defect)}`, defect })
