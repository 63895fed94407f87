import { Edits } from "../otlp/Edits.ts"
import type { Signal } from "../Signal.ts"
import { dataLayouts, noData, pointLayouts, Role } from "./contexts/Layouts.ts"
import type { Message } from "./Message.ts"
import type { Registers } from "./Registers.ts"
import { X } from "./Value.ts"
import { valueEnd } from "../otlp/Wire.ts"
import { readLength, readVarint64 } from "./Varint.ts"
import type { Workspace } from "./Workspace.ts"

/** Where in a request something is run: once per resource, scope, metric, item (span, log record, data point) or span event. */
export const Level = { resource: 0, scope: 1, metric: 2, item: 3, event: 4 } as const
export type Level = (typeof Level)[keyof typeof Level]
type EnvelopeLevel = typeof Level.resource | typeof Level.scope

/** What is run at one level, for the item that the registers hold. */
export interface LevelRun {
  /** Before the level's own message is read. */
  readonly start: () => void
  readonly run: () => number
}

/** What a level's run says about its item. */
export const Verdict = { keep: 0, drop: 1, failed: 2 } as const

/** How a walk has ended. `split`: a message stands in several parts, which must be joined first. */
export const WalkEnd = { done: 0, failed: 1, malformed: 2, split: 3 } as const
export type WalkEnd = (typeof WalkEnd)[keyof typeof WalkEnd]

const envelopeTag = 0x0a
const childTag = 0x12
const pointTag = 0x0a
const eventField = 11
const eventTag = (eventField << 3) | 2

/**
 * One walk over a chunk: fills the registers that the runs use, from the outside in, runs each level, and notes what has changed as
 * edits. With `prune`, parents whose children are all gone go too, and so do those that never had any, as in the original.
 */
export class Walk {
  private readonly signal: Signal
  private readonly ws: Workspace
  private readonly runs: ReadonlyArray<LevelRun | undefined>
  private readonly prune: boolean
  private readonly messages: ReadonlyArray<Message>
  private readonly deepest: number
  private readonly usesResource: boolean
  private readonly usesResourceEnvelope: boolean
  private readonly usesScope: boolean
  private readonly usesScopeEnvelope: boolean
  private readonly usesMetric: boolean
  private readonly usesData: boolean
  private readonly usesItem: boolean
  readonly edits = new Edits()
  /** Items that the edits drop. */
  dropped = 0

  constructor(signal: Signal, registers: Registers, runs: ReadonlyArray<LevelRun | undefined>, prune: boolean) {
    this.signal = signal
    this.ws = registers.ws
    this.runs = runs
    this.prune = prune
    this.messages = registers.messages
    this.deepest = runs.findLastIndex((run) => run !== undefined)
    this.usesResource = registers.uses(Role.resource)
    this.usesResourceEnvelope = registers.uses(Role.resourceEnvelope)
    this.usesScope = registers.uses(Role.scope)
    this.usesScopeEnvelope = registers.uses(Role.scopeEnvelope)
    this.usesMetric = registers.uses(Role.metric)
    this.usesData = registers.uses(Role.data)
    this.usesItem = registers.uses(Role.item)
  }

  run(source: Uint8Array): WalkEnd {
    const { edits, ws } = this
    ws.reset(source)
    edits.begin(source)
    this.dropped = 0
    const end = source.length
    let at = 0
    while (at < end) {
      const record = at
      const next = this.record(at, end)
      if (next < 0) return WalkEnd.malformed
      if (this.tag === envelopeTag) {
        const outcome = this.envelope(Level.resource, record, this.lengthAt, this.valueStart, next)
        if (outcome !== WalkEnd.done) return outcome
      }
      at = next
    }
    return WalkEnd.done
  }

  /** The tag, what follows it (a length, if there is one), and the value's start of the record that `record` has stepped over. */
  private tag = 0
  private lengthAt = 0
  private valueStart = 0

  /** Steps over the record at `at`: the position behind it, or -1. */
  private record(at: number, end: number): number {
    const bytes = this.ws.source
    let tag = bytes[at]!
    let next = at + 1
    if (tag >= 0x80) {
      next = readVarint64(bytes, at, end)
      if (next < 0 || X[1] !== 0) return -1
      tag = X[2]!
    }
    this.tag = tag
    this.lengthAt = next
    if ((tag & 7) === 2) {
      const length = readLength(bytes, next, end)
      if (length < 0) return -1
      this.valueStart = X[3]!
      return X[3]! + length
    }
    this.valueStart = next
    return valueEnd(bytes, next, end, tag & 7)
  }

  // Where the part of an envelope stands that field 1 holds (a resource, a scope); -1 if there is none.
  private partLengthAt = -1
  private partStart = -1
  private partEnd = -1

