import { type Bound, type Measure, type Scale, shown } from "./Scale.ts"

const [width, height, middle] = [320, 40, 22]

/**
 * What was measured, on its scale: the estimate as a diamond, the interval as a bar, open where it has no end; the bounds as lines with the
 * side hatched that would break them; no effect as the heavy line. The row that it stands in says all of it in words.
 */
export const Interval = ({ measure, scale }: { readonly measure: Measure; readonly scale: Scale }) => {
  const { bounds, judged, kind } = measure
  const x = (value: number) => scale.place(value) * width
  const { estimate, interval } = judged
  return (
    <svg class={`interval ${judged.judgement}`} viewBox={`0 0 ${width} ${height}`} aria-hidden="true" focusable="false">
      {bounds.map((bound) => (
        <Broken key={`${bound.kept} ${bound.at}`} bound={bound} x={x(bound.at)} />
      ))}
      <line class="axis" x1={0} x2={width} y1={middle} y2={middle} />
      {kind === "relative" && <line class="zero" x1={x(0)} x2={x(0)} y1={4} y2={height} />}
      {bounds.map(({ at }) => (
        <g key={at}>
          <line class="bound" x1={x(at)} x2={x(at)} y1={10} y2={height} />
          <text class="bound" x={x(at)} y={9} text-anchor={anchor(scale.place(at))}>
            {shown(kind, at)}
          </text>
        </g>
      ))}
      {interval !== null && <Bar low={interval[0] === null ? null : x(interval[0])} high={interval[1] === null ? null : x(interval[1])} />}
      {estimate !== null && <path class="estimate" d={`M${x(estimate)} ${middle - 7}l6 7l-6 7l-6 -7z`} />}
    </svg>
  )
}

/** The scale in numbers, below the drawings that share it. */
export const Axis = ({ kind, scale }: { readonly kind: Measure["kind"]; readonly scale: Scale }) => (
  <svg class="interval" viewBox={`0 0 ${width} 18`} aria-hidden="true" focusable="false">
    {scale.ticks.map((tick) => (
      <g key={tick}>
        <line class="axis" x1={scale.place(tick) * width} x2={scale.place(tick) * width} y1={0} y2={4} />
        <text x={scale.place(tick) * width} y={15} text-anchor={anchor(scale.place(tick))}>
          {tick === 0 && kind === "relative" ? "no effect" : shown(kind, tick)}
        </text>
      </g>
    ))}
  </svg>
)

/** Text at the edge stays inside. */
const anchor = (place: number): "start" | "middle" | "end" => (place < 0.08 ? "start" : place > 0.92 ? "end" : "middle")

/** A bar with closed ends, or with arrows where it goes on. */
const Bar = ({ low, high }: { readonly low: number | null; readonly high: number | null }) => {
  const [from, to] = [low ?? 2, high ?? width - 2]
  return (
    <g class="bar">
      <rect x={Math.min(from, to)} y={middle - 4} width={Math.max(1, to - from)} height={8} />
      <path d={low === null ? `M10 ${middle - 7}L2 ${middle}L10 ${middle + 7}` : `M${from} ${middle - 7}V${middle + 7}`} />
      <path
        d={
          high === null
            ? `M${width - 10} ${middle - 7}L${width - 2} ${middle}L${width - 10} ${middle + 7}`
            : `M${to} ${middle - 7}V${middle + 7}`
        }
      />
    </g>
  )
}

/** The side of a bound on which it is broken. */
const Broken = ({ bound: { kept }, x }: { readonly bound: Bound; readonly x: number }) => {
  const [from, to] = kept === "below" ? [x, width] : [0, x]
  return <rect fill="url(#hatch)" x={from} y={12} width={Math.max(0, to - from)} height={height - 14} />
}

/** What the broken sides are filled with; once in the page, since names are the document's. */
export const Hatch = () => (
  <svg class="defs" width="0" height="0" aria-hidden="true" focusable="false">
    <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
      <line x1="0" x2="0" y1="0" y2="6" class="hatch" />
    </pattern>
  </svg>
)
