/** What the control API answers, as it defines it. Types only: the page checks nothing that its own control plane has encoded. */
export type { AgentView } from "../../layers/api/view/AgentView.ts"
export type { Rates } from "../../layers/api/view/Basics.ts"
export type { EvaluationView } from "../../layers/api/view/EvaluationView.ts"
export type { FindingsView, FindingView } from "../../layers/api/view/FindingView.ts"
export type { JournalRecordView } from "../../layers/api/view/JournalView.ts"
export type { OverviewView } from "../../layers/api/view/OverviewView.ts"
export type { AgentPipelines, PipelinesView, PipelineView } from "../../layers/api/view/PipelinesView.ts"
export type { RolloutView } from "../../layers/api/view/RolloutView.ts"
