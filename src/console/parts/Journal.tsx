import { useEffect, useMemo, useState } from "preact/hooks"
import type { JournalRecordView } from "../feed/Answers.ts"
import { get } from "../feed/Client.ts"
import type { Sight } from "../feed/Sight.ts"
import { clock, short } from "../Format.ts"
import { legible } from "../Legible.ts"
import { capped, Rest, Scroller, Section } from "./Capped.tsx"
import { Name } from "./Name.tsx"

const maxRecords = 100

const glyphs: { readonly [kind: string]: string } = {
  finding: "◉",
  proposal: "◇",
  revision: "✎",
  assignment: "⇄",
  offer: "→",
  status: "←",
  look: "◎",
  verdict: "⚖",
  action: "▲",
  command: "☞",
  refusal: "✖"
}

/** The loop's story, the latest first; of everything, or of one rollout. */
export const Journal = ({
  sight,
  story,
  choose
}: {
  readonly sight: Sight
  /** A rollout; empty for everything. */
  readonly story: string
  readonly choose: (rollout: string) => void
}) => {
  const { journal } = sight
  const older = useStory(story)
  const day = new Date(sight.overview?.at_unix_millis ?? journal.at(-1)?.at_unix_millis ?? 0).toDateString()
  // Drawn again only when there is something new: the page is drawn every second.
  return useMemo(() => {
    const rollouts = [...new Set(journal.flatMap(({ rollout }) => (rollout === null ? [] : [rollout])))].toReversed()
    const last = older.at(-1)?.id ?? 0
    const told = [...older, ...journal.filter(({ id, rollout }) => story === "" || (rollout === story && id > last))].toReversed()
    const some = capped(told, maxRecords)
    const now = Date.parse(day)
    return (
      <Section id="journal" title="Journal">
        <p>
          <label>
            The story of{" "}
            <select value={story} onChange={({ currentTarget }) => choose(currentTarget.value)}>
              <option value="">everything</option>
              {(story === "" || rollouts.includes(story) ? rollouts : [story, ...rollouts]).map((id) => (
                <option key={id} value={id}>
                  rollout {legible(short(id))}
                </option>
              ))}
            </select>
          </label>
        </p>
        {told.length === 0 && <p class="quiet">Nothing has happened yet.</p>}
        <Scroller label="Records" kind="story">
          <ol class="journal">
            {some.some.map((record) => (
              <Line key={record.id} record={record} now={now} />
            ))}
          </ol>
        </Scroller>
        <Rest count={some.rest} of="records" />
      </Section>
    )
  }, [journal, older, story, choose, day])
}

const none: ReadonlyArray<JournalRecordView> = []

/** The records of a rollout that are older than what the page keeps. */
const useStory = (story: string): ReadonlyArray<JournalRecordView> => {
  const [known, setKnown] = useState({ story: "", records: none })
  useEffect(() => {
    let isCurrent = true
    if (story === "") return
    const path = `/journal?limit=1000&rollout=${encodeURIComponent(story)}`
    get<{ readonly records: ReadonlyArray<JournalRecordView> }>(path).then(
      ({ records }) => isCurrent && setKnown({ story, records }),
      // What the page has itself is shown all the same.
      () => undefined
    )
    return () => {
      isCurrent = false
    }
  }, [story])
  return known.story === story ? known.records : none
}

const Line = ({ record: { at_unix_millis: at, id, kind, told }, now }: { readonly record: JournalRecordView; readonly now: number }) => (
  <li value={id}>
    <time dateTime={new Date(at).toISOString()}>{clock(at, now)}</time>{" "}
    <span class="kind">
      <span aria-hidden="true">{glyphs[kind] ?? "·"}</span> {kind}
    </span>{" "}
    <Name text={told} max={600} />
  </li>
)