  private findPart(start: number, end: number): WalkEnd {
    this.partLengthAt = -1
    for (let at = start; at < end;) {
      const next = this.record(at, end)
      if (next < 0) return WalkEnd.malformed
      if (this.tag === envelopeTag) {
        if (this.partLengthAt >= 0) return WalkEnd.split
        this.partLengthAt = this.lengthAt
        this.partStart = this.valueStart
        this.partEnd = next
      }
      at = next
    }
    return WalkEnd.done
  }

  /** A resource or a scope in its envelope (ResourceSpans, ScopeSpans, ...), and what is inside. */
  private envelope(level: EnvelopeLevel, record: number, lengthAt: number, start: number, end: number): WalkEnd {
    const { deepest, edits } = this
    edits.enter(lengthAt, start, end)
    const run = this.runs[level]
    run?.start()
    const isResource = level === Level.resource
    const envelope = this.messages[isResource ? Role.resourceEnvelope : Role.scopeEnvelope]!
    const part = this.messages[isResource ? Role.resource : Role.scope]!
    const usesEnvelope = isResource ? this.usesResourceEnvelope : this.usesScopeEnvelope
    const usesPart = isResource ? this.usesResource : this.usesScope
    let partLengthAt = -1
    if (usesEnvelope && !envelope.fill(start, end)) return WalkEnd.malformed
    if (usesPart) {
      const found = this.findPart(start, end)
      if (found !== WalkEnd.done) return found
      partLengthAt = this.partLengthAt
      if (partLengthAt < 0) part.clear()
      else if (!part.fill(this.partStart, this.partEnd)) return WalkEnd.malformed
    }
    if (run !== undefined) {
      const verdict = run.run()
      if (verdict === Verdict.failed) return WalkEnd.failed
      if (verdict === Verdict.drop) return this.drop(record, start, end, level)
    }
    if (deepest > level || this.prune) {
      let left = 0
      for (let at = start; at < end;) {
        const next = this.record(at, end)
        if (next < 0) return WalkEnd.malformed
        if (this.tag === childTag) {
          this.gone = false
          const outcome = deepest > level ? this.child(level, at, next) : WalkEnd.done
          if (outcome !== WalkEnd.done) return outcome
          if (!this.gone) left++
        }
        at = next
      }
      if (this.prune && left === 0) {
        edits.forget()
        edits.delete(record, end)
        this.gone = true
        return WalkEnd.done
      }
    }
    this.gone = false
    this.flushPart(part, envelope, partLengthAt, end, usesPart, usesEnvelope)
    edits.leave()
    return WalkEnd.done
  }

  /** What stands inside an envelope, in the record that `record` has stepped over. */
  private child(level: EnvelopeLevel, record: number, end: number): WalkEnd {
    if (level === Level.resource) return this.envelope(Level.scope, record, this.lengthAt, this.valueStart, end)
    return this.signal === "metrics"
      ? this.metric(record, this.lengthAt, this.valueStart, end)
      : this.item(record, this.lengthAt, this.valueStart, end)
  }

  /** The last child that was walked is gone. */
  private gone = false

  /** The message that was entered last goes, with all that is inside. */
  private drop(record: number, start: number, end: number, level: Level): WalkEnd {
    const count = this.countItems(start, end, level)
    if (count < 0) return WalkEnd.malformed
    this.edits.forget()
    this.edits.delete(record, end)
    this.dropped += count
    this.gone = true
    return WalkEnd.done
  }

  /** Edits of an envelope that ends at `end`, and of the part (resource, scope) that it holds, whose length stands at `lengthAt` if it is there. */
  private flushPart(part: Message, envelope: Message, lengthAt: number, end: number, usesPart: boolean, usesEnvelope: boolean): void {
    const { edits } = this
    const partDirty = usesPart && part.isDirty
    if (partDirty && lengthAt >= 0) part.flush(edits, lengthAt)
    if (usesEnvelope && envelope.isDirty) envelope.collect(edits)
    if (partDirty && lengthAt < 0) {
      part.compose(1)
      edits.insert(end, X[1]!, X[2]!)
    }
  }

