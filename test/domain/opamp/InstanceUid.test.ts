import { assert, describe, it } from "@effect/vitest"
import { formatUid, makeUid, parseUid } from "../../../src/opamp.ts"
import { instanceUid, uidText } from "../../support/opamp/Vectors.ts"

describe("instance uids", () => {
  it("are written and read in their canonical text", () => {
    assert.strictEqual(formatUid(instanceUid), uidText)
    assert.deepStrictEqual(parseUid(uidText.toUpperCase()), instanceUid)
    for (const text of ["", uidText.slice(1), `${uidText}0`, uidText.replaceAll("-", ""), uidText.replace("0", "g")]) {
      assert.isUndefined(parseUid(text), text)
    }
  })

  it("are made as RFC 9562 shows it (appendix A.6)", () => {
    const random = Uint8Array.of(0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f)
    assert.strictEqual(formatUid(makeUid(0x017f22e279b0, random)), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
  })

  it("sort by the time they were made at", () => {
    const random = new Uint8Array(10).fill(0xff)
    assert.isBelow(Buffer.compare(makeUid(1_000, random), makeUid(1_001, new Uint8Array(10))), 0)
  })
})
