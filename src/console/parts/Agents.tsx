import type { AgentView } from "../feed/Answers.ts"
import type { Sight } from "../feed/Sight.ts"
import { age, short, shortUid } from "../Format.ts"
import { legible } from "../Legible.ts"
import { capped, Mark, Rest, Scroller, Section } from "./Capped.tsx"
import { retryCommand, type Wanted } from "./Commands.ts"
import { Name } from "./Name.tsx"

const maxAgents = 200
const maxLabels = 40

export const agentName = ({ instance_uid: uid, labels }: AgentView): string => labels["service.name"] ?? uid

export const AgentStatus = ({ status }: { readonly status: AgentView["status"] }) =>
  status === "online" ? (
    <Mark tone="good" glyph="●">
      online
    </Mark>
  ) : status === "stale" ? (
    <Mark tone="attention" glyph="◐">
      stale
    </Mark>
  ) : (
    <Mark tone="bad" glyph="○">
      offline
    </Mark>
  )

/** Failed with what they should run now. */
const hasFailed = ({ desired_hash: desired, remote_config: { hash, status } }: AgentView): boolean =>
  status === "FAILED" && hash === desired

const rank = (agent: AgentView): number =>
  hasFailed(agent) ? 0 : agent.healthy === false ? 1 : agent.status === "stale" ? 2 : agent.status === "offline" ? 3 : 4

/** Who is connected, what they run and what they say of it; those with trouble first. */
export const Agents = ({ sight, now, ask }: { readonly sight: Sight; readonly now: number; readonly ask: (wanted: Wanted) => void }) => {
  const { agents, problems } = sight
  const sorted = capped(
    (agents ?? []).toSorted((a, b) => rank(a) - rank(b) || compare(agentName(a), agentName(b))),
    maxAgents
  )
  return (
    <Section id="agents" title="Agents" count={agents === undefined ? undefined : String(agents.length)} problem={problems["agents"]}>
      {agents?.length === 0 ? (
        <p class="quiet">None has ever connected.</p>
      ) : (
        <Scroller label="Agents">
          <table>
            <thead>
              <tr>
                <th scope="col">agent</th>
                <th scope="col">status</th>
                <th scope="col">health</th>
                <th scope="col">configuration</th>
                <th scope="col">revisions</th>
                <th scope="col" class="number">
                  last seen
                </th>
                <th scope="col">labels</th>
              </tr>
            </thead>
            <tbody>
              {sorted.some.map((agent) => (
                <Row key={agent.instance_uid} agent={agent} now={now} ask={ask} />
              ))}
            </tbody>
          </table>
        </Scroller>
      )}
      <Rest count={sorted.rest} of="agents" />
    </Section>
  )
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const Row = ({ agent, now, ask }: { readonly agent: AgentView; readonly now: number; readonly ask: (wanted: Wanted) => void }) => {
  const { connection, healthy, instance_uid: uid, last_error: error, last_seen_unix_millis: seen, revisions } = agent
  const labels = capped(Object.entries(agent.labels), maxLabels)
  return (
    <tr>
      <th scope="row">
        <Name text={agentName(agent)} max={80} /> <code>{shortUid(uid)}</code>
      </th>
      <td>
        <AgentStatus status={agent.status} /> {connection !== null && <span class="quiet">{connection}</span>}
      </td>
      <td>
        {healthy === null ? (
          <span class="quiet">not said</span>
        ) : (
          <Mark tone={healthy ? "good" : "bad"} glyph={healthy ? "✔" : "✖"}>
            {healthy ? "healthy" : "unhealthy"}
          </Mark>
        )}{" "}
        {error !== "" && <Name text={error} max={300} />}
      </td>
      <td>
        <Configuration agent={agent} />
        {hasFailed(agent) && (
          <>
            {" "}
            <button type="button" aria-label={`Offer it again to ${shortUid(uid)}`} onClick={() => ask(retryCommand(uid))}>
              Offer it again
            </button>
          </>
        )}
      </td>
      <td>{revisions.length === 0 ? <span class="quiet">none</span> : legible(revisions.map(short).join(", "))}</td>
      <td class="number">{age(now - seen)} ago</td>
      <td>
        <details>
          <summary>{labels.some.length + labels.rest}</summary>
          <dl class="labels">
            {labels.some.map(([label, value]) => (
              <div key={label}>
                <dt>
                  <Name text={label} max={100} />
                </dt>
                <dd>
                  <Name text={value} />
                </dd>
              </div>
            ))}
          </dl>
          <Rest count={labels.rest} of="labels" />
        </details>
      </td>
    </tr>
  )
}

const Configuration = ({ agent }: { readonly agent: AgentView }) => {
  const { accepts_remote_config: accepts, desired_hash: desired, remote_config: told } = agent
  if (!accepts) return <span class="quiet">takes none</span>
  if (desired === null) return <span class="quiet">its own</span>
  if (told.hash !== desired)
    return (
      <Mark tone="active" glyph="◌">
        offered <code>{short(desired)}</code>
      </Mark>
    )
  return (
    <>
      <Mark tone={told.status === "APPLIED" ? "good" : told.status === "FAILED" ? "bad" : "active"} glyph={glyphs[told.status]}>
        {told.status}
      </Mark>{" "}
      <code>{short(desired)}</code> {told.message !== "" && <Name text={told.message} max={300} />}
    </>
  )
}

const glyphs = { UNSET: "◌", APPLYING: "◌", APPLIED: "✔", FAILED: "✖" } as const