  private metric(record: number, lengthAt: number, start: number, end: number): WalkEnd {
    const { edits, messages, runs } = this
    edits.enter(lengthAt, start, end)
    const run = runs[Level.metric]
    run?.start()
    const metric = messages[Role.metric]!
    const data = messages[Role.data]!
    if (this.usesMetric && !metric.fill(start, end)) return WalkEnd.malformed
    let dataLengthAt = -1
    let dataStart = 0
    let dataEnd = 0
    let type = 0
    for (let at = start; at < end;) {
      const next = this.record(at, end)
      if (next < 0) return WalkEnd.malformed
      const field = this.tag >>> 3
      if ((this.tag & 7) === 2 && dataLayouts[field] !== undefined) {
        // Of a oneof that is set twice the last one counts.
        dataLengthAt = this.lengthAt
        dataStart = this.valueStart
        dataEnd = next
        type = field
      }
      at = next
    }
    data.type = type
    data.become(dataLayouts[type] ?? noData)
    if (this.usesData) {
      if (dataLengthAt < 0) data.clear()
      else if (!data.fill(dataStart, dataEnd)) return WalkEnd.malformed
    }
    if (run !== undefined) {
      const verdict = run.run()
      if (verdict === Verdict.failed) return WalkEnd.failed
      if (verdict === Verdict.drop) return this.drop(record, start, end, Level.metric)
    }
    const flushesData = this.usesData && dataLengthAt >= 0
    if (this.deepest > Level.metric && dataLengthAt >= 0) {
      edits.enter(dataLengthAt, dataStart, dataEnd)
      messages[Role.item]!.become(pointLayouts[type]!)
      let left = 0
      for (let at = dataStart; at < dataEnd;) {
        const next = this.record(at, dataEnd)
        if (next < 0) return WalkEnd.malformed
        if (this.tag === pointTag) {
          this.gone = false
          const outcome = this.item(at, this.lengthAt, this.valueStart, next)
          if (outcome !== WalkEnd.done) return outcome
          if (!this.gone) left++
        }
        at = next
      }
      if (this.prune && left === 0) {
        edits.forget()
        edits.forget()
        edits.delete(record, end)
        this.gone = true
        return WalkEnd.done
      }
      if (flushesData && data.isDirty) data.collect(edits)
      edits.leave()
    } else if (flushesData && data.isDirty) data.flush(edits, dataLengthAt)
    this.gone = false
    if (this.usesMetric && metric.isDirty) metric.collect(edits)
    edits.leave()
    return WalkEnd.done
  }

  private item(record: number, lengthAt: number, start: number, end: number): WalkEnd {
    const { edits, ws } = this
    const run = this.runs[Level.item]
    const item = this.messages[Role.item]!
    const mark = ws.end
    const { writes } = ws
    run?.start()
    if (this.usesItem && !item.fill(start, end)) return WalkEnd.malformed
    ws.epoch++
    if (run !== undefined) {
      const verdict = run.run()
      if (verdict === Verdict.failed) return WalkEnd.failed
      if (verdict === Verdict.drop) {
        edits.delete(record, end)
        this.dropped++
        this.gone = true
        return WalkEnd.done
      }
    }
    const hasEvents = this.deepest === Level.event
    if (hasEvents) {
      edits.enter(lengthAt, start, end)
      const outcome = this.events(start, end)
      if (outcome !== WalkEnd.done) return outcome
    }
    if (ws.writes === writes) ws.end = mark
    else if (this.usesItem && item.isDirty) {
      if (hasEvents) item.collect(edits)
      else item.flush(edits, lengthAt)
    }
    if (hasEvents) edits.leave()
    return WalkEnd.done
  }

  private events(start: number, end: number): WalkEnd {
    const { edits } = this
    const run = this.runs[Level.event]!
    const event = this.messages[Role.event]!
    for (let at = start; at < end;) {
      const next = this.record(at, end)
      if (next < 0) return WalkEnd.malformed
      if (this.tag === eventTag) {
        const { lengthAt, valueStart } = this
        run.start()
        if (!event.fill(valueStart, next)) return WalkEnd.malformed
        const verdict = run.run()
        if (verdict === Verdict.failed) return WalkEnd.failed
        if (verdict === Verdict.drop) edits.delete(at, next)
        else if (event.isDirty) event.flush(edits, lengthAt)
      }
      at = next
    }
    return WalkEnd.done
  }

  /** Items inside an envelope of the given level, in the chunk that was walked last; -1 if it is malformed. */
  countItems(start: number, end: number, level: Level): number {
    let count = 0
    for (let at = start; at < end;) {
      const next = this.record(at, end)
      if (next < 0) return -1
      const { tag, valueStart } = this
      let inner = 0
      if (level === Level.item) inner = tag === pointTag ? 1 : 0
      else if (level === Level.metric) {
        if ((tag & 7) === 2 && tag >>> 3 in dataLayouts) inner = this.countItems(valueStart, next, Level.item)
      } else if (tag === childTag) {
        if (level === Level.resource) inner = this.countItems(valueStart, next, Level.scope)
        else inner = this.signal === "metrics" ? this.countItems(valueStart, next, Level.metric) : 1
      }
      if (inner < 0) return -1
      count += inner
      at = next
    }
    return count
  }
}
