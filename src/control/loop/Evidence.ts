import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Effect as LoopEffect } from "../../domain/loop/Effect.ts"
import type { UnitEvidence } from "../../domain/loop/Evaluation.ts"

export type EvidenceRequest = Extract<LoopEffect, { readonly _tag: "RequestEvidence" }>

/** Where an evaluation's numbers come from: the books of the data path, never a status report. */
export class Evidence extends Context.Service<
  Evidence,
  {
    /** Waits until the windows are over and what was seen in them has had time to arrive. */
    readonly of: (request: EvidenceRequest) => Effect.Effect<ReadonlyArray<UnitEvidence>>
  }
>()("weir/control/loop/Evidence") {}
