import type { AgentView, Rates, RolloutView } from "../feed/Answers.ts"
import { addFlows, flowOf, noFlow } from "../feed/History.ts"
import type { Sight } from "../feed/Sight.ts"
import { quantity, shortUid } from "../Format.ts"
import { agentName, AgentStatus } from "./Agents.tsx"
import { capped, Mark, Rest } from "./Capped.tsx"
import { Name } from "./Name.tsx"

const maxAgents = 12

/** Both arms: who is in them, and while they are compared who runs the change and what flows through them now. */
export const Arms = ({
  rollout,
  sight,
  isCompared
}: {
  readonly rollout: RolloutView
  readonly sight: Sight
  readonly isCompared: boolean
}) => {
  const { applied, canary, control } = rollout.arms
  // While it is promoted the reports are those of a new offer: the canary runs the change all the time.
  const reported = isCompared && rollout.stage !== "promoting" ? new Set(applied) : undefined
  if (canary.length === 0) return <p class="quiet">No agent has it yet.</p>
  return (
    <div class="arms">
      <Arm title="Canary" uids={canary} applied={reported} sight={sight} isCompared={isCompared} />
      {control.length === 0 ? (
        <p class="quiet">There is no control: it went to all agents at once.</p>
      ) : (
        <Arm title="Control" uids={control} applied={undefined} sight={sight} isCompared={isCompared} />
      )}
    </div>
  )
}

const Arm = ({
  title,
  uids,
  applied,
  sight,
  isCompared
}: {
  readonly title: string
  readonly uids: ReadonlyArray<string>
  /** `undefined` where nothing is waited for. */
  readonly applied: ReadonlySet<string> | undefined
  readonly sight: Sight
  readonly isCompared: boolean
}) => {
  const agents = new Map((sight.agents ?? []).map((agent) => [agent.instance_uid, agent]))
  const members = new Set(uids)
  const books = (sight.pipelines?.agents ?? []).flatMap((one) => (members.has(one.instance_uid) && one.books !== null ? [one.books] : []))
  const some = capped(uids, maxAgents)
  return (
    <div class="arm">
      <h4>
        {title} <span class="count">{uids.length}</span>
      </h4>
      {isCompared && <Flow books={books} />}
      <ul>
        {some.some.map((uid) => (
          <li key={uid}>
            <Member uid={uid} agent={agents.get(uid)} />
            {applied !== undefined && (
              <>
                {" "}
                <Mark tone={applied.has(uid) ? "good" : "plain"} glyph={applied.has(uid) ? "✔" : "◌"}>
                  {applied.has(uid) ? "applied" : "not yet applied"}
                </Mark>
              </>
            )}
          </li>
        ))}
      </ul>
      <Rest count={some.rest} of="agents" />
    </div>
  )
}

const Flow = ({ books }: { readonly books: ReadonlyArray<{ readonly rates: ReadonlyArray<Rates> }> }) => {
  const flow = books.flatMap(({ rates }) => rates.map(flowOf)).reduce(addFlows, noFlow)
  return (
    <p>
      {books.length === 0 ? (
        <span class="quiet">no books of the last seconds</span>
      ) : (
        <>
          <b>{quantity(flow.received)}</b>/s in, <b>{quantity(flow.delivered)}</b>/s out, <b>{quantity(flow.wanted)}</b>/s dropped as
          configured, <b>{quantity(flow.lost)}</b>/s lost
        </>
      )}
    </p>
  )
}

const Member = ({ uid, agent }: { readonly uid: string; readonly agent: AgentView | undefined }) =>
  agent === undefined ? (
    <code>{shortUid(uid)}</code>
  ) : (
    <>
      <Name text={agentName(agent)} max={60} /> <code>{shortUid(uid)}</code> <AgentStatus status={agent.status} />
    </>
  )
