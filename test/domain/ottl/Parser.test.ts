import { assert, describe, it } from "@effect/vitest"
import type { Value } from "../../../src/domain/ottl/Ast.ts"
import { Mistake } from "../../../src/domain/ottl/OttlError.ts"
import { parseCondition, parseStatement } from "../../../src/domain/ottl/Parser.ts"

/** A value as it reads where a function takes one. */
const parseValue = (text: string): Value => parseStatement(`f(${text})`).editor.arguments[0]!.value

/** A value's shape in brackets, so that precedence can be seen. */
const show = (value: Value): string => {
  switch (value.kind) {
    case "math":
      return `(${show(value.left)} ${value.op} ${show(value.right)})`
    case "sign":
      return `${value.negative ? "-" : "+"}${show(value.value)}`
    case "path":
      return value.fields.map(({ keys, name }) => name + keys.map((key) => `[${show(key)}]`).join("")).join(".")
    case "call": {
      const args = value.arguments.map(({ name, value: inner }) => (name === undefined ? "" : `${name}=`) + show(inner))
      return `${value.name}(${args.join(", ")})${value.keys.map((key) => `[${show(key)}]`).join("")}`
    }
    case "list":
      return `[${value.items.map(show).join(", ")}]`
    case "map":
      return `{${value.entries.map(([key, inner]) => `${key}: ${show(inner)}`).join(", ")}}`
    case "nil":
      return "nil"
    case "bytes":
      return `0x${value.hex}`
    case "enum":
    case "function":
      return `#${value.name}`
    case "lambda":
      return `(${value.parameters.join(", ")}) => ...`
    case "string":
      return JSON.stringify(value.value)
    default:
      return String(value.value)
  }
}

const mistake = (read: () => unknown): Mistake => {
  try {
    read()
  } catch (error) {
    if (error instanceof Mistake) return error
    throw error
  }
  return assert.fail("expected a mistake")
}

describe("the OTTL grammar", () => {
  it.each([
    ["010", "8"],
    ["1.", "1"],
    [".5", "0.5"],
    ["1.5e3", "1500"],
    ["9223372036854775807", "9223372036854775807"],
    ["0x00ff", "0x00ff"],
    ['"a\\"\\\\\\n\\x41\\u00e9\\101"', JSON.stringify('a"\\\nAéA')],
    ["1 + 2 * 3 - 4", "((1 + (2 * 3)) - 4)"],
    ["(1 + 2) * 3", "((1 + 2) * 3)"],
    ["1 - -1", "(1 - -1)"],
    ["2*-3", "(2 * -3)"],
    ['span.attributes["a"]["b"][0].x', 'span.attributes["a"]["b"][0].x'],
    ['attributes[Concat(["a"], "")]', 'attributes[Concat(["a"], "")]'],
    ["attributes[idx+1]", "attributes[(idx + 1)]"],
    ['Split(name, ",")[0]', 'Split(name, ",")[0]'],
    ["F(1, named=2)", "F(1, named=2)"],
    ["F(SHA256, ToLowerCase)", "F(#SHA256, #ToLowerCase)"],
    ["[1, [2], nil, true]", "[1, [2], nil, true]"],
    ['{"a": 1 "b": {},}', "{a: 1, b: {}}"],
    ["All(list, (_, v) => v > 1)", "All(list, (_, v) => ...)"]
  ])("reads %s", (text, expected) => {
    assert.strictEqual(show(parseValue(text)), expected)
  })

  it.each([
    "08",
    "1e5",
    "9223372036854775808",
    "0x123",
    '"\\d"',
    '"open',
    "'a'",
    "[1 2]",
    "[1,]",
    "1 +",
    "--1",
    '"a" + 1',
    "attributes[1+2]",
    "set(a, b)",
    "(1",
    "{a: 1}",
    "camelCase",
    "a.[0]",
    "# comment"
  ])("refuses the value %s", (text) => {
    mistake(() => parseValue(text))
  })

  it("binds not before and before or", () => {
    const condition = parseCondition("a == 1 or not b == 2 and c == 3")
    assert.strictEqual(condition.kind, "or")
    assert.deepStrictEqual(condition.kind === "or" && condition.operands.map(({ kind }) => kind), ["compare", "and"])
  })

  it("tells a condition in parentheses from a calculation", () => {
    assert.strictEqual(parseCondition("((a == 1) or (b == 2))").kind, "or")
    assert.strictEqual(parseCondition("((1 + 2)) * 3 == 9").kind, "compare")
    assert.strictEqual(parseCondition("(IsMatch(a, b))").kind, "test")
  })

  it.each(["a", "not not a == 1", "(a == b) == true", "1 < 2 < 3", "a = 1", "a == 1 and", ""])("refuses the condition %s", (text) => {
    mistake(() => parseCondition(text))
  })

  it.each(["IsMatch(a, b)", "set(a, b) where", "set(a, b)[0]", "set(a, b) set(c, d)", "set(a, a == b)", "where a == 1", "a"])(
    "refuses the statement %s",
    (text) => {
      mistake(() => parseStatement(text))
    }
  )

  it("says where a mistake is and what was expected", () => {
    const error = mistake(() => parseStatement('set(span.name "x")')).in('set(span.name "x")')
    assert.deepStrictEqual([error.line, error.column], [1, 15])
    assert.include(error.message, 'expected ")"')
    const bare = mistake(() => parseCondition('attributes["flag"] and true'))
    assert.include(bare.message, "== true")
    const second = mistake(() => parseStatement("set(a,\n  ?)")).in("set(a,\n  ?)")
    assert.deepStrictEqual([second.line, second.column], [2, 3])
  })

  it("bounds nesting", () => {
    mistake(() => parseCondition(`${"(".repeat(200)}a == 1${")".repeat(200)}`))
    mistake(() => parseValue("[".repeat(200)))
    assert.include(mistake(() => parseValue("F((x) => ".repeat(40))).message, "lambdas")
  })

  it.each(["+", "-", "*", "/", "+ 2 *"])("bounds chains of %s", (operator) => {
    const chain = (length: number) => `1${` ${operator} 1`.repeat(length)}`
    parseValue(chain(400))
    assert.include(mistake(() => parseValue(chain(20_000))).message, "more than 1000 operators")
  })

  it.each(["and", "or"])("bounds chains of %s", (word) => {
    const chain = (length: number) => `a == 1${` ${word} a == 1`.repeat(length)}`
    parseCondition(`(((${chain(1000)})))`)
    assert.include(mistake(() => parseCondition(chain(1001))).message, "more than 1000 operators")
  })
})
