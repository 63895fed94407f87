import type { Argument, Call, CompareOp, Condition, Field, MathOp, Path, Statement, Value } from "./Ast.ts"
import { lex, type Token } from "./Lexer.ts"
import { Mistake } from "./OttlError.ts"

/** Parentheses, lists, maps and calls inside each other, at most. */
const maxNesting = 100
/** `+ - * /`, `and` and `or` in one text, at most: each can be one level of the tree that later steps descend. */
const maxOperators = 1000
/** Each lambda is read up to twice, so lambdas inside each other multiply. */
const maxLambdas = 8
const maxInt64 = (1n << 63n) - 1n

const compareOps: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">="])
const reserved: ReadonlySet<string> = new Set(["nil", "not", "or", "and", "true", "false", "_"])

const describe = (token: Token): string => {
  if (token.kind === "end") return "the end"
  return token.kind === "string" ? `the string ${JSON.stringify(token.text)}` : `"${token.text}"`
}

/**
 * A recursive descent parser of the whole OTTL grammar. Where a parenthesis may open a condition or a calculation it tries the
 * comparison first, as the original grammar does, and reports the mistake that lies furthest in the text.
 */
class Parser {
  private readonly tokens: ReadonlyArray<Token>
  private position = 0
  private nesting = 0
  private operators = 0
  private lambdas = 0

  constructor(source: string) {
    this.tokens = lex(source)
  }

  statement(): Statement {
    const token = this.peek()
    if (token.kind === "upper") throw new Mistake(token.at, `expected an editor (a function in lower case) but found ${describe(token)}`)
    if (token.kind !== "lower" || reserved.has(token.text)) throw this.unexpected("an editor, such as set(...)")
    const editor = this.call()
    if (editor.keys.length > 0) throw new Mistake(editor.keys[0]!.at, "the result of an editor cannot be indexed")
    let where: Condition | undefined
    if (this.isWord("where")) {
      this.position++
      where = this.condition()
    }
    this.atEnd(where === undefined ? '"where" or the end of the statement' : "the end of the statement")
    return { editor, where }
  }

  wholeCondition(): Condition {
    const condition = this.condition()
    this.atEnd("the end of the condition")
    return condition
  }

  // ---- conditions

  private condition(): Condition {
    return this.chain("or", () => this.chain("and", () => this.negation()))
  }

  private chain(word: "and" | "or", operand: () => Condition): Condition {
    const first = operand()
    if (!this.isWord(word)) return first
    const operands = [first]
    while (this.isWord(word)) {
      this.operator()
      operands.push(operand())
    }
    return { kind: word, at: first.at, operands }
  }

  private negation(): Condition {
    const { at } = this.peek()
    if (!this.isWord("not")) return this.boolean()
    this.position++
    if (this.isWord("not")) throw new Mistake(this.peek().at, '"not" cannot be doubled')
    return { kind: "not", at, operand: this.boolean() }
  }

  private boolean(): Condition {
    const { position: start, nesting: depth, operators } = this
    const token = this.peek()
    let asComparison: Mistake
    try {
      return this.comparison()
    } catch (mistake) {
      if (!(mistake instanceof Mistake) || !this.is("(", token)) throw mistake
      asComparison = mistake
    }
    this.position = start
    this.nesting = depth
    this.operators = operators
    this.open("(")
    try {
      const inner = this.condition()
      this.close(")")
      return inner
    } catch (mistake) {
      if (mistake instanceof Mistake && mistake.offset < asComparison.offset) throw asComparison
      throw mistake
    }
  }

  private comparison(): Condition {
    const left = this.value()
    const operator = this.peek()
    if (operator.kind !== "operator" || !compareOps.has(operator.text)) {
      if (left.kind === "bool") return { kind: "constant", at: left.at, value: left.value }
      if (left.kind === "call") return { kind: "test", at: left.at, call: left }
      if (left.kind === "path") {
        throw new Mistake(
          operator.at,
          `expected a comparison operator but found ${describe(operator)}; a path alone is not a condition (write ... == true)`
        )
      }
      throw this.unexpected("a comparison operator")
    }
    this.position++
    return { kind: "compare", at: left.at, op: operator.text as CompareOp, left, right: this.value() }
  }

