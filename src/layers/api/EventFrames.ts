import type { JournalRecordView } from "./view/JournalView.ts"

/** What a viewer can ask for. */
export const topics = ["overview", "findings", "rollouts", "journal"] as const
export type Topic = (typeof topics)[number]

/** One server-sent event. `data` is JSON, so it has no line breaks. */
export const frame = (event: Topic, data: string, id?: number): Buffer =>
  Buffer.from(`${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`)

export const recordFrame = (record: JournalRecordView): Buffer => frame("journal", JSON.stringify(record), record.id)

/** Tells a client when to come back, and that the stream stands. */
export const opening = Buffer.from("retry: 2000\n\n")
/** Keeps proxies from closing what is quiet. */
export const comment = Buffer.from(":\n\n")
