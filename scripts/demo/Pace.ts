/** How fast the story goes and how much traffic there is: everything else follows from these. */
export interface Pace {
  /** Visits of both tenants' shops together, per second; every second one buys something. */
  readonly visitsPerSecond: number
  /** How many times its usual traffic the stormy service gets. */
  readonly stormFactor: number
  /** Traffic before the storm: what the detector learns from. */
  readonly calmSeconds: number
  /** What the detector has to have seen before anything is a finding. */
  readonly warmUpSeconds: number
  /** The length of the comparison, and of the stretch before the change that it is set against. */
  readonly compareSeconds: number
  /** How long the storm goes on after every gateway samples it. */
  readonly afterglowSeconds: number
  /** How long a promoted change lives. */
  readonly lifeSeconds: number
  /** Time for one step of the story before it counts as failed. */
  readonly stepSeconds: number
}

export const full: Pace = {
  visitsPerSecond: 20,
  stormFactor: 20,
  calmSeconds: 13,
  warmUpSeconds: 8,
  compareSeconds: 14,
  afterglowSeconds: 4,
  lifeSeconds: 24,
  stepSeconds: 60
}

/** Spans that a purchase makes in the checkout service: its own and the one of its call to payments. */
const checkoutSpansOfPurchase = 2

/** Requests per second of the storm, of one span each. */
export const stormRate = ({ visitsPerSecond, stormFactor }: Pace, tenants: number): number =>
  (visitsPerSecond / 2 / tenants) * checkoutSpansOfPurchase * stormFactor
