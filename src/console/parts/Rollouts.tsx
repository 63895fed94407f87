import { percent } from "../../domain/loop/Numbers.ts"
import type { RolloutView } from "../feed/Answers.ts"
import type { Sight } from "../feed/Sight.ts"
import { age, clock, short, span } from "../Format.ts"
import { Arms } from "./Arms.tsx"
import { capped, Mark, Rest, Section, type Tone } from "./Capped.tsx"
import { commandsOf, isOver, needsPerson, type Wanted } from "./Commands.ts"
import { Judged } from "./Judged.tsx"
import { Name } from "./Name.tsx"

const maxLive = 20
const maxOver = 20
const maxPatch = 4000

type Stage = RolloutView["stage"]

const stages: { readonly [S in Stage]: readonly [glyph: string, tone: Tone] } = {
  proposed: ["◇", "attention"],
  applying: ["◌", "active"],
  observing: ["◎", "active"],
  held: ["◆", "attention"],
  promoting: ["▲", "active"],
  promoted: ["✔", "good"],
  expired: ["○", "plain"],
  reverted: ["↶", "bad"],
  refused: ["✖", "plain"],
  aborted: ["■", "plain"]
}

/** While the arms differ. */
const compared: ReadonlySet<Stage> = new Set(["applying", "observing", "held", "promoting"])

/** The way of a change that goes well. */
const way: ReadonlyArray<Stage> = ["proposed", "applying", "observing", "promoting", "promoted"]

/** Changes on their way: those that wait for a person first, then those that run, then those in force; then those that are over. */
export const Rollouts = ({
  sight,
  now,
  ask,
  tellStory
}: {
  readonly sight: Sight
  readonly now: number
  readonly ask: (wanted: Wanted) => void
  readonly tellStory: (rollout: string) => void
}) => {
  const { rollouts } = sight
  const latest = (rollouts ?? []).toReversed()
  const rank = (rollout: RolloutView) => (needsPerson(rollout) ? 0 : rollout.stage === "promoted" ? 2 : 1)
  const live = capped(
    latest.filter((one) => !isOver(one)).toSorted((a, b) => rank(a) - rank(b)),
    maxLive
  )
  const ended = latest.filter(isOver)
  const over = capped(ended, maxOver)
  const card = (rollout: RolloutView) => (
    <Rollout key={rollout.id} rollout={rollout} sight={sight} now={now} ask={ask} tellStory={tellStory} />
  )
  return (
    <Section id="rollouts" title="Rollouts" count={rollouts === undefined ? undefined : `${live.some.length + live.rest} live`}>
      {rollouts !== undefined && live.some.length === 0 && <p class="quiet">No change is waiting, on its way or in force.</p>}
      {live.some.map(card)}
      <Rest count={live.rest} of="rollouts" />
      {ended.length > 0 && (
        <details>
          <summary>{ended.length} over</summary>
          {over.some.map(card)}
          <Rest count={over.rest} of="rollouts that are over" />
        </details>
      )}
    </Section>
  )
}

const Rollout = ({
  rollout,
  sight,
  now,
  ask,
  tellStory
}: {
  readonly rollout: RolloutView
  readonly sight: Sight
  readonly now: number
  readonly ask: (wanted: Wanted) => void
  readonly tellStory: (rollout: string) => void
}) => {
  const { evaluation, id, plan, revision, rule, stage, stage_reason: why, subject } = rollout
  const [glyph, tone] = stages[stage]
  return (
    <article class="card">
      <h3>
        <Mark tone={tone} glyph={glyph}>
          {stage}
        </Mark>{" "}
        <Name text={revision.reason} max={120} /> <code>{short(id)}</code>
        {rollout.paused_since_unix_millis !== null && (
          <>
            {" "}
            <Mark tone="attention" glyph="‖">
              paused for {age(now - rollout.paused_since_unix_millis)}
            </Mark>
          </>
        )}
      </h3>
      <p>
        {rule === null ? "by " : "by the rule "}
        <Name text={rule ?? revision.author.name} />
        {subject !== null && (
          <>
            , for <Name text={subject.tenant} /> / <Name text={subject.service} /> ({subject.signal})
          </>
        )}
        ; {goalOf(plan)}
        {why !== "" && (
          <>
            ; <Name text={why} max={400} />
          </>
        )}
      </p>
      {!isOver(rollout) && <Way stage={stage} />}
      <Times rollout={rollout} now={now} />
      {stage !== "proposed" && <Arms rollout={rollout} sight={sight} isCompared={compared.has(stage)} />}
      {evaluation !== null && <Judged evaluation={evaluation} plan={plan} />}
      <details>
        <summary>The change</summary>
        <pre tabIndex={0}>
          <Name text={JSON.stringify(revision.patch)} max={maxPatch} />
        </pre>
      </details>
      <p class="buttons">
        <button type="button" onClick={() => tellStory(id)}>
          Its story
        </button>
        {commandsOf(rollout).map((wanted) => (
          <button
            key={wanted.path}
            type="button"
            class={wanted.isDestructive ? "destructive" : ""}
            aria-label={`${wanted.verb} ${short(id)}`}
            onClick={() => ask(wanted)}
          >
            {wanted.verb}
          </button>
        ))}
      </p>
    </article>
  )
}

const goalOf = ({ goal }: RolloutView["plan"]): string =>
  goal === null ? "no goal but its guardrails" : `goal: ${goal.metric} ${goal.direction} by at least ${percent(goal.at_least)}`

const Way = ({ stage }: { readonly stage: Stage }) => {
  const at = way.indexOf(stage === "held" ? "observing" : stage)
  return (
    <ol class="way" aria-label="Stages">
      {way.map((step, index) => (
        <li key={step} class={index < at ? "past" : index === at ? "present" : ""} aria-current={index === at ? "step" : undefined}>
          {step === "observing" && stage === "held" ? "held" : step}
        </li>
      ))}
    </ol>
  )
}

/** What it waits for, and until when. */
const Times = ({ rollout, now }: { readonly rollout: RolloutView; readonly now: number }) => {
  const { expires_at_unix_millis: expires, looks, stage, stage_at_unix_millis: at, stage_deadline_unix_millis: deadline, trial } = rollout
  const told = [
    ...(at === null ? [] : [`${isOver(rollout) ? "at" : "since"} ${clock(at, now)}`]),
    ...(deadline === null || isOver(rollout) ? [] : [deadline > now ? `at most ${age(deadline - now)} more` : "its time is over"]),
    ...(stage === "promoted" ? [expires === null ? "until somebody takes it back" : `expires in ${age(expires - now)}`] : []),
    ...(looks === 0 ? [] : [`${looks} ${looks === 1 ? "look" : "looks"}`])
  ]
  const isCompared = stage === "observing" && trial !== null
  const [from, to] = isCompared ? [trial.post.from_unix_millis, trial.post.to_unix_millis] : [0, 1]
  return (
    <>
      {told.length > 0 && <p class="quiet">{told.join(", ")}</p>}
      {isCompared && (
        <p>
          <label>
            compared for {age(Math.min(now, to) - from)} of {span(to - from)}{" "}
            <progress max={to - from} value={Math.max(0, Math.min(to, now) - from)} />
          </label>{" "}
          next look in {age(trial.next_look_unix_millis - now)}
        </p>
      )}
    </>
  )
}
