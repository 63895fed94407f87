import type { AgentView, RolloutView } from "../feed/Answers.ts"
import { addFlows, flowOf, noFlow } from "../feed/History.ts"
import type { Sight } from "../feed/Sight.ts"
import { quantity, shortUid } from "../Format.ts"
import { agentName, AgentStatus } from "./Agents.tsx"
import { capped, Mark, Rest } from "./Capped.tsx"
import { Name } from "./Name.tsx"

const maxAgents = 12

/** Both arms while they are compared: who is in them, who runs the change, and what flows through them now. */
export const Arms = ({ rollout, sight }: { readonly rollout: RolloutView; readonly sight: Sight }) => {
  const { applied, canary, control } = rollout.arms
  if (canary.length === 0) return <p class="quiet">No agent has it yet.</p>
  return (
    <div class="arms">
      <Arm title="Canary" uids={canary} applied={new Set(applied)} sight={sight} />
      {control.length === 0 ? (
        <p class="quiet">There is no control: it went to all agents at once.</p>
      ) : (
        <Arm title="Control" uids={control} applied={undefined} sight={sight} />
      )}
    </div>
  )
}

const Arm = ({
  title,
  uids,
  applied,
  sight
}: {
  readonly title: string
  readonly uids: ReadonlyArray<string>
  /** `undefined` for those that should not have it. */
  readonly applied: ReadonlySet<string> | undefined
  readonly sight: Sight
}) => {
  const agents = new Map((sight.agents ?? []).map((agent) => [agent.instance_uid, agent]))
  const members = new Set(uids)
  const books = (sight.pipelines?.agents ?? []).filter((one) => members.has(one.instance_uid) && one.books !== null)
  const flow = books.flatMap((one) => one.books!.rates.map(flowOf)).reduce(addFlows, noFlow)
  const some = capped(uids, maxAgents)
  return (
    <div class="arm">
      <h4>
        {title} <span class="count">{uids.length}</span>
      </h4>
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

const Member = ({ uid, agent }: { readonly uid: string; readonly agent: AgentView | undefined }) =>
  agent === undefined ? (
    <code>{shortUid(uid)}</code>
  ) : (
    <>
      <Name text={agentName(agent)} max={60} /> <code>{shortUid(uid)}</code> <AgentStatus status={agent.status} />
    </>
  )
