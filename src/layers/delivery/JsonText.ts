import * as Effect from "effect/Effect"
import { GrpcCode } from "../../domain/GrpcCode.ts"
import { Malformed } from "../../domain/otlp/Malformed.ts"
import { ToJson } from "../../domain/otlp/json/ToJson.ts"
import { ExportError } from "../../streams/ExportError.ts"
import { turns } from "../../streams/Turns.ts"
import type { ExportRequest } from "../graph/Component.ts"

/** Bytes of protobuf that are written before others have a turn: some milliseconds where they are tiny items. */
const bytesPerPiece = 64 << 10

/** A request as OTLP/JSON, one line in pieces without a newline at its end; written a piece a turn. */
export const jsonText = ({ signal, chunks }: ExportRequest): Effect.Effect<ReadonlyArray<Uint8Array>, ExportError> =>
  Effect.suspend(() => {
    const writer = new ToJson(signal, chunks)
    const next: Effect.Effect<ReadonlyArray<Uint8Array>, ExportError> = Effect.suspend(() => {
      const text = writer.step(bytesPerPiece)
      if (text === undefined) return Effect.andThen(turns.pause, next)
      if (!(text instanceof Malformed)) return Effect.succeed(text)
      const message = `cannot be written as JSON: ${String(text)}`
      return Effect.fail(new ExportError({ retryable: false, code: GrpcCode.INVALID_ARGUMENT, message }))
    })
    return next
  })
