import { wantedDrops } from "../../domain/loop/Metric.ts"
import { Spark } from "../draw/Spark.tsx"
import type { AgentPipelines, PipelineView, Rates } from "../feed/Answers.ts"
import { flowOf, type History, keyOf } from "../feed/History.ts"
import type { Sight } from "../feed/Sight.ts"
import { bytes, quantity, shortUid } from "../Format.ts"
import { AgentStatus } from "./Agents.tsx"
import { capped, Mark, Rest, Scroller, Section } from "./Capped.tsx"
import { Name } from "./Name.tsx"

const maxRates = 50
const maxAgents = 50
const maxPipelines = 30
const maxComponents = 30
const maxReasons = 12

/** What flows by tenant and signal, with drops by reason; and what each agent runs, with its queues and its own books. */
export const Pipelines = ({ sight, history }: { readonly sight: Sight; readonly history: History }) => {
  const { overview, pipelines, problems } = sight
  const some = capped(pipelines?.agents ?? [], maxAgents)
  return (
    <Section id="pipelines" title="Pipelines" problem={problems["pipelines"]}>
      {overview !== undefined && <RatesTable label="Rates by tenant and signal" rates={overview.rates} history={history} />}
      <h3>By agent</h3>
      {pipelines?.agents.length === 0 && <p class="quiet">No agent is known.</p>}
      {some.some.map((agent) => (
        <Agent key={agent.instance_uid} agent={agent} />
      ))}
      <Rest count={some.rest} of="agents" />
    </Section>
  )
}

/** Losses first, then what is largest. */
const RatesTable = ({
  label,
  rates,
  history
}: {
  readonly label: string
  readonly rates: ReadonlyArray<Rates>
  readonly history?: History
}) => {
  if (rates.length === 0) return <p class="quiet">Nothing has arrived in the last ten seconds.</p>
  const rows = rates.map((rate) => ({ rate, flow: flowOf(rate) }))
  const some = capped(
    rows.toSorted((a, b) => b.flow.lost - a.flow.lost || b.flow.received - a.flow.received),
    maxRates
  )
  return (
    <>
      <Scroller label={label}>
        <table>
          <thead>
            <tr>
              <th scope="col">tenant</th>
              <th scope="col">signal</th>
              <th scope="col" class="number">
                in/s
              </th>
              <th scope="col" class="number">
                out/s
              </th>
              <th scope="col" class="number">
                bytes out/s
              </th>
              <th scope="col" class="number">
                errors out/s
              </th>
              <th scope="col">drops/s by reason</th>
              {history !== undefined && <th scope="col">in, 2 min</th>}
            </tr>
          </thead>
          <tbody>
            {some.some.map(({ rate }) => (
              <tr key={keyOf(rate)}>
                <th scope="row">
                  <Name text={rate.tenant} max={80} />
                </th>
                <td>{rate.signal}</td>
                <td class="number">{quantity(rate.received.items)}</td>
                <td class="number">{quantity(rate.delivered.items)}</td>
                <td class="number">{bytes(rate.delivered.bytes)}</td>
                <td class="number">{quantity(rate.delivered.errors)}</td>
                <td>
                  <Drops dropped={rate.dropped} />
                </td>
                {history !== undefined && (
                  <td>
                    <Spark values={history.of(keyOf(rate))} />
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroller>
      <Rest count={some.rest} of="tenants and signals" />
    </>
  )
}

const Drops = ({ dropped }: { readonly dropped: Rates["dropped"] }) => {
  const some = capped(
    Object.entries(dropped).toSorted((a, b) => b[1] - a[1]),
    maxReasons
  )
  if (some.some.length === 0) return <span class="quiet">none</span>
  return (
    <ul class="inline">
      {some.some.map(([reason, items]) => (
        <li key={reason}>
          {wantedDrops.has(reason) ? (
            <Name text={reason} max={40} />
          ) : (
            <Mark tone="bad" glyph="✖">
              <Name text={reason} max={40} />
            </Mark>
          )}{" "}
          {quantity(items)}
        </li>
      ))}
      {some.rest > 0 && <li>{some.rest} more reasons not shown</li>}
    </ul>
  )
}

const Agent = ({ agent }: { readonly agent: AgentPipelines }) => {
  const { books, instance_uid: uid, name, pipelines, status, unknown } = agent
  const some = capped(pipelines ?? [], maxPipelines)
  return (
    <details class="card">
      <summary>
        <Name text={name === "" ? uid : name} max={80} /> <code>{shortUid(uid)}</code> <AgentStatus status={status} />{" "}
        <span class="quiet">{pipelines === null ? "no configuration reported" : `${pipelines.length} pipelines`}</span>
      </summary>
      {some.some.map((pipeline) => (
        <Pipeline key={pipeline.id} pipeline={pipeline} />
      ))}
      <Rest count={some.rest} of="pipelines" />
      {books !== null && <RatesTable label="Its own rates" rates={books.rates} />}
      <ul class="quiet">
        {capped(unknown, maxReasons).some.map((what) => (
          <li key={what}>
            Not known: <Name text={what} />
          </li>
        ))}
      </ul>
    </details>
  )
}

type Component = PipelineView["components"][number]

const Pipeline = ({ pipeline: { components, healthy, id } }: { readonly pipeline: PipelineView }) => {
  const some = capped(components, maxComponents)
  return (
    <div class="pipeline">
      <h4>
        <Name text={id} max={80} /> <Health healthy={healthy} />
      </h4>
      <ol>
        {some.some.map((component) => (
          <li key={`${component.kind} ${component.id}`} class={component.kind}>
            <span class="quiet">{component.kind}</span> <Name text={component.id} max={80} /> <Health healthy={component.healthy} />
            <Queue queue={component.queue} />
            {component.last_error !== "" && <Name text={component.last_error} max={200} />}
          </li>
        ))}
      </ol>
      <Rest count={some.rest} of="components" />
    </div>
  )
}

const Health = ({ healthy }: { readonly healthy: boolean | null }) =>
  healthy === null ? null : (
    <Mark tone={healthy ? "good" : "bad"} glyph={healthy ? "✔" : "✖"}>
      {healthy ? "healthy" : "unhealthy"}
    </Mark>
  )

const Queue = ({ queue }: { readonly queue: Component["queue"] }) =>
  queue === null ? null : (
    <label class="queue">
      queue {quantity(queue.size)}
      {queue.capacity !== null && (
        <>
          {" "}
          of {quantity(queue.capacity)} <meter min={0} max={queue.capacity} high={queue.capacity * 0.8} value={queue.size} />
        </>
      )}
    </label>
  )
