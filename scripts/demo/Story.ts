/** A step of the story that did not come true, or not in time. */
export class StepFailed extends Error {
  override readonly name = "StepFailed"
}

export interface Step {
  readonly what: string
  /** Since the beginning of the story. */
  readonly beganMillis: number
  readonly tookMillis: number
  /** What was seen. */
  readonly seen: string
}

export interface StoryOptions {
  /** For each step, unless it names another. */
  readonly deadlineMillis: number
  /** Rejects when the story cannot go on: a process has died. */
  readonly disaster: Promise<never>
  readonly onStep: (step: Step) => void
  readonly onBegin: (what: string) => void
}

/** The steps, one after the other; each waits for a fact, has a deadline, and says what was seen. */
export class Story {
  readonly steps: Array<Step> = []
  private readonly options: StoryOptions
  private readonly beganAt = performance.now()

  constructor(options: StoryOptions) {
    this.options = options
  }

  get elapsedMillis(): number {
    return performance.now() - this.beganAt
  }

  /** `observe` resolves when the fact is there, with it; `tell` says in a few words what was seen. */
  async step<A>(
    what: string,
    observe: () => Promise<A>,
    tell: (fact: A) => string,
    deadlineMillis = this.options.deadlineMillis
  ): Promise<A> {
    const beganMillis = this.elapsedMillis
    this.options.onBegin(what)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new StepFailed(`not seen within ${deadlineMillis / 1000} s: ${what}`)), deadlineMillis)
    })
    const fact = await Promise.race([observe(), late, this.options.disaster]).finally(() => clearTimeout(timer))
    const step = { what, beganMillis, tookMillis: this.elapsedMillis - beganMillis, seen: tell(fact) }
    this.steps.push(step)
    this.options.onStep(step)
    return fact
  }
}

/** Asks again and again, until the answer is there. */
export const until = async <A>(ask: () => Promise<A | undefined>, everyMillis = 200): Promise<A> => {
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    await pause(everyMillis)
  }
}

export const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))
