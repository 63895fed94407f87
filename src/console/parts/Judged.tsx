import { Axis, Interval } from "../draw/Interval.tsx"
import { type Measure, measuresOf, relativeScale, shown, valueScale } from "../draw/Scale.ts"
import type { EvaluationView, RolloutView } from "../feed/Answers.ts"
import { percent } from "../../domain/loop/Numbers.ts"
import { capped, Mark, Rest, Scroller, type Tone } from "./Capped.tsx"
import { Name } from "./Name.tsx"

const maxMeasures = 30

type Verdict = readonly [word: string, glyph: string, tone: Tone]

const verdicts: { readonly [Role in Measure["role"]]: { readonly [J in EvaluationView["judgement"]]: Verdict } } = {
  goal: { pass: ["reached", "✔", "good"], fail: ["not reached", "✖", "bad"], inconclusive: ["open", "◌", "plain"] },
  guardrail: { pass: ["kept", "✔", "good"], fail: ["crossed", "✖", "bad"], inconclusive: ["cannot be told", "◌", "plain"] }
}
const overall: { readonly [J in EvaluationView["judgement"]]: Verdict } = {
  pass: ["pass", "✔", "good"],
  fail: ["fail", "✖", "bad"],
  inconclusive: ["no verdict", "◌", "plain"]
}

const Said = ({ verdict: [word, glyph, tone] }: { readonly verdict: Verdict }) => (
  <Mark tone={tone} glyph={glyph}>
    {word}
  </Mark>
)

/** The latest look at a rollout: each measure drawn on its scale and told in words, then what follows from all of them. */
export const Judged = ({ evaluation, plan }: { readonly evaluation: EvaluationView; readonly plan: RolloutView["plan"] }) => {
  const { coverage } = evaluation
  const measures = capped(measuresOf(evaluation, plan), maxMeasures)
  const scale = relativeScale(measures.some)
  const [effects, values] = [measures.some.filter(({ kind }) => kind === "relative"), measures.some.filter(({ kind }) => kind === "value")]
  return (
    <>
      <p>
        Latest look: <Said verdict={overall[evaluation.judgement]} />, <Name text={evaluation.reason} max={600} />. Agents with data:{" "}
        {share(coverage.canary)} of the canary, {share(coverage.control)} of the control.{" "}
        <span class="quiet">({evaluation.evaluator})</span>
      </p>
      <Scroller label="Measures of the comparison">
        <table class="judged">
          <thead>
            <tr>
              <th scope="col">measure</th>
              <th scope="col">canary against control</th>
              <th scope="col">estimate, bound</th>
              <th scope="col">verdict</th>
            </tr>
          </thead>
          <tbody>
            {effects.map((measure, index) => (
              <Row key={`${measure.role} ${index}`} measure={measure} scale={scale} />
            ))}
            {effects.length > 0 && (
              <tr aria-hidden="true" class="ticks">
                <td />
                <td>
                  <Axis kind="relative" scale={scale} />
                </td>
                <td colSpan={2} />
              </tr>
            )}
            {values.map((measure, index) => (
              <Row key={`value ${index}`} measure={measure} scale={measure.bounds.length === 0 ? undefined : valueScale(measure)} />
            ))}
          </tbody>
        </table>
      </Scroller>
      <Rest count={measures.rest} of="measures" />
    </>
  )
}

const share = (value: number | null): string => (value === null ? "an unknown share" : percent(value))

/** Without a scale there is nothing to draw a value against: what it was compared with is in the reason. */
const Row = ({ measure, scale }: { readonly measure: Measure; readonly scale: ReturnType<typeof relativeScale> | undefined }) => {
  const { judged, role } = measure
  return (
    <tr>
      <th scope="row">
        <span class="quiet">{role}</span> <Name text={judged.what} />
      </th>
      <td>{scale === undefined ? <Name text={judged.reason} max={400} /> : <Interval measure={measure} scale={scale} />}</td>
      <td>
        <b class="number">{judged.estimate === null ? "none" : shown(measure.kind, judged.estimate)}</b>
        <br />
        {judged.interval !== null && (
          <>
            <span class="number">{intervalOf(judged.interval, measure.kind)}</span>
            <br />
          </>
        )}
        <span class="quiet">{boundsOf(measure)}</span>
      </td>
      <td>
        <Said verdict={verdicts[role][judged.judgement]} />
      </td>
    </tr>
  )
}

const intervalOf = ([low, high]: readonly [number | null, number | null], kind: Measure["kind"]): string =>
  `[${low === null ? "open" : shown(kind, low)} … ${high === null ? "open" : shown(kind, high)}]`

const boundsOf = ({ bounds, kind }: Measure): string =>
  bounds.length === 0 ? "built in" : bounds.map(({ at, kept }) => `${shown(kind, at)} or ${kept === "above" ? "more" : "less"}`).join(", ")
