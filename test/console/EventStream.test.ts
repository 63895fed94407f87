import { assert, describe, it } from "@effect/vitest"
import { EventParser } from "../../src/console/feed/EventStream.ts"

const parse = (...pieces: ReadonlyArray<string>) => {
  const parser = new EventParser()
  return pieces.flatMap((piece) => parser.push(piece))
}

describe("EventParser", () => {
  const text = 'retry: 2000\n\n: a comment\n\nevent: overview\ndata: {"a":1}\n\nid: 7\nevent: journal\ndata: one\ndata:two\n\nevent: x\n\n'
  const events = [
    { event: "overview", data: '{"a":1}', id: undefined },
    { event: "journal", data: "one\ntwo", id: "7" }
  ]

  it("reads events however they are cut, with any line ends of the two that servers write", () => {
    assert.deepStrictEqual(parse(text), events)
    assert.deepStrictEqual(parse(...text), events)
    assert.deepStrictEqual(parse(text.replaceAll("\n", "\r\n")), events)
    assert.deepStrictEqual(parse(...text.replaceAll("\n", "\r\n")), events)
  })

  it("waits for the end of an event", () => {
    assert.deepStrictEqual(parse("data: half\n"), [])
    assert.deepStrictEqual(parse("data: half\n", "\n"), [{ event: "message", data: "half", id: undefined }])
  })

  it("refuses a line without end", () => {
    const parser = new EventParser()
    const piece = "x".repeat(1024 * 1024)
    assert.throws(() => {
      for (let pieces = 0; pieces < 40; pieces++) parser.push(piece)
    }, "too large")
  })
})
