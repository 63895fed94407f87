import { encodeAttribute } from "../../domain/otlp/AnyValue.ts"
import { concat } from "../../domain/otlp/Copy.ts"
import { lengthField, textField } from "../../domain/otlp/Write.ts"
import type { Signal } from "../../domain/Signal.ts"

const sampleItem = (signal: Signal, index: number): Uint8Array => {
  const id = Uint8Array.from({ length: 16 }, (_, i) => (i * 31 + index * 17 + 1) & 0xff)
  switch (signal) {
    case "traces":
      return concat([
        lengthField(1, id),
        lengthField(2, id.subarray(0, 8)),
        textField(5, "operation"),
        encodeAttribute(9, "n", BigInt(index))
      ])
    case "logs":
      return concat([lengthField(5, textField(1, "something happened")), encodeAttribute(6, "n", BigInt(index)), lengthField(9, id)])
    case "metrics":
      return concat([textField(1, "measure"), lengthField(5, lengthField(1, encodeAttribute(7, "n", BigInt(index))))])
  }
}

/** An OTLP request as protobuf with so many items, of one tenant and service. */
export const sampleRequest = (signal: Signal, items: number, tenant: string): Uint8Array => {
  const resource = lengthField(1, concat([encodeAttribute(1, "service.name", "contract"), encodeAttribute(1, "tenant", tenant)]))
  const list = Array.from({ length: items }, (_, index) => lengthField(2, sampleItem(signal, index)))
  const scope = lengthField(2, concat([lengthField(1, textField(1, "contract")), ...list]))
  return lengthField(1, concat([resource, scope]))
}
