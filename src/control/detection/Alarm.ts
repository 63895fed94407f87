import type { Judgement, Point } from "../../domain/loop/Detector.ts"
import type { Finding, FindingEvent } from "../../domain/loop/Finding.ts"

/** Where the alarm of one series stands. Plain data. */
export interface Alarm {
  /** When the present alarm began; `undefined` without one. */
  readonly since: number | undefined
  /** When it was last in alarm, while a finding is open. */
  readonly lastAlarm: number
  /** What is open, as it was last told of. */
  readonly finding: Finding | undefined
  /** When it was. */
  readonly toldAt: number
  /** The series, the last two minutes of values. */
  readonly evidence: ReadonlyArray<Point>
}

export const calm: Alarm = { since: undefined, lastAlarm: 0, finding: undefined, toldAt: 0, evidence: [] }

export interface AlarmLimits {
  /** An alarm of this length opens a finding. */
  readonly forMillis: number
  /** A finding closes after so much time without an alarm. */
  readonly clearMillis: number
}

/** Values that a finding stands on. */
const mostEvidence = 120
const secondMillis = 1000
/** An open finding is told of again when its score has moved by this, or after so long. */
const scoreStep = 0.05
const changedMillis = 10_000

/** Takes in what the detector thinks of the latest value. A value stands for the second that begins at its time. */
export const judge = (
  alarm: Alarm,
  about: Pick<Finding, "detector" | "kind" | "subject">,
  point: Point,
  judgement: Judgement,
  limits: AlarmLimits
): readonly [Alarm, FindingEvent | undefined] => {
  const [at, value] = point
  const evidence = [...alarm.evidence.slice(1 - mostEvidence), point]
  if (!judgement.isAlarming) {
    const [next, event] = overdue({ ...alarm, evidence }, at, limits)
    return [next.finding === undefined ? { ...next, since: undefined } : next, event]
  }
  const { finding } = alarm
  const since = alarm.since ?? at
  const going: Alarm = { ...alarm, evidence, since, lastAlarm: at }
  const seen = { score: judgement.score, value, expected: judgement.expected, evidence }
  if (finding === undefined) {
    if (at + secondMillis - since < limits.forMillis) return [going, undefined]
    const opened: Finding = { id: idOf(about, since), ...about, since, until: undefined, ...seen }
    return [
      { ...going, finding: opened, toldAt: at },
      { _tag: "FindingOpened", finding: opened }
    ]
  }
  if (Math.abs(judgement.score - finding.score) < scoreStep && at - alarm.toldAt < changedMillis) return [going, undefined]
  const changed: Finding = { ...finding, ...seen }
  return [
    { ...going, finding: changed, toldAt: at },
    { _tag: "FindingChanged", finding: changed }
  ]
}

/** There is no alarm in the second that begins at `at`, perhaps no value: ends what has been without an alarm for long enough. */
export const overdue = (alarm: Alarm, at: number, { clearMillis }: AlarmLimits): readonly [Alarm, FindingEvent | undefined] => {
  const { finding, lastAlarm, evidence } = alarm
  if (alarm.since === undefined || at - lastAlarm < clearMillis) return [alarm, undefined]
  if (finding === undefined) return [{ ...calm, evidence }, undefined]
  const closed: Finding = { ...finding, until: lastAlarm + secondMillis, value: evidence.at(-1)?.[1] ?? finding.value, evidence }
  return [
    { ...calm, evidence },
    { _tag: "FindingClosed", finding: closed }
  ]
}

const idOf = ({ detector, kind, subject }: Pick<Finding, "detector" | "kind" | "subject">, since: number): string =>
  `${detector}/${kind}/${subject.tenant}/${subject.service}/${subject.signal}@${since}`
