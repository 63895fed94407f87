import { assert, describe, it } from "@effect/vitest"
import { compileFilter, compileStatements } from "../../../src/domain/ottl/Compile.ts"
import { format } from "../../../src/domain/ottl/OttlError.ts"
import { Plan, PlanFailure } from "../../../src/domain/ottl/Plan.ts"
import { SlabPool } from "../../../src/domain/SlabPool.ts"
import { attribute, decode, encode, itemsOf, type Plain } from "../../support/Otlp.ts"
import { Random } from "../../support/Random.ts"
import { canonical, type Json } from "./Canonical.ts"
import { field, keyValue, text, varint } from "./Wire.ts"

const pool = new SlabPool()

const compiled = (plan: ReturnType<typeof compileStatements>): Plan =>
  plan instanceof Plan ? plan : assert.fail(plan.map(format).join("\n"))

const planOf = (...groups: ReadonlyArray<ReadonlyArray<string>>): Plan =>
  compiled(
    compileStatements(
      "traces",
      groups.map((statements) => ({ context: "span", conditions: [], statements, errorMode: "ignore" as const })),
      pool
    )
  )

/** What a plan makes of the bytes; the same bytes if it changes nothing. */
const run = (plan: Plan, bytes: Uint8Array): Buffer => {
  const result = plan.run([bytes])
  if (result instanceof PlanFailure) return assert.fail(result.message)
  if (result === undefined) return Buffer.from(bytes)
  const copy = Buffer.concat(result.chunks)
  assert.strictEqual(copy.length, result.sizeBytes)
  result.lease.release()
  return copy
}

const firstSpan = (bytes: Uint8Array): Plain => itemsOf("traces", decode("traces", bytes))[0]!.item

/** A request with one span of the given bytes. */
const request = (span: Uint8Array, padding = 0): Buffer => field(1, field(2, field(2, span, padding), padding), padding)

