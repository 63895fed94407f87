import { assert, it } from "@effect/vitest"
import { error, formatProblem } from "../../../src/domain/config/Problem.ts"
import { Source } from "../../../src/domain/config/Source.ts"

it("control characters of a file are shown, not sent to the terminal", () => {
  const source = new Source("a.yaml", "\u001b]0;owned\u0007: 1\n")
  const text = formatProblem(error({ source, start: 0, end: 3 }, 'unknown key "\u001b]0;owned\u0007"', "did you mean \u009b31m?"))
  // oxlint-disable-next-line no-control-regex
  assert.notMatch(text, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/)
  assert.include(text, 'unknown key "\\u001b]0;owned\\u0007"')
})
