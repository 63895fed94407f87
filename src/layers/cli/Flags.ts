import * as Flag from "effect/cli/Flag"

/** `--config FILE`, once or more. */
export const configFlag = Flag.String("config").pipe(
  Flag.withAlias("c"),
  Flag.withMetavar("FILE"),
  Flag.withDescription("A configuration file; give several to lay later ones over earlier ones"),
  Flag.atLeast(1)
)

/** `--config FILE`, any number. */
export const overlayFlag = Flag.String("config").pipe(
  Flag.withAlias("c"),
  Flag.withMetavar("FILE"),
  Flag.withDescription("A configuration file to lay over the embedded default"),
  Flag.atLeast(0)
)
