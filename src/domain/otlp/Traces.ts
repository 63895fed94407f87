import { END, Groups, PAYLOAD } from "./Groups.ts"
import type { Malformed } from "./Malformed.ts"
import { addRecord, layout, odd, readRecord } from "./Record.ts"
import { Table } from "./Table.ts"
import { FIXED32, FIXED64, LENGTH, VARINT } from "./Wire.ts"

// Columns of a span: positions in `bytes`, -1 where the field is absent. Length-delimited ones have their end in the next column.
export const TRACE_ID = 1
export const SPAN_ID = 3
export const TRACE_STATE = 5
export const PARENT_SPAN_ID = 7
export const NAME = 9
export const KIND = 11
export const START_TIME = 12
export const END_TIME = 13
export const STATUS = 14
export const FLAGS = 16
/** The tag of the first one; the others follow, perhaps with other fields in between. */
export const FIRST_ATTRIBUTE = 17
export const FIRST_EVENT = 18
export const FIRST_LINK = 19
export const STATUS_MESSAGE = 20
export const STATUS_CODE = 22
const WIDTH = 23

const span = layout([
  [1, LENGTH, TRACE_ID],
  [2, LENGTH, SPAN_ID],
  [3, LENGTH, TRACE_STATE],
  [4, LENGTH, PARENT_SPAN_ID],
  [5, LENGTH, NAME],
  [6, VARINT, KIND],
  [7, FIXED64, START_TIME],
  [8, FIXED64, END_TIME],
  [9, LENGTH, FIRST_ATTRIBUTE, "repeated"],
  [11, LENGTH, FIRST_EVENT, "repeated"],
  [13, LENGTH, FIRST_LINK, "repeated"],
  [15, LENGTH, STATUS],
  [16, FIXED32, FLAGS]
])

const status = layout([
  [2, LENGTH, STATUS_MESSAGE],
  [3, VARINT, STATUS_CODE]
])

/** The index of a chunk of traces: its groups, and for each span where its fields are (row `i` of `spans` is record `i`). */
export class Traces extends Groups {
  readonly spans = new Table(WIDTH, 256)

  constructor() {
    super("traces")
  }

  protected override readRecords(): Malformed | undefined {
    const { bytes, records, spans } = this
    spans.clear()
    for (let i = 0; i < records.count; i++) {
      const at = i * records.width
      const row = addRecord(spans)
      const { data } = spans
      const verdict = readRecord(bytes, records.data[at + PAYLOAD]!, records.data[at + END]!, span, data, row)
      if (verdict === odd) this.odd = true
      else if (verdict !== undefined) return verdict
      if (data[row + STATUS]! >= 0) {
        const inner = readRecord(bytes, data[row + STATUS]!, data[row + STATUS + 1]!, status, data, row)
        if (inner === odd) this.odd = true
        else if (inner !== undefined) return inner
      }
    }
    return undefined
  }
}
