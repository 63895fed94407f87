import type { Signal } from "../Signal.ts"
import { dataLayouts, noData, pointLayouts, Role } from "./contexts/Layouts.ts"
import { Edits } from "./Edits.ts"
import type { Message } from "./Message.ts"
import type { Registers } from "./Registers.ts"
import { X } from "./Value.ts"
import { readLength, readVarint64, skipValue } from "./Wire.ts"
import type { Workspace } from "./Workspace.ts"

/** Where in a request something is run: once per resource, scope, metric, item (span, log record, data point) or span event. */
export const Level = { resource: 0, scope: 1, metric: 2, item: 3, event: 4 } as const
export type Level = (typeof Level)[keyof typeof Level]

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
    edits.reset(source.length)
    this.dropped = 0
    const end = source.length
    let at = 0
    while (at < end) {
      const record = at
      const next = this.record(at, end)
      if (next < 0) return WalkEnd.malformed
      if (this.tag === envelopeTag) {
        const outcome = this.resource(record, this.valueStart, next)
        if (outcome !== WalkEnd.done) return outcome
      }
      at = next
    }
    return WalkEnd.done
  }

  /** The tag and the value's start of the record that `record` has stepped over. */
  private tag = 0
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
    if ((tag & 7) === 2) {
      const length = readLength(bytes, next, end)
      if (length < 0) return -1
      this.valueStart = X[3]!
      return X[3]! + length
    }
    this.valueStart = next
    return skipValue(bytes, next, end, tag & 7)
  }

  // Where the part of an envelope stands that field 1 holds (a resource, a scope); -1 if there is none.
  private partRecord = -1
  private partStart = -1
  private partEnd = -1

  private findPart(start: number, end: number): WalkEnd {
    this.partRecord = -1
    for (let at = start; at < end;) {
      const next = this.record(at, end)
      if (next < 0) return WalkEnd.malformed
      if (this.tag === envelopeTag) {
        if (this.partRecord >= 0) return WalkEnd.split
        this.partRecord = at
        this.partStart = this.valueStart
        this.partEnd = next
      }
      at = next
    }
    return WalkEnd.done
  }

  private resource(record: number, start: number, end: number): WalkEnd {
    const { edits, messages, runs } = this
    const node = edits.open(0, envelopeTag, record, start, end)
    const run = runs[Level.resource]
    run?.start()
    const envelope = messages[Role.resourceEnvelope]!
    const resource = messages[Role.resource]!
    let resourceRecord = -1
    if (this.usesResourceEnvelope && !envelope.fill(start, end)) return WalkEnd.malformed
    if (this.usesResource) {
      const found = this.findPart(start, end)
      if (found !== WalkEnd.done) return found
      resourceRecord = this.partRecord
      if (resourceRecord < 0) resource.clear()
      else if (!resource.fill(this.partStart, this.partEnd)) return WalkEnd.malformed
    }
    if (run !== undefined) {
      const verdict = run.run()
      if (verdict === Verdict.failed) return WalkEnd.failed
      if (verdict === Verdict.drop) return this.drop(node, start, end, Level.resource)
    }
    if (this.deepest > Level.resource || this.prune) {
      let left = 0
      for (let at = start; at < end;) {
        const next = this.record(at, end)
        if (next < 0) return WalkEnd.malformed
        if (this.tag === childTag) {
          this.gone = false
          const outcome = this.deepest > Level.resource ? this.scope(node, at, this.valueStart, next) : WalkEnd.done
          if (outcome !== WalkEnd.done) return outcome
          if (!this.gone) left++
        }
        at = next
      }
      if (this.prune && left === 0) {
        edits.drop(node)
        return WalkEnd.done
      }
    }
    this.flushPart(node, resource, envelope, resourceRecord, this.usesResource, this.usesResourceEnvelope)
    return WalkEnd.done
  }

  /** The last child that was walked is gone. */
  private gone = false

  private drop(node: number, start: number, end: number, level: Level): WalkEnd {
    const count = this.countItems(start, end, level)
    if (count < 0) return WalkEnd.malformed
    this.edits.drop(node)
    this.dropped += count
    this.gone = true
    return WalkEnd.done
  }

  /** Edits of an envelope and of the part (resource, scope) that it holds. */
  private flushPart(node: number, part: Message, envelope: Message, record: number, usesPart: boolean, usesEnvelope: boolean): void {
    const { edits } = this
    const partDirty = usesPart && part.isDirty
    if (partDirty && record >= 0) {
      part.flush(edits, edits.open(node, envelopeTag, record, part.payloadStart, part.payloadEnd))
    }
    const missing = partDirty && record < 0
    if (!missing && !(usesEnvelope && envelope.isDirty)) return
    edits.begin()
    if (usesEnvelope && envelope.isDirty) envelope.collect(edits)
    if (missing) {
      part.compose(1)
      edits.insert(edits.payloadEndOf(node), X[1]!, X[2]!)
    }
    edits.finish(node)
  }

  private scope(parent: number, record: number, start: number, end: number): WalkEnd {
    const { edits, messages, runs, signal } = this
    const node = edits.open(parent, childTag, record, start, end)
    const run = runs[Level.scope]
    run?.start()
    const envelope = messages[Role.scopeEnvelope]!
    const scope = messages[Role.scope]!
    let scopeRecord = -1
    if (this.usesScopeEnvelope && !envelope.fill(start, end)) return WalkEnd.malformed
    if (this.usesScope) {
      const found = this.findPart(start, end)
      if (found !== WalkEnd.done) return found
      scopeRecord = this.partRecord
      if (scopeRecord < 0) scope.clear()
      else if (!scope.fill(this.partStart, this.partEnd)) return WalkEnd.malformed
    }
    if (run !== undefined) {
      const verdict = run.run()
      if (verdict === Verdict.failed) return WalkEnd.failed
      if (verdict === Verdict.drop) return this.drop(node, start, end, Level.scope)
    }
    if (this.deepest > Level.scope || this.prune) {
      let left = 0
      for (let at = start; at < end;) {
        const next = this.record(at, end)
        if (next < 0) return WalkEnd.malformed
        if (this.tag === childTag) {
          this.gone = false
          let outcome: WalkEnd = WalkEnd.done
          if (this.deepest > Level.scope) {
            if (signal === "metrics") outcome = this.metric(node, at, this.valueStart, next)
            else outcome = this.item(node, childTag, at, this.valueStart, next)
          }
          if (outcome !== WalkEnd.done) return outcome
          if (!this.gone) left++
        }
        at = next
      }
      if (this.prune && left === 0) {
        edits.drop(node)
        this.gone = true
        return WalkEnd.done
      }
    }
    this.gone = false
    this.flushPart(node, scope, envelope, scopeRecord, this.usesScope, this.usesScopeEnvelope)
    return WalkEnd.done
  }

  private metric(parent: number, record: number, start: number, end: number): WalkEnd {
    const { edits, messages, runs } = this
    const node = edits.open(parent, childTag, record, start, end)
    const run = runs[Level.metric]
    run?.start()
    const metric = messages[Role.metric]!
    const data = messages[Role.data]!
    if (this.usesMetric && !metric.fill(start, end)) return WalkEnd.malformed
    let dataRecord = -1
    let dataStart = 0
    let dataEnd = 0
    let type = 0
    for (let at = start; at < end;) {
      const next = this.record(at, end)
      if (next < 0) return WalkEnd.malformed
      const field = this.tag >>> 3
      if ((this.tag & 7) === 2 && dataLayouts[field] !== undefined) {
        // Of a oneof that is set twice the last one counts.
        dataRecord = at
        dataStart = this.valueStart
        dataEnd = next
        type = field
      }
      at = next
    }
    data.type = type
    data.become(dataLayouts[type] ?? noData)
    if (this.usesData) {
      if (dataRecord < 0) data.clear()
      else if (!data.fill(dataStart, dataEnd)) return WalkEnd.malformed
    }
    if (run !== undefined) {
      const verdict = run.run()
      if (verdict === Verdict.failed) return WalkEnd.failed
      if (verdict === Verdict.drop) return this.drop(node, start, end, Level.metric)
    }
    let dataNode = -1
    if (this.deepest > Level.metric && dataRecord >= 0) {
      dataNode = edits.open(node, (type << 3) | 2, dataRecord, dataStart, dataEnd)
      messages[Role.item]!.become(pointLayouts[type]!)
      let left = 0
      for (let at = dataStart; at < dataEnd;) {
        const next = this.record(at, dataEnd)
        if (next < 0) return WalkEnd.malformed
        if (this.tag === pointTag) {
          this.gone = false
          const outcome = this.item(dataNode, pointTag, at, this.valueStart, next)
          if (outcome !== WalkEnd.done) return outcome
          if (!this.gone) left++
        }
        at = next
      }
      if (this.prune && left === 0) {
        edits.drop(node)
        this.gone = true
        return WalkEnd.done
      }
    }
    this.gone = false
    if (this.usesData && data.isDirty && dataRecord >= 0) {
      if (dataNode < 0) dataNode = edits.open(node, (type << 3) | 2, dataRecord, dataStart, dataEnd)
      data.flush(edits, dataNode)
    }
    if (this.usesMetric && metric.isDirty) metric.flush(edits, node)
    return WalkEnd.done
  }

  private item(parent: number, tag: number, record: number, start: number, end: number): WalkEnd {
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
        edits.drop(edits.open(parent, tag, record, start, end))
        this.dropped++
        this.gone = true
        return WalkEnd.done
      }
    }
    let node = -1
    if (this.deepest === Level.event) {
      node = edits.open(parent, tag, record, start, end)
      const outcome = this.events(node, start, end)
      if (outcome !== WalkEnd.done) return outcome
    }
    if (ws.writes === writes) ws.end = mark
    else if (this.usesItem && item.isDirty) item.flush(edits, node < 0 ? edits.open(parent, tag, record, start, end) : node)
    return WalkEnd.done
  }

  private events(parent: number, start: number, end: number): WalkEnd {
    const { edits } = this
    const run = this.runs[Level.event]!
    const event = this.messages[Role.event]!
    for (let at = start; at < end;) {
      const next = this.record(at, end)
      if (next < 0) return WalkEnd.malformed
      if (this.tag === eventTag) {
        const { valueStart } = this
        run.start()
        if (!event.fill(valueStart, next)) return WalkEnd.malformed
        const verdict = run.run()
        if (verdict === Verdict.failed) return WalkEnd.failed
        if (verdict === Verdict.drop) edits.drop(edits.open(parent, eventTag, at, valueStart, next))
        else if (event.isDirty) event.flush(edits, edits.open(parent, eventTag, at, valueStart, next))
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