describe("odd bytes", () => {
  it("edits messages with padded lengths", () => {
    const span = Buffer.concat([field(5, "name", 3), field(9, keyValue("k", "v"), 2)])
    const edited = run(planOf(['set(span.attributes["n"], span.name)', 'set(span.attributes["k"], "w")']), request(span, 4))
    assert.deepStrictEqual([attribute(firstSpan(edited), "n"), attribute(firstSpan(edited), "k")], ["name", "w"])
  })

  it("finds keys and values longer than a length byte can say", () => {
    const key = "k".repeat(300)
    const value = "v".repeat(20_000)
    const span = field(9, keyValue(key, value))
    const edited = run(
      planOf([`set(span.attributes["copy"], span.attributes["${key}"])`, `delete_key(span.attributes, "${key}")`]),
      request(span)
    )
    assert.strictEqual(attribute(firstSpan(edited), "copy"), value)
    assert.strictEqual(attribute(firstSpan(edited), key), undefined)
  })

  it("reads the value before the key, and the last of several values", () => {
    const swapped = field(9, Buffer.concat([field(2, text("v")), field(1, "k")]))
    assert.strictEqual(attribute(firstSpan(run(planOf(['set(span.name, span.attributes["k"])']), request(swapped))), "k"), "v")
    const twice = field(9, Buffer.concat([field(1, "k"), field(2, Buffer.concat([text("old"), text("new")]))]))
    assert.strictEqual(String(firstSpan(run(planOf(['set(span.name, span.attributes["k"])']), request(twice))).name), "new")
  })

  it("takes the last of a field that stands twice, and leaves one behind when it writes", () => {
    const span = Buffer.concat([field(5, "first"), field(9, keyValue("k", "v")), field(5, "second")])
    assert.strictEqual(attribute(firstSpan(run(planOf(['set(span.attributes["n"], span.name)']), request(span))), "n"), "second")
    assert.strictEqual(String(firstSpan(run(planOf(['set(span.name, "third")']), request(span))).name), "third")
  })

  it("joins a status in two parts", () => {
    const span = Buffer.concat([field(15, field(2, "message")), field(15, Buffer.concat([varint(3 << 3), varint(2)]))])
    const edited = firstSpan(
      run(planOf(['set(span.attributes["m"], span.status.message) where span.status.code == 2', "set(span.status.code, 1)"]), request(span))
    )
    assert.strictEqual(attribute(edited, "m"), "message")
    assert.deepStrictEqual(edited.status as unknown, { message: "message", code: 1 })
  })

  it("joins a resource in two parts, wherever it stands", () => {
    const span = field(2, field(2, field(5, "n")))
    const part = (key: string) => field(1, field(1, keyValue(key, "v")))
    const bytes = field(1, Buffer.concat([part("a"), span, part("b")]))
    const edited = run(
      planOf([
        'set(span.attributes["x"], resource.attributes["a"]) where resource.attributes["b"] == "v"',
        'set(resource.attributes["c"], "v")'
      ]),
      bytes
    )
    const [item] = itemsOf("traces", decode("traces", edited))
    assert.strictEqual(attribute(item!.item, "x"), "v")
    assert.deepStrictEqual(
      ["a", "b", "c"].map((key) => attribute(item!.resource["resource"]!, key)),
      ["v", "v", "v"]
    )
  })

  it("edits a resource that stands behind its spans, or is missing", () => {
    const span = field(2, field(2, field(5, "n")))
    const behind = field(1, Buffer.concat([span, field(1, field(1, keyValue("a", "v")))]))
    for (const bytes of [behind, field(1, span), field(1, Buffer.concat([span, field(3, "schema")]))]) {
      const edited = run(
        planOf(['set(resource.attributes["c"], span.name)', 'set(span.name, "m")', 'set(resource.schema_url, "u")']),
        bytes
      )
      const [item] = itemsOf("traces", decode("traces", edited))
      assert.strictEqual(attribute(item!.resource["resource"]!, "c"), "n")
      assert.strictEqual(String(item!.resource["schemaUrl"]), "u")
      assert.strictEqual(String(item!.item.name), "m")
    }
  })

  it("keeps duplicate keys: the first live one counts", () => {
    const span = Buffer.concat([field(9, keyValue("k", "1")), field(9, keyValue("k", "2")), field(9, keyValue("o", "x"))])
    const twice = run(planOf(['delete_key(span.attributes, "k")', 'set(span.attributes["o"], span.attributes["k"])']), request(span))
    assert.strictEqual(attribute(firstSpan(twice), "o"), "2")
    assert.strictEqual(attribute(firstSpan(twice), "k"), "2")
  })

  it("carries fields that it does not know byte for byte", () => {
    const unknown = Buffer.concat([varint(100 << 3), varint(7), field(101, "later")])
    const span = Buffer.concat([unknown, field(5, "n"), field(9, keyValue("k", "v"))])
    const bytes = Buffer.concat([field(1, Buffer.concat([unknown, field(2, Buffer.concat([unknown, field(2, span)]))])), unknown])
    const edited = run(planOf(['set(span.attributes["k"], "w")']), bytes)
    assert.strictEqual(edited.toString("latin1").split(unknown.toString("latin1")).length, 5)
  })

  it("says so when bytes are malformed, and never throws or hangs", () => {
    const random = new Random(11)
    const plans = [
      planOf([
        'set(span.attributes["n"], Concat([span.name, span.attributes["k"], span.attributes], "-"))',
        'keep_keys(span.attributes, ["k", "n"])',
        'set(resource.attributes["r"], span.status.code)'
      ]),
      compiled(
        compileFilter(
          "traces",
          [
            {
              conditions: ['IsMatch(span.attributes["k"], "v")', 'resource.attributes["a"] == "b"', 'spanevent.name == "e"'],
              errorMode: "ignore"
            }
          ],
          pool
        )
      )
    ]
    const good = encode("traces", {
      resourceSpans: [
        {
          resource: { attributes: [{ key: "a", value: { stringValue: "c" } }] },
          scopeSpans: [
            {
              scope: { name: "s" },
              spans: [
                { name: "n", attributes: [{ key: "k", value: { stringValue: "v" } }], events: [{ name: "e" }], status: { code: 1 } },
                { name: "m" }
              ]
            }
          ]
        }
      ]
    })
    for (let i = 0; i < 20_000; i++) {
      const bytes = Buffer.from(good)
      for (let hits = 1 + random.int(3); hits > 0; hits--) bytes[random.int(bytes.length)] = random.int(256)
      const cut = random.chance(0.3) ? bytes.subarray(0, random.int(bytes.length)) : bytes
      for (const plan of plans) {
        const result = plan.run([cut])
        if (result !== undefined && !(result instanceof PlanFailure)) result.lease.release()
      }
    }
  })
})

