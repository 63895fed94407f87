// The load generator, a process of its own. It is told over IPC to connect and to run for a while, and reports what was answered.
import { type Case } from "./Case.ts"
import { type Connection, open } from "./Connection.ts"
import { type Quantiles, quantiles } from "./Quantiles.ts"
import { requests, type Request } from "./Payload.ts"
import { nowMicros, writeStamp } from "./Wire.ts"

export interface LoadOptions {
  readonly case: Case
  readonly port: number
  readonly connections: number
  /** Items a second that fall due; a closed loop without. */
  readonly rate?: number
}

export interface LoadReport {
  readonly acceptedRequests: number
  readonly acceptedItems: number
  readonly refusedRequests: number
  readonly failures: ReadonlyArray<string>
  readonly seconds: number
  /** From when a request was sent (fixed rate: had fallen due) until its answer, in milliseconds. */
  readonly answerMillis: Quantiles
}

/** How long to send, in milliseconds. */
export type LoadCommand = number

class Run {
  private readonly options: LoadOptions
  private readonly payload: ReadonlyArray<Request>
  private readonly connections: ReadonlyArray<Connection>
  private readonly idle: Array<Connection> = []
  private readonly deadline: number
  private readonly started = nowMicros()
  private readonly latencies: Array<number> = []
  private readonly failures: Array<string> = []
  private acceptedRequests = 0
  private acceptedItems = 0
  private refusedRequests = 0
  private busy = 0
  private finish: (report: LoadReport) => void = () => {}
  private static cursor = 0

  constructor(options: LoadOptions, payload: ReadonlyArray<Request>, connections: ReadonlyArray<Connection>, millis: number) {
    this.options = options
    this.payload = payload
    this.connections = connections
    this.deadline = this.started + millis * 1000
  }

  report(): Promise<LoadReport> {
    return new Promise((resolve) => {
      this.finish = resolve
      if (this.options.rate === undefined) for (const connection of this.connections) this.again(connection)
      else this.pace(this.options.rate / this.options.case.items)
    })
  }

  private again(connection: Connection): void {
    if (nowMicros() < this.deadline && this.failures.length === 0) this.send(connection, nowMicros(), (next) => this.again(next))
    else if (this.busy === 0) this.end()
  }

  /** What has fallen due while all connections were busy is sent as soon as one is free, and its latency counts from when it fell due. */
  private pace(requestsPerSecond: number): void {
    const intervalMicros = 1e6 / requestsPerSecond
    let due = this.started
    this.idle.push(...this.connections)
    const dispatch = (): void => {
      const until = Math.min(nowMicros(), this.deadline)
      while (due < until && this.idle.length > 0 && this.failures.length === 0) {
        this.send(this.idle.pop()!, due, (connection) => {
          this.idle.push(connection)
          dispatch()
        })
        due += intervalMicros
      }
      if ((due >= this.deadline || this.failures.length > 0) && this.busy === 0) {
        clearInterval(timer)
        this.end()
      }
    }
    const timer = setInterval(dispatch, 1)
  }

  private send(connection: Connection, dueMicros: number, next: (connection: Connection) => void): void {
    const request = this.payload[Run.cursor++ % this.payload.length]!
    if (request.stamps.length > 0) {
      const view = new DataView(request.body.buffer, request.body.byteOffset, request.body.length)
      for (const offset of request.stamps) writeStamp(view, offset)
    }
    this.busy++
    connection.send(request.body, (answer) => {
      this.busy--
      switch (answer._tag) {
        case "accepted":
          this.acceptedRequests++
          this.acceptedItems += request.items
          this.latencies.push((nowMicros() - dueMicros) / 1000)
          return next(connection)
        case "refused":
          this.refusedRequests++
          this.busy++
          setTimeout(() => {
            this.busy--
            next(connection)
          }, answer.retryAfterMillis)
          return
        case "failed":
          this.failures.push(answer.reason)
          return next(connection)
      }
    })
  }

  private end(): void {
    this.finish({
      acceptedRequests: this.acceptedRequests,
      acceptedItems: this.acceptedItems,
      refusedRequests: this.refusedRequests,
      failures: this.failures,
      seconds: (nowMicros() - this.started) / 1e6,
      answerMillis: quantiles(this.latencies)
    })
  }
}

const options: LoadOptions = JSON.parse(process.argv[2]!)
const payload = requests(options.case)
const connections = await Promise.all(Array.from({ length: options.connections }, () => open(options.case, options.port)))
process.on("message", async (millis: LoadCommand) => {
  process.send!(await new Run(options, payload, connections, millis).report())
})
process.on("disconnect", () => process.exit(0))
process.send!("ready")
