import { END, Groups, PAYLOAD } from "./Groups.ts"
import type { Malformed } from "./Malformed.ts"
import { addRecord, layout, odd, readRecord } from "./Record.ts"
import { Table } from "./Table.ts"
import { FIXED32, FIXED64, LENGTH, VARINT } from "./Wire.ts"

// Columns of a log record: positions in `bytes`, -1 where the field is absent. Length-delimited ones have their end in the next column.
export const TIME = 1
export const OBSERVED_TIME = 2
export const SEVERITY_NUMBER = 3
export const SEVERITY_TEXT = 4
/** The inside of the AnyValue. */
export const BODY = 6
export const FLAGS = 8
export const TRACE_ID = 9
export const SPAN_ID = 11
export const EVENT_NAME = 13
/** The tag of the first one; the others follow, perhaps with other fields in between. */
export const FIRST_ATTRIBUTE = 15
const WIDTH = 16

const logRecord = layout([
  [1, FIXED64, TIME],
  [2, VARINT, SEVERITY_NUMBER],
  [3, LENGTH, SEVERITY_TEXT],
  [5, LENGTH, BODY],
  [6, LENGTH, FIRST_ATTRIBUTE, "repeated"],
  [8, FIXED32, FLAGS],
  [9, LENGTH, TRACE_ID],
  [10, LENGTH, SPAN_ID],
  [11, FIXED64, OBSERVED_TIME],
  [12, LENGTH, EVENT_NAME]
])

/** The index of a chunk of logs: its groups, and for each log record where its fields are (row `i` of `logs` is record `i`). */
export class Logs extends Groups {
  readonly logs = new Table(WIDTH, 256)

  constructor() {
    super("logs")
  }

  protected override readRecords(): Malformed | undefined {
    const { bytes, records, logs } = this
    logs.clear()
    for (let i = 0; i < records.count; i++) {
      const at = i * records.width
      const row = addRecord(logs)
      const verdict = readRecord(bytes, records.data[at + PAYLOAD]!, records.data[at + END]!, logRecord, logs.data, row)
      if (verdict === odd) this.odd = true
      else if (verdict !== undefined) return verdict
    }
    return undefined
  }
}