// ---- random statements, held against the plainest evaluator that there is

interface Span {
  name: string
  attributes: Map<string, string>
}
interface Group {
  attributes: Map<string, string>
  spans: Array<Span>
}
type Step = { readonly statement: string; readonly apply: (span: Span, group: Group) => void }

const keys = ["a", "b", "c", "d"]
const words = ["x", "yy", "a value that is too long for one edit of forty bytes at once", ""]

const randomStep = (random: Random): Step => {
  const key = random.pick(keys)
  const other = random.pick(keys)
  const word = random.pick(words)
  const conditions: ReadonlyArray<readonly [string, (span: Span, group: Group) => boolean]> = [
    ["true", () => true],
    [`span.attributes["${other}"] == "${word}"`, (span) => span.attributes.get(other) === word],
    [`span.attributes["${other}"] != nil`, (span) => span.attributes.has(other)],
    [`span.attributes["${other}"] == nil or span.name == "${word}"`, (span) => !span.attributes.has(other) || span.name === word],
    [`resource.attributes["${other}"] == "${word}"`, (_, group) => group.attributes.get(other) === word],
    [`IsMatch(span.attributes["${other}"], "^y")`, (span) => span.attributes.get(other)?.startsWith("y") === true],
    [
      `not (span.attributes["${other}"] == "${word}") and span.attributes["${key}"] != nil`,
      (span) => span.attributes.get(other) !== word && span.attributes.has(key)
    ]
  ]
  const edits: ReadonlyArray<readonly [string, (span: Span, group: Group) => void]> = [
    [`set(span.attributes["${key}"], "${word}")`, (span) => span.attributes.set(key, word)],
    [`set(span.attributes["${key}"], span.name)`, (span) => span.attributes.set(key, span.name)],
    [`delete_key(span.attributes, "${key}")`, (span) => span.attributes.delete(key)],
    [`set(span.name, "${word}")`, (span) => (span.name = word)],
    [`set(resource.attributes["${key}"], span.name)`, (span, group) => group.attributes.set(key, span.name)],
    [`delete_key(resource.attributes, "${key}")`, (_, group) => group.attributes.delete(key)],
    [
      `keep_keys(span.attributes, ["${key}", "${other}"])`,
      (span) => keys.filter((name) => name !== key && name !== other).forEach((name) => span.attributes.delete(name))
    ],
    [
      `set(span.attributes["${key}"], Concat([span.attributes["${other}"], "${word}"], "/")) where span.attributes["${other}"] != nil and `,
      (span) => span.attributes.has(other) && span.attributes.set(key, `${span.attributes.get(other)}/${word}`)
    ]
  ]
  const [condition, holds] = random.pick(conditions)
  const [edit, apply] = random.pick(edits)
  return {
    statement: edit.endsWith("and ") ? `${edit}(${condition})` : `${edit} where ${condition}`,
    apply: (span, group) => {
      if (holds(span, group)) apply(span, group)
    }
  }
}

const randomGroups = (random: Random): ReadonlyArray<Group> => {
  const attributes = (): Map<string, string> => new Map(keys.filter(() => random.chance(0.5)).map((key) => [key, random.pick(words)]))
  const spans = (): Array<Span> => Array.from({ length: random.int(4) }, () => ({ name: random.pick(words), attributes: attributes() }))
  return Array.from({ length: 1 + random.int(3) }, () => ({ attributes: attributes(), spans: spans() }))
}

const encodeGroups = (groups: ReadonlyArray<Group>): Uint8Array => {
  const list = (attributes: Map<string, string>) => [...attributes].map(([key, stringValue]) => ({ key, value: { stringValue } }))
  return encode("traces", {
    resourceSpans: groups.map(({ attributes, spans }) => ({
      resource: { attributes: list(attributes) },
      scopeSpans: [
        {
          spans: spans.map(({ name, attributes: own }) => ({
            name,
            attributes: list(own),
            kind: 2,
            startTimeUnixNano: "1790000000000000001"
          }))
        }
      ]
    }))
  })
}

