import * as Schema from "effect/Schema"
import type { Finding } from "../../../domain/loop/Finding.ts"
import { MaybeNumber, maybeNumber, Subject, subjectView, UnixMillis } from "./Basics.ts"

export const FindingView = Schema.Struct({
  id: Schema.String,
  detector: Schema.String,
  kind: Schema.String,
  subject: Subject,
  score: Schema.Finite.annotate({ description: "How sure and how bad, from 0 to 1." }),
  since_unix_millis: UnixMillis,
  until_unix_millis: Schema.NullOr(UnixMillis).annotate({ description: "`null` while it lasts." }),
  value: MaybeNumber,
  expected: MaybeNumber,
  evidence: Schema.Array(Schema.Tuple([UnixMillis, MaybeNumber])).annotate({ description: "The series that it stands on, oldest first." })
}).annotate({ identifier: "Finding" })
export type FindingView = typeof FindingView.Type

export const FindingsView = Schema.Struct({
  open: Schema.Array(FindingView),
  closed: Schema.Array(FindingView).annotate({
    description: "Those that the latest thousand journal records tell the end of, latest first."
  })
})
export type FindingsView = typeof FindingsView.Type

export const findingView = (finding: Finding): FindingView => ({
  id: finding.id,
  detector: finding.detector,
  kind: finding.kind,
  subject: subjectView(finding.subject),
  score: finding.score,
  since_unix_millis: finding.since,
  until_unix_millis: finding.until ?? null,
  value: maybeNumber(finding.value),
  expected: maybeNumber(finding.expected),
  evidence: finding.evidence.map(([at, value]) => [at, maybeNumber(value)])
})
