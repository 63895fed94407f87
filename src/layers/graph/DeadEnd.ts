import { GrpcCode } from "../../domain/GrpcCode.ts"
import { Refusal } from "../../domain/Refusal.ts"
import type { Consumer } from "./Consumer.ts"

/** Everything is turned away with the same refusal: an edge before its first commit, and one that has been shut. */
const refusing = (refusal: Refusal): Consumer => ({
  consume: (batch, passage) => {
    batch.lease.release()
    passage.refuse(refusal)
  },
  refusal: () => refusal,
  full: () => undefined
})

/** Where an edge leads before its first commit. */
export const unconnected = refusing(new Refusal("shutdown", GrpcCode.UNAVAILABLE, "the gateway is starting", 1000))

/** Where an edge leads when the gateway stops. */
export const shut = refusing(Refusal.shutdown)