const shape = (bytes: Uint8Array): Json => canonical(decode("traces", bytes) as unknown as Json)

describe("random statements", () => {
  it("do what decoding, editing and encoding does, group after group", () => {
    for (let seed = 0; seed < 1500; seed++) {
      const random = new Random(seed)
      const groups = randomGroups(random)
      const bytes = encodeGroups(groups)
      const lists = Array.from({ length: 1 + random.int(3) }, () => Array.from({ length: 1 + random.int(6) }, () => randomStep(random)))
      for (const steps of lists)
        for (const group of groups) for (const span of group.spans) for (const { apply } of steps) apply(span, group)
      const texts = lists.map((steps) => steps.map(({ statement }) => statement))
      const expected = shape(encodeGroups(groups))
      assert.deepStrictEqual(shape(run(planOf(...texts), bytes)), expected, `seed ${seed}: ${JSON.stringify(texts)}`)
      let rebuilt: Uint8Array = bytes
      for (const list of texts) rebuilt = run(planOf(list), rebuilt)
      assert.deepStrictEqual(shape(rebuilt), expected, `seed ${seed}, rebuilt after each group: ${JSON.stringify(texts)}`)
    }
  })

  it("drop what their conditions hold for, and parents that are left empty", () => {
    for (let seed = 0; seed < 500; seed++) {
      const random = new Random(seed)
      const groups = randomGroups(random)
      const bytes = encodeGroups(groups)
      const [key, word] = [random.pick(keys), random.pick(words)]
      const conditions = [`span.attributes["${key}"] == "${word}"`, `resource.attributes["${key}"] == "${word}"`, 'span.name == "x"']
      const kept = groups
        .filter(({ attributes }) => attributes.get(key) !== word)
        .map(({ attributes, spans }) => ({
          attributes,
          spans: spans.filter((span) => span.attributes.get(key) !== word && span.name !== "x")
        }))
        .filter(({ spans }) => spans.length > 0)
      const plan = compiled(compileFilter("traces", [{ conditions, errorMode: "ignore" }], pool))
      const result = plan.run([bytes])
      assert.isFalse(result instanceof PlanFailure)
      const count = (list: ReadonlyArray<Group>): number => list.reduce((sum, { spans }) => sum + spans.length, 0)
      const dropped = result === undefined || result instanceof PlanFailure ? 0 : result.dropped
      assert.strictEqual(dropped, count(groups) - count(kept), `seed ${seed}`)
      assert.deepStrictEqual(shape(run(plan, bytes)), shape(encodeGroups(kept)), `seed ${seed}: ${conditions.join("; ")}`)
    }
  })
})

describe("mistakes of a configuration", () => {
  it.each(["constructor", "__proto__", "toString"])("span.%s is an unknown path", (name) => {
    for (const text of [`set(span.${name}, 1)`, `set(${name}.name, 1)`]) {
      const errors = compileStatements("traces", [{ conditions: [], statements: [text], errorMode: "ignore" }])
      assert.isArray(errors, text)
    }
  })

  it("come all at once, each with its place and the nearest known name", () => {
    const errors = compileStatements("traces", [
      {
        conditions: ["span.knd == 2"],
        statements: ["set(span.nmae, 1)", "set(span.name", 'set(span.name, Contact(["a"], ""))'],
        errorMode: "ignore"
      },
      { context: "spam", conditions: [], statements: ["set(name, 1)"], errorMode: "ignore" }
    ]) as Exclude<ReturnType<typeof compileStatements>, Plan>
    assert.deepStrictEqual(
      errors.map(({ column, nearest, path }) => [path.join("."), column, nearest]),
      [
        ["0.statements.1", 14, undefined],
        ["1", 1, "span"],
        ["0.conditions.0", 1, "span.kind"],
        ["0.statements.0", 5, "span.name"],
        ["0.statements.2", 16, "Concat"]
      ]
    )
  })
})

describe("names from an object's prototype", () => {
  it.each(["constructor", "toString", "__proto__"])("are no case of ConvertCase: %s", (name) => {
    const statements = [`set(span.name, ConvertCase(span.name, "${name}"))`]
    const plan = compileStatements("traces", [{ context: "span", conditions: [], statements, errorMode: "ignore" }], pool)
    assert.isFalse(plan instanceof Plan)
  })
})
