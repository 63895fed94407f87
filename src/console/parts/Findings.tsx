import { number, percent } from "../../domain/loop/Numbers.ts"
import type { FindingView } from "../feed/Answers.ts"
import type { Sight } from "../feed/Sight.ts"
import { Series } from "../draw/Series.tsx"
import { age, clock } from "../Format.ts"
import { capped, Mark, Rest, Scroller, Section } from "./Capped.tsx"
import { Name } from "./Name.tsx"

const maxOpen = 20
const maxClosed = 20
const maxRows = 200

/** What detectors say is unusual, the worst first, each with the series that it stands on; then what is over. */
export const Findings = ({ sight, now }: { readonly sight: Sight; readonly now: number }) => {
  const { closed, open, problems } = sight
  const worst = capped(
    (open ?? []).toSorted((a, b) => b.score - a.score),
    maxOpen
  )
  const latest = capped(closed, maxClosed)
  return (
    <Section id="findings" title="Findings" count={open === undefined ? undefined : `${open.length} open`} problem={problems["findings"]}>
      {open?.length === 0 && <p class="quiet">Nothing unusual.</p>}
      {worst.some.map((finding) => (
        <Finding key={finding.id} finding={finding} now={now} />
      ))}
      <Rest count={worst.rest} of="open findings" />
      {closed.length > 0 && (
        <details>
          <summary>{closed.length} over</summary>
          {latest.some.map((finding) => (
            <Finding key={finding.id} finding={finding} now={now} />
          ))}
          <Rest count={latest.rest} of="findings that are over" />
        </details>
      )}
    </Section>
  )
}

const Finding = ({ finding, now }: { readonly finding: FindingView; readonly now: number }) => {
  const { detector, evidence, expected, kind, score, since_unix_millis: since, subject, until_unix_millis: until, value } = finding
  const rows = capped(evidence.toReversed(), maxRows)
  return (
    <article class="card">
      <h3>
        {until === null ? (
          <Mark tone="attention" glyph="◉">
            <Name text={kind} />
          </Mark>
        ) : (
          <Mark tone="plain" glyph="○">
            <Name text={kind} />
          </Mark>
        )}{" "}
        of <Name text={subject.tenant} /> / <Name text={subject.service} /> ({subject.signal})
      </h3>
      <p>
        <b>{value === null ? "unknown" : number(value)}</b>
        {expected !== null && <> instead of {number(expected)}</>}; score {percent(score)};{" "}
        {until === null ? `for ${age(now - since)}` : `from ${clock(since, now)} for ${age(until - since)}`}; by <Name text={detector} />
      </p>
      <Series finding={finding} now={now} />
      <details>
        <summary>The series as a table</summary>
        <Scroller label="The series">
          <table>
            <thead>
              <tr>
                <th scope="col">time</th>
                <th scope="col">value</th>
              </tr>
            </thead>
            <tbody>
              {rows.some.map(([at, seen]) => (
                <tr key={at}>
                  <td>{clock(at, now)}</td>
                  <td class="number">{seen === null ? "none" : number(seen)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroller>
        <Rest count={rows.rest} of="points" />
      </details>
    </article>
  )
}
