import type { Watching } from "../../../control/detection/Detection.ts"
import type { Checked } from "../../../domain/config/Checked.ts"
import type { DetectorSettings } from "../../../domain/config/DetectorSettings.ts"
import type { Component } from "../../graph/Component.ts"

/** The detectors of a configuration (`weir.detectors`), ready to run. */
export const watchingOf = (checked: Checked<Component>): ReadonlyArray<Watching> =>
  checked.components.flatMap(({ id, component, config }) =>
    component.kind === "detector" ? [{ name: id, settings: config as DetectorSettings, detecting: component.make(config as never) }] : []
  )
