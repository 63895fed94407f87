import type { Kind } from "./ComponentType.ts"

/** What to do about a component that the Collector has and Weir does not, where it is more than a misspelt name. */
export const absent = (kind: Kind, type: string): string | undefined => reasons[`${kind}/${type}`]

const reasons: { readonly [component: string]: string } = {
  "extension/file_storage":
    "there are no storage extensions: remove it, and `sending_queue.storage` of exporters with it; queues are in memory, and lost if the process is killed"
}