  // ---- values

  private value(): Value {
    const token = this.peek()
    const { at, kind, text } = token
    switch (kind) {
      case "string":
        this.position++
        return { kind: "string", at, value: text }
      case "bytes":
        this.position++
        return { kind: "bytes", at, hex: text }
      case "upper":
        if (this.is("(", this.peek(1))) break
        this.position++
        return { kind: /^[A-Z][A-Z0-9_]*$/.test(text) ? "enum" : "function", at, name: text }
      case "lower":
        if (text === "nil" || text === "true" || text === "false") {
          this.position++
          return text === "nil" ? { kind: "nil", at } : { kind: "bool", at, value: text === "true" }
        }
        break
      case "operator":
        if (text === "{") return this.map()
        if (text === "[") return this.list()
        if (text === "(" && this.isLambda()) return this.lambda()
    }
    return this.sum()
  }

  private sum(): Value {
    let left = this.product()
    while (this.is("+") || this.is("-")) {
      const op = this.operator().text as MathOp
      left = { kind: "math", at: left.at, op, left, right: this.product() }
    }
    return left
  }

  private product(): Value {
    let left = this.operand()
    while (this.is("*") || this.is("/")) {
      const op = this.operator().text as MathOp
      left = { kind: "math", at: left.at, op, left, right: this.operand() }
    }
    return left
  }

  private operand(): Value {
    const { at } = this.peek()
    if (this.is("+") || this.is("-")) {
      const negative = this.next().text === "-"
      return { kind: "sign", at, negative, value: this.unsigned() }
    }
    return this.unsigned()
  }

  private unsigned(): Value {
    if (this.is("(")) {
      this.open("(")
      const inner = this.sum()
      this.close(")")
      return inner
    }
    return this.literal()
  }

  private literal(): Value {
    const token = this.peek()
    const { at, kind, text } = token
    if (kind === "float") {
      this.position++
      return { kind: "float", at, value: Number(text) }
    }
    if (kind === "int") {
      this.position++
      return { kind: "int", at, value: this.integer(token) }
    }
    if (kind === "upper" && this.is("(", this.peek(1))) return this.call()
    if (kind === "lower" && !reserved.has(text)) {
      if (this.is("(", this.peek(1))) throw new Mistake(at, `${text}(...) is an editor: it cannot be used as a value`)
      return this.path()
    }
    throw this.unexpected("a value")
  }

  private integer({ at, text }: Token): bigint {
    const octal = text.length > 1 && text.startsWith("0")
    if (octal && !/^[0-7]+$/.test(text))
      throw new Mistake(at, `${text}: a number that starts with 0 is octal and has only the digits 0 to 7`)
    const value = BigInt(octal ? `0o${text.slice(1)}` : text)
    if (value > maxInt64) throw new Mistake(at, `${text} does not fit into 64 bits`)
    return value
  }

  private path(): Path {
    const { at } = this.peek()
    const fields: Array<Field> = []
    do {
      if (fields.length > 0) this.position++
      const token = this.peek()
      if (token.kind !== "lower") throw this.unexpected("a field name")
      this.position++
      fields.push({ at: token.at, name: token.text, keys: this.keys() })
    } while (this.is("."))
    return { kind: "path", at, fields }
  }

  private keys(): ReadonlyArray<Value> {
    const keys: Array<Value> = []
    while (this.is("[")) {
      this.open("[")
      const token = this.peek()
      if (token.kind === "string" || (token.kind === "int" && this.is("]", this.peek(1)))) keys.push(this.value())
      else if (token.kind === "int") throw new Mistake(this.peek(1).at, `expected "]" but found ${describe(this.peek(1))}`)
      else keys.push(this.sum())
      this.close("]")
    }
    return keys
  }

