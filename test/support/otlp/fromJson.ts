import { FromJson } from "../../../src/domain/otlp/json/FromJson.ts"
import type { Malformed } from "../../../src/domain/otlp/Malformed.ts"
import type { Signal } from "../../../src/domain/Signal.ts"

/** OTLP/JSON to protobuf bytes, all at once. */
export const fromJson = (signal: Signal, text: Uint8Array): Uint8Array | Malformed => new FromJson(signal, text).step(Infinity)!
