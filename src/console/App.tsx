import { useCallback, useEffect, useRef, useState } from "preact/hooks"
import { Hatch } from "./draw/Interval.tsx"
import type { Feed } from "./feed/Feed.ts"
import { token } from "./feed/Session.ts"
import { type Sights, useSights } from "./feed/Sight.ts"
import { Agents } from "./parts/Agents.tsx"
import { CommandDialog } from "./parts/CommandDialog.tsx"
import { loopCommand, type Wanted } from "./parts/Commands.ts"
import { Findings } from "./parts/Findings.tsx"
import { Header, wordOf } from "./parts/Header.tsx"
import { HelpDialog } from "./parts/HelpDialog.tsx"
import { Journal } from "./parts/Journal.tsx"
import { goTo, places, useKeys } from "./parts/Keys.tsx"
import { Login } from "./parts/Login.tsx"
import { Pipelines } from "./parts/Pipelines.tsx"
import { Rollouts } from "./parts/Rollouts.tsx"
import { Totals } from "./parts/Totals.tsx"

/** The page: how things stand, what is being changed, what was found, what flows, who is there, what happened. */
export const App = ({ sights, feed }: { readonly sights: Sights; readonly feed: Feed }) => {
  useSights(sights)
  const [wanted, setWanted] = useState<Wanted>()
  const [isHelpOpen, setHelpOpen] = useState(false)
  const [said, setSaid] = useState("")
  const [story, setStory] = useState("")
  useKeys(
    () => sights.hold(sights.skipped === undefined),
    () => setHelpOpen(true)
  )
  const tellStory = useCallback((rollout: string) => {
    setStory(rollout)
    goTo("journal")
  }, [])

  if (sights.connection._tag === "locked")
    return (
      <Login
        reason={sights.connection.reason}
        enter={() => {
          sights.connect({ _tag: "connecting" })
          feed.start()
        }}
      />
    )
  const sight = sights.shown
  const now = (sight.overview?.at_unix_millis ?? 0) + (sights.skipped === undefined ? sinceHeard(sights) : 0)
  const logOut = () => {
    feed.stop()
    token.set("")
    sights.clear()
    sights.connect({ _tag: "locked", reason: "" })
  }
  return (
    <>
      <Hatch />
      <nav aria-label="Parts of the page">
        {places.map(([, id, name]) => (
          <a
            key={id}
            href={`#${id}`}
            onClick={(event) => {
              event.preventDefault()
              goTo(id)
            }}
          >
            {name}
          </a>
        ))}
      </nav>
      <Header
        sights={sights}
        retry={() => feed.retryNow()}
        pauseLoop={() => setWanted(loopCommand(sight.overview?.paused ?? false))}
        help={() => setHelpOpen(true)}
        logOut={token.get() === "" ? undefined : logOut}
      />
      <main>
        <Totals sights={sights} />
        <div class="columns">
          <div>
            <Rollouts sight={sight} now={now} ask={setWanted} tellStory={tellStory} />
            <Findings sight={sight} now={now} />
          </div>
          <Journal sight={sight} story={story} choose={setStory} />
        </div>
        <Pipelines sight={sight} history={sights.history} />
        <Agents sight={sight} now={now} ask={setWanted} />
      </main>
      <p role="status" class="said">
        {said}
      </p>
      <Announcer sights={sights} />
      {wanted !== undefined && (
        <CommandDialog
          wanted={wanted}
          leave={() => setWanted(undefined)}
          done={(told) => {
            setWanted(undefined)
            setSaid(told)
            void feed.poll()
          }}
        />
      )}
      {isHelpOpen && <HelpDialog leave={() => setHelpOpen(false)} />}
    </>
  )
}

/** The control plane's clock goes on between two snapshots, but not while none comes. */
const sinceHeard = ({ connection, heardAt }: Sights): number =>
  connection._tag === "live" && heardAt !== undefined ? Math.min(1500, performance.now() - heardAt) : 0

const announceMillis = 30_000

/** One summary in half a minute for those who hear the page; live numbers are not announced. */
const Announcer = ({ sights }: { readonly sights: Sights }) => {
  const [summary, setSummary] = useState("")
  const spokenAt = useRef(-Infinity)
  const { overview } = sights.shown
  const current = overview === undefined ? "" : `State: ${wordOf(overview.state)}. ${overview.findings.open} open findings.`
  useEffect(() => {
    if (current === summary || performance.now() - spokenAt.current < announceMillis) return
    spokenAt.current = performance.now()
    setSummary(current)
  })
  return (
    <p role="status" class="unseen">
      {summary}
    </p>
  )
}
