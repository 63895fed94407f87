import type { FindingView } from "../feed/Answers.ts"
import { clock } from "../Format.ts"
import { number } from "../../domain/loop/Numbers.ts"

const [width, height, top, bottom] = [420, 96, 14, 80]
/** Pieces of a line that are drawn; longer series are thinned by their extremes. */
const maxPoints = 400

type Point = readonly [at: number, value: number | null]

/** A finding's series: what was seen, what was expected, and from when on it is the finding. The table below it says the same. */
export const Series = ({ finding, now }: { readonly finding: FindingView; readonly now: number }) => {
  const points = finding.evidence
  const values = points.flatMap(([, value]) => (value === null ? [] : [value]))
  if (values.length === 0) return <p class="quiet">Its series has no points.</p>
  const [first, last] = [points[0]![0], points.at(-1)![0]]
  const { expected } = finding
  const highest = Math.max(...values, expected ?? -Infinity)
  const lowest = Math.min(0, ...values, expected ?? Infinity)
  const x = (at: number) => (last === first ? width / 2 : ((at - first) / (last - first)) * width)
  const y = (value: number) => bottom - ((value - lowest) / (highest - lowest || 1)) * (bottom - top)
  const since = Math.max(first, Math.min(last, finding.since_unix_millis))
  return (
    <svg
      class="series"
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={`${values.length} points from ${clock(first, now)} to ${clock(last, now)}, between ${number(Math.min(...values))} and ${number(Math.max(...values))}`}
    >
      <rect class="since" x={x(since)} y={top} width={Math.max(0, x(finding.until_unix_millis ?? last) - x(since))} height={bottom - top} />
      <line class="axis" x1={0} x2={width} y1={bottom} y2={bottom} />
      {expected !== null && <line class="expected" x1={0} x2={width} y1={y(expected)} y2={y(expected)} />}
      <path class="line" d={lineOf(points, x, y)} />
      <text x={0} y={10}>
        {number(highest)}
      </text>
      <text x={0} y={height - 3}>
        {clock(first, now)}
      </text>
      <text x={width} y={height - 3} text-anchor="end">
        {clock(last, now)}
      </text>
    </svg>
  )
}

/** A path with a gap where there is no value. */
const lineOf = (points: ReadonlyArray<Point>, x: (at: number) => number, y: (value: number) => number): string => {
  let path = ""
  let isDown = false
  for (const [at, value] of thinned(points)) {
    if (value !== null) path += `${isDown ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`
    isDown = value !== null
  }
  return path
}

/** Of each stretch the lowest and the highest, so that no peak goes missing. */
const thinned = (points: ReadonlyArray<Point>): ReadonlyArray<Point> => {
  if (points.length <= maxPoints) return points
  const stretch = Math.ceil((2 * points.length) / maxPoints)
  const kept: Array<Point> = []
  for (let from = 0; from < points.length; from += stretch) {
    const part = points.slice(from, from + stretch)
    const lowest = part.reduce((a, b) => ((b[1] ?? Infinity) < (a[1] ?? Infinity) ? b : a))
    const highest = part.reduce((a, b) => ((b[1] ?? -Infinity) > (a[1] ?? -Infinity) ? b : a))
    kept.push(...(lowest === highest ? [lowest] : [lowest, highest].toSorted((a, b) => a[0] - b[0])))
  }
  return kept
}
