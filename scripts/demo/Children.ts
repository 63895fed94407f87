import { Child, type ChildOptions } from "./Child.ts"

/** The processes of the demo, in the order in which they were started: the last one is stopped first. */
export class Children {
  private readonly all: Array<Child> = []
  private isClosed = false

  /** Throws once they are being stopped: then nothing is started any more. */
  start(options: ChildOptions): Child {
    if (this.isClosed) throw new Error(`${options.name} is not started: the demo is over`)
    const child = new Child(options)
    this.all.push(child)
    return child
  }

  get names(): ReadonlyArray<string> {
    return this.all.map(({ name }) => name)
  }

  /** One after the other, so that what sends ends before what receives. */
  async stop(): Promise<void> {
    this.isClosed = true
    for (const child of this.all.toReversed()) await child.stop()
  }

  readonly kill = (): void => {
    this.isClosed = true
    for (const child of this.all) child.kill()
  }
}
