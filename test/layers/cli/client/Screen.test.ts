import { assert, describe, it } from "@effect/vitest"
import { Screen } from "../../../../src/layers/cli/client/Screen.ts"

const paper = (rows: number) => {
  const written: Array<string> = []
  const out = { rows, columns: 40, write: (text: string) => written.push(text) > 0 }
  return { screen: new Screen(out as never), out, take: () => written.splice(0).join("") }
}

describe("a screen", () => {
  it("writes the rows that have changed, and nothing where none has", () => {
    const { screen, take } = paper(3)
    screen.open()
    take()
    screen.draw(["one", "two"])
    assert.strictEqual(take(), "\u001b[?2026h\u001b[1;1Hone\u001b[K\u001b[2;1Htwo\u001b[K\u001b[?2026l")
    screen.draw(["one", "two"])
    assert.strictEqual(take(), "")
    screen.draw(["one", "2", "three", "does not fit"])
    assert.strictEqual(take(), "\u001b[?2026h\u001b[2;1H2\u001b[K\u001b[3;1Hthree\u001b[K\u001b[?2026l")
    screen.draw(["one"])
    assert.strictEqual(take(), "\u001b[?2026h\u001b[2;1H\u001b[K\u001b[3;1H\u001b[K\u001b[?2026l")
  })

  it("gives the terminal back once, and draws everything again after a resize", () => {
    const { screen, out, take } = paper(2)
    screen.open()
    screen.draw(["one"])
    take()
    out.rows = 5
    screen.clear()
    screen.draw(["one"])
    assert.include(take(), "\u001b[1;1Hone")
    screen.close()
    assert.include(take(), "\u001b[?1049l")
    screen.close()
    screen.draw(["two"])
    assert.strictEqual(take(), "")
  })
})
