export interface ServerEvent {
  readonly event: string
  readonly data: string
  readonly id: string | undefined
}

/** A snapshot of a large fleet is far below. */
const maxEvent = 32 * 1024 * 1024

/**
 * Server-sent events out of the text of a stream (https://html.spec.whatwg.org/multipage/server-sent-events.html, 9.2.6), since the
 * browser's own reader of them sends no token. Takes the text in pieces of any size; an event without end is refused.
 */
export class EventParser {
  private rest = ""
  private event = ""
  private data: Array<string> = []
  private id: string | undefined

  push(text: string): ReadonlyArray<ServerEvent> {
    const events: Array<ServerEvent> = []
    // What was there already has no line end.
    let searched = this.rest.length
    let from = 0
    this.rest += text
    for (;;) {
      const end = this.rest.indexOf("\n", searched)
      if (end === -1) break
      this.line(this.rest.slice(from, this.rest[end - 1] === "\r" && end > from ? end - 1 : end), events)
      searched = from = end + 1
    }
    this.rest = this.rest.slice(from)
    if (this.rest.length > maxEvent) throw new Error("an event of the stream is too large")
    return events
  }

  private line(line: string, events: Array<ServerEvent>): void {
    if (line === "") {
      if (this.data.length > 0) events.push({ event: this.event || "message", data: this.data.join("\n"), id: this.id })
      this.event = ""
      this.data = []
      this.id = undefined
      return
    }
    const colon = line.indexOf(":")
    if (colon === 0) return
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1)
    if (field === "event") this.event = value
    else if (field === "data") this.data.push(value)
    else if (field === "id") this.id = value
  }
}
