/** Numbers as the loop's sentences have them: four significant digits. */
export const number = (value: number): string => (Number.isFinite(value) ? String(Number(value.toPrecision(4))) : String(value))

/** 0.123 as `12.3 %`. */
export const percent = (share: number): string => `${Number((share * 100).toFixed(1))} %`

/** A relative change: -0.4 as `-40 %`, 0.1 as `+10 %`. */
export const signedPercent = (change: number): string =>
  Math.abs(change) < 1e6 ? `${change > 0 ? "+" : ""}${percent(change)}` : "beyond measure"

/** Milliseconds as `1.5 s`, `10 min`, `2 h`. */
export const duration = (millis: number): string =>
  millis < 1000
    ? `${Math.round(millis)} ms`
    : millis < 120_000
      ? `${Number((millis / 1000).toFixed(1))} s`
      : millis < 7_200_000
        ? `${Number((millis / 60_000).toFixed(1))} min`
        : `${Number((millis / 3_600_000).toFixed(1))} h`
