import * as Schema from "effect/Schema"

/** Nothing is known by this name. */
export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", { message: Schema.String }, { httpApiStatus: 404 }) {}

/** It is understood and not done; the message is the reason. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", { message: Schema.String }, { httpApiStatus: 409 }) {}

const Problem = Schema.Struct({
  path: Schema.String.annotate({ description: "Where: the part of the request, then the names on the way, with dots." }),
  message: Schema.String.annotate({ description: "What is wrong, and what was expected." })
})

/** The request does not say something that can be done. All that is wrong with it. */
export class Invalid extends Schema.TaggedError<Invalid>()(
  "Invalid",
  { message: Schema.String, problems: Schema.Array(Problem) },
  { httpApiStatus: 422 }
) {}

/** The control plane's storage does not work at the moment: nothing has been done. */
export class Unavailable extends Schema.TaggedError<Unavailable>()("Unavailable", { message: Schema.String }, { httpApiStatus: 503 }) {}
