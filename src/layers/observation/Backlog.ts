/** Reports that have not been sent, oldest first; above `capacity` the oldest is lost, and counted. */
export class Backlog<Report> {
  private readonly capacity: number
  private readonly onLost: (reports: number) => void
  private waiting: Array<Report> = []

  constructor(capacity: number, onLost: (reports: number) => void) {
    this.capacity = capacity
    this.onLost = onLost
  }

  push(report: Report): void {
    this.waiting.push(report)
    if (this.waiting.length <= this.capacity) return
    this.waiting.shift()
    this.onLost(1)
  }

  first(): Report | undefined {
    return this.waiting[0]
  }

  /** This one is sent. It may have been lost meanwhile. */
  sent(report: Report): void {
    if (this.waiting[0] === report) this.waiting.shift()
  }

  /** Nobody wants this one. */
  refused(report: Report): void {
    if (this.waiting[0] !== report) return
    this.waiting.shift()
    this.onLost(1)
  }

  clear(): void {
    this.waiting = []
  }
}
