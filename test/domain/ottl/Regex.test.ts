import { assert, describe, it } from "@effect/vitest"
import { Mistake } from "../../../src/domain/ottl/OttlError.ts"
import { Pattern, PatternSet } from "../../../src/domain/ottl/regex/Pattern.ts"
import { Random } from "../../support/Random.ts"

const find = (source: string, text: string): ReadonlyArray<string | undefined> | undefined => {
  const pattern = new Pattern(source)
  const bytes = Buffer.from(text)
  const found = pattern.search(bytes, 0, 0, bytes.length)
  assert.strictEqual(pattern.test(bytes, 0, bytes.length), found, `the two automata disagree on ${source} in ${text}`)
  if (!found) return undefined
  return pattern.groupNames.map((_, i) => {
    const start = pattern.groups[2 * i]!
    return start < 0 ? undefined : bytes.subarray(start, pattern.groups[2 * i + 1]).toString()
  })
}

describe("RE2 syntax over bytes", () => {
  it("finds the leftmost match and prefers alternatives in their order", () => {
    assert.deepStrictEqual(find("(a|ab)(c|bcd)(d*)", "xabcd"), ["abcd", "a", "bcd", ""])
    assert.deepStrictEqual(find("a{2,3}?", "aaaa"), ["aa"])
    assert.deepStrictEqual(find("(?U)a+", "aaa"), ["a"])
    assert.deepStrictEqual(find("(|a)*", "aa"), ["", ""])
  })

  it("knows what JavaScript does not", () => {
    assert.deepStrictEqual(find("(?P<year>\\d{4})", "in 2024"), ["2024", "2024"])
    assert.deepStrictEqual(find("\\Aab\\z", "ab"), ["ab"])
    assert.deepStrictEqual(find("\\Qa.b\\E+", "a.bbb"), ["a.bbb"])
    assert.deepStrictEqual(find("[[:alpha:]]+", "12ab3"), ["ab"])
    assert.deepStrictEqual(find("\\p{Greek}+", "abγδ"), ["γδ"])
    assert.deepStrictEqual(find("\\pN+", "a٣4"), ["٣4"])
    assert.deepStrictEqual(find("(?i)straSSe", "STRAſse"), ["STRAſse"])
  })

  it("anchors at text and line ends, and at word boundaries of ASCII", () => {
    assert.strictEqual(find("^abc", "xabc"), undefined)
    assert.deepStrictEqual(find("(?m)^b$", "a\nb\nc"), ["b"])
    assert.strictEqual(find("b$", "b\n"), undefined)
    assert.deepStrictEqual(find("\\bfoo\\b", "a foo."), ["foo"])
    assert.deepStrictEqual(find("\\Boo", "foo"), ["oo"])
    assert.strictEqual(find("a.c", "a\nc"), undefined)
    assert.deepStrictEqual(find("(?s)a.c", "a\nc"), ["a\nc"])
  })

  it("counts characters, not bytes, and takes each invalid byte for one", () => {
    assert.deepStrictEqual(find("^.$", "é"), ["é"])
    assert.strictEqual(find("^..$", "é"), undefined)
    const invalid = Uint8Array.of(0xff, 0xc3)
    assert.isTrue(new Pattern("^..$").test(invalid, 0, 2))
    assert.isTrue(new Pattern("^\\x{fffd}{2}$").test(invalid, 0, 2))
  })

  it("takes time in proportion to the text, whatever the pattern", () => {
    const text = Buffer.from(`${"a".repeat(100_000)}b`)
    const before = process.cpuUsage().user
    for (const source of ["^(a+)+$", "^(a*)*$", "^(a|aa)+$", "(.*)(.*)(.*)c$"]) {
      assert.isFalse(new Pattern(source).test(text, 0, text.length))
    }
    // A backtracking engine needs longer than the universe has; this bound only tells the two apart.
    assert.isBelow(process.cpuUsage().user - before, 30_000_000)
  })

  it("answers for many patterns in one pass", () => {
    const set = new PatternSet(["^a", "b$", "foo", "x|y", ""])
    const bytes = Buffer.from("a foo b")
    assert.deepStrictEqual([...set.matches(bytes, 0, bytes.length)], [0b10111])
    const none = Buffer.from("zzz")
    assert.deepStrictEqual([...set.matches(none, 0, none.length)], [0b10000])
  })

  it("refuses what RE2 refuses", () => {
    for (const source of [
      "(a",
      "a)",
      "[a",
      "*a",
      "a**",
      "\\1",
      "(?=a)",
      "(?!a)",
      "a{1001}",
      "a{2,1}",
      "\\Z",
      "[b-a]",
      "(?P<n>a)(?P<n>b)",
      "\\p{Nope}",
      "a\\"
    ]) {
      assert.throws(() => new Pattern(source), Mistake as never, undefined, source)
    }
  })

  it("agrees with the platform's engine on patterns that both read alike", () => {
    const random = new Random(7)
    const pick = <A>(items: ReadonlyArray<A>): A => random.pick(items)
    const pattern = (depth: number): string => {
      if (depth === 0) return pick(["a", "b", "c", ".", "[ab]", "[^a]", "\\d", "^", "$"])
      // A loop around something that can be empty means something else in JavaScript, so every pattern takes a character.
      const inner = `${pick(["a", ".", "[bc]"])}${pattern(depth - 1)}`
      switch (random.int(6)) {
        case 0:
          return `(${inner})${pick(["+", "+?", "{1,2}", "{2}"])}`
        case 1:
          return `(?:${inner}|${pattern(depth - 1)})`
        case 2:
          return `${inner}${pattern(depth - 1)}`
        case 3:
          return `(${inner})`
        default:
          return `${pick(["a*", "b?", "[bc]*?"])}${inner}`
      }
    }
    for (let i = 0; i < 3000; i++) {
      const source = pattern(1 + random.int(4))
      const text = Array.from({ length: random.int(10) }, () => pick(["a", "b", "c", "1", "\n"])).join("")
      const expected = new RegExp(source.replaceAll(".", "[^\\n]")).exec(text)
      assert.strictEqual(find(source, text)?.[0], expected?.[0], `${source} in ${JSON.stringify(text)}`)
    }
  })
})
