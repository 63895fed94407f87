import { historySeconds } from "../feed/History.ts"

const [width, height] = [historySeconds, 24]

/** The last two minutes, now at the right, from 0 upwards; the number beside it says what it is now. */
export const Spark = ({ values }: { readonly values: ReadonlyArray<number> }) => {
  const highest = Math.max(...values, 0) || 1
  const from = width - values.length
  const points = values.map((value, index) => `${from + index} ${(height - 1 - (value / highest) * (height - 3)).toFixed(1)}`)
  return (
    <svg class="spark" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
      {points.length > 1 && <path class="area" d={`M${from} ${height}L${points.join("L")}V${height}z`} />}
      {points.length > 1 && <path class="line" d={`M${points.join("L")}`} />}
    </svg>
  )
}