  private call(): Call {
    const { at, text: name } = this.next()
    this.open("(")
    const list: Array<Argument> = []
    if (!this.is(")")) {
      do {
        if (list.length > 0) this.position++
        list.push(this.argument())
      } while (this.is(","))
    }
    this.close(")")
    return { kind: "call", at, name, arguments: list, keys: this.keys() }
  }

  private argument(): Argument {
    const token = this.peek()
    if (token.kind === "lower" && this.is("=", this.peek(1))) {
      this.position += 2
      return { at: token.at, name: token.text, value: this.value() }
    }
    return { at: token.at, name: undefined, value: this.value() }
  }

  private list(): Value {
    const { at } = this.peek()
    this.open("[")
    const items: Array<Value> = []
    if (!this.is("]")) {
      do {
        if (items.length > 0) this.position++
        items.push(this.value())
      } while (this.is(","))
    }
    this.close("]")
    return { kind: "list", at, items }
  }

  private map(): Value {
    const { at } = this.peek()
    this.open("{")
    const entries = new Map<string, Value>()
    while (!this.is("}")) {
      const key = this.peek()
      if (key.kind !== "string") throw this.unexpected('a key in double quotes or "}"')
      this.position++
      if (!this.is(":")) throw this.unexpected('":"')
      this.position++
      entries.set(key.text, this.value())
      if (this.is(",")) this.position++
    }
    this.close("}")
    return { kind: "map", at, entries: [...entries] }
  }

  // ---- lambdas

  /** `( names ) =>`, seen from the opening parenthesis. */
  private isLambda(): boolean {
    let i = 1
    while (this.peek(i).kind === "lower" || this.is(",", this.peek(i))) i++
    return this.is(")", this.peek(i)) && this.is("=>", this.peek(i + 1))
  }

  private lambda(): Value {
    const { at } = this.peek()
    const parameters: Array<string> = []
    this.position++
    while (!this.is(")")) {
      if (parameters.length > 0) {
        if (!this.is(",")) throw this.unexpected('"," or ")"')
        this.position++
      }
      parameters.push(this.next().text)
    }
    this.position += 2
    const { position: start, nesting: depth, operators } = this
    if (this.lambdas === maxLambdas) throw new Mistake(at, `more than ${maxLambdas} lambdas inside each other`)
    this.lambdas++
    try {
      return { kind: "lambda", at, parameters, body: this.condition() }
    } catch (mistake) {
      if (!(mistake instanceof Mistake)) throw mistake
      this.position = start
      this.nesting = depth
      this.operators = operators
      return { kind: "lambda", at, parameters, body: this.value() }
    } finally {
      this.lambdas--
    }
  }

  // ---- tokens

  private peek(ahead = 0): Token {
    return this.tokens[Math.min(this.position + ahead, this.tokens.length - 1)]!
  }

  private next(): Token {
    return this.tokens[this.position++]!
  }

  private operator(): Token {
    if (++this.operators > maxOperators) throw new Mistake(this.peek().at, `more than ${maxOperators} operators in one text`)
    return this.next()
  }

  private is(operator: string, token = this.peek()): boolean {
    return token.kind === "operator" && token.text === operator
  }

  private isWord(word: string): boolean {
    const token = this.peek()
    return token.kind === "lower" && token.text === word
  }

  private open(bracket: string): void {
    if (!this.is(bracket)) throw this.unexpected(`"${bracket}"`)
    if (++this.nesting > maxNesting) throw new Mistake(this.peek().at, `nested more than ${maxNesting} deep`)
    this.position++
  }

  private close(bracket: string): void {
    if (!this.is(bracket)) throw this.unexpected(`"${bracket}"`)
    this.nesting--
    this.position++
  }

  private atEnd(expected: string): void {
    if (this.peek().kind !== "end") throw this.unexpected(expected)
  }

  private unexpected(expected: string): Mistake {
    const token = this.peek()
    return new Mistake(token.at, `expected ${expected} but found ${describe(token)}`)
  }
}

/** Both entry points throw a `Mistake`; the checker turns it into an error value. */
export const parseStatement = (source: string): Statement => new Parser(source).statement()
export const parseCondition = (source: string): Condition => new Parser(source).wholeCondition()
