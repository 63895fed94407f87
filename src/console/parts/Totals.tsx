import type { Sights } from "../feed/Sight.ts"
import { addFlows, flowOf, noFlow, type Flow } from "../feed/History.ts"
import { quantity } from "../Format.ts"
import { Spark } from "../draw/Spark.tsx"

const parts: ReadonlyArray<readonly [name: string, part: keyof Flow]> = [
  ["received", "received"],
  ["delivered", "delivered"],
  ["dropped as configured", "wanted"],
  ["lost", "lost"]
]

/** What flows through all agents together, with the last two minutes. */
export const Totals = ({ sights }: { readonly sights: Sights }) => {
  const { overview } = sights.shown
  if (overview === undefined) return null
  const flow = overview.rates.map(flowOf).reduce(addFlows, noFlow)
  const history = sights.history.total()
  const { agents, findings, rollouts } = overview
  return (
    <section aria-label="All together" class="totals">
      <dl>
        {parts.map(([name, part]) => (
          <div key={part} class={part === "lost" && flow.lost > 0 ? "tile bad" : "tile"}>
            <dt>{name}</dt>
            <dd>
              <b>{quantity(flow[part])}</b>/s
              <Spark values={history.map((one) => one[part])} />
            </dd>
          </div>
        ))}
        <div class={agents.failed > 0 ? "tile bad" : "tile"}>
          <dt>agents</dt>
          <dd>
            <b>{agents.online}</b> of {agents.total} online
            {agents.failed > 0 && `, ${agents.failed} failed`}
            <br />
            {agents.reporting} in the rates
          </dd>
        </div>
        <div class="tile">
          <dt>loop</dt>
          <dd>
            <b>{findings.open}</b> open findings
            <br />
            {rollouts.running} running, {rollouts.proposed + rollouts.held} waiting, {rollouts.promoted} in force
          </dd>
        </div>
      </dl>
    </section>
  )
}
