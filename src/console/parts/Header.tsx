import type { Sights } from "../feed/Sight.ts"
import { age } from "../Format.ts"
import { Mark, type Tone } from "./Capped.tsx"
import { Name } from "./Name.tsx"

type State = NonNullable<Sights["shown"]["overview"]>["state"]

const states: { readonly [S in State]: readonly [word: string, glyph: string, tone: Tone] } = {
  calm: ["calm", "✔", "good"],
  watching: ["watching", "◉", "plain"],
  acting: ["acting", "▶", "active"],
  needs_you: ["needs you", "◆", "attention"],
  degraded: ["degraded", "✖", "bad"]
}

export const wordOf = (state: State): string => states[state][0]

/** How things stand, in one word and why; how old that is; and what goes for the whole page. */
export const Header = ({
  sights,
  retry,
  pauseLoop,
  help,
  logOut
}: {
  readonly sights: Sights
  readonly retry: () => void
  readonly pauseLoop: () => void
  readonly help: () => void
  /** Where there is a token to forget. */
  readonly logOut: (() => void) | undefined
}) => {
  const { overview } = sights.shown
  const isHeld = sights.skipped !== undefined
  return (
    <header>
      <h1>Weir</h1>
      <p class="state">
        {overview === undefined ? (
          <strong>…</strong>
        ) : (
          <>
            <strong>
              <Mark tone={states[overview.state][2]} glyph={states[overview.state][1]}>
                {wordOf(overview.state)}
              </Mark>
            </strong>{" "}
            <span class="reason">
              <Name text={overview.reason} max={300} />
            </span>
          </>
        )}
      </p>
      <Freshness sights={sights} retry={retry} />
      <p class="buttons">
        <button type="button" aria-pressed={isHeld} onClick={() => sights.hold(!isHeld)}>
          {isHeld ? "Follow" : "Hold"}
        </button>
        {overview !== undefined && (
          <button type="button" onClick={pauseLoop}>
            {overview.paused ? "Resume the loop" : "Pause the loop"}
          </button>
        )}
        <button type="button" onClick={help}>
          Keys <kbd aria-hidden="true">?</kbd>
        </button>
        {logOut !== undefined && (
          <button type="button" onClick={logOut}>
            Forget token
          </button>
        )}
      </p>
    </header>
  )
}

/** What is shown stays when the stream is lost, with its age. */
const Freshness = ({ sights, retry }: { readonly sights: Sights; readonly retry: () => void }) => {
  const { connection, heardAt, skipped } = sights
  const now = performance.now()
  const old = heardAt === undefined ? "no data yet" : `data ${age(now - heardAt)} old`
  if (connection._tag === "lost")
    return (
      <p class="freshness">
        <Mark tone="attention" glyph="⚠">
          connection lost
        </Mark>
        : <Name text={connection.reason} />; {old}; next try in {age(connection.retryAt - now + 999)}{" "}
        <button type="button" onClick={retry}>
          Now
        </button>
      </p>
    )
  if (skipped !== undefined)
    return (
      <p class="freshness">
        <Mark tone="attention" glyph="‖">
          held
        </Mark>
        : {skipped} snapshots skipped
      </p>
    )
  return <p class="freshness quiet">{connection._tag === "connecting" ? "connecting" : `live, ${old}`}</p>
}
