import type { Signal } from "../Signal.ts"
import {
  envelopeLayout,
  eventLayout,
  findingLayout,
  logLayout,
  metricLayout,
  noData,
  resourceLayout,
  Role,
  scopeLayout,
  spanLayout,
  pointLayouts
} from "./contexts/Layouts.ts"
import { Keys } from "./Keys.ts"
import { MapTable } from "./MapTable.ts"
import { Message } from "./Message.ts"
import { Workspace } from "./Workspace.ts"

const itemLayouts = { traces: spanLayout, logs: logLayout, metrics: pointLayouts[5]!, finding: findingLayout }

/**
 * Every storage location that a plan reads or writes, numbered once: the messages that an item stands in, their attribute maps, and
 * the `cache`. A location has one register however it is spelled.
 */
export class Registers {
  readonly ws = new Workspace()
  readonly messages: ReadonlyArray<Message>
  readonly cache: MapTable
  /** For editors on maps that are values inside others (a body, `attributes["x"]`). */
  readonly scratch: MapTable

  constructor(signal: Signal | "finding") {
    const item = itemLayouts[signal]
    const layouts = [envelopeLayout, resourceLayout, envelopeLayout, scopeLayout, metricLayout, noData, item, eventLayout]
    this.messages = layouts.map((layout) => new Message(this.ws, layout, new MapTable(this.ws, new Keys())))
    if (signal === "metrics") {
      // Each kind of data point has its attributes in another field.
      const fields = new Set(Object.values(pointLayouts).map(({ map }) => map))
      this.messages[Role.item]!.map.recordTags = [...fields].map((field) => (field << 3) | 2)
    }
    this.cache = new MapTable(this.ws, new Keys())
    this.cache.all = true
    this.scratch = new MapTable(this.ws, new Keys())
    this.scratch.all = true
  }

  /** The message of a role, with `row` among its wanted ones. */
  field(role: Role, row: number): Message {
    const message = this.messages[role]!
    message.wanted |= 1 << row
    return message
  }

  map(role: Role): MapTable {
    const message = this.messages[role]!
    message.wantsMap = true
    return message.map
  }

  /** Whether anything of a role is used. */
  uses(role: Role): boolean {
    const message = this.messages[role]!
    return message.wanted !== 0 || message.wantsMap
  }
}
