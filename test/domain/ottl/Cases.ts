import type { Signal } from "../../../src/domain/Signal.ts"

/** One run of a processor on the signal's fixture. */
export interface Case {
  readonly id: string
  readonly processor: "transform" | "filter"
  readonly signal: Signal
  readonly config: { readonly [key: string]: unknown }
}

const prefix = { traces: "trace", metrics: "metric", logs: "log" } as const

const cases: Array<Case> = []
const add = (processor: "transform" | "filter", signal: Signal, label: string, config: Case["config"]): void => {
  cases.push({ id: `${processor} ${signal}: ${label}`, processor, signal, config })
}
const statements = (signal: Signal, ...lists: ReadonlyArray<string | ReadonlyArray<string>>): void => {
  for (const list of lists) {
    const texts = typeof list === "string" ? [list] : list
    add("transform", signal, texts.join("; "), { [`${prefix[signal]}_statements`]: texts })
  }
}
const groups = (signal: Signal, label: string, ...list: ReadonlyArray<object>): void =>
  add("transform", signal, label, { [`${prefix[signal]}_statements`]: list })
const filters = (signal: Signal, ...lists: ReadonlyArray<string | ReadonlyArray<string>>): void => {
  for (const list of lists) {
    const texts = typeof list === "string" ? [list] : list
    add("filter", signal, texts.join("; "), { [`${prefix[signal]}_conditions`]: texts })
  }
}
/** A condition, seen by what it lets through. */
const conditions = (signal: Signal, item: string, ...texts: ReadonlyArray<string>): void =>
  statements(signal, ...texts.map((text) => `set(${item}.attributes["hit"], true) where ${text}`))
/** A value, seen in an attribute; `error` is left behind where it fails. */
const values = (...texts: ReadonlyArray<string>): void =>
  statements("traces", ...texts.map((text) => ['set(span.attributes["out"], "before")', `set(span.attributes["out"], ${text})`]))

const A = (key: string): string => `span.attributes["${key}"]`

// ---- set: every kind of value to every kind of place
const someValues = [
  '"t"',
  "1",
  "-1",
  "2.5",
  "true",
  "nil",
  "0x0102",
  '["a", 1]',
  '{"k": "v", "n": [1, {"x": nil}]}',
  A("map"),
  A("list"),
  A("missing"),
  A("big"),
  "span.trace_id",
  "span.start_time",
  "span.status"
]
const spanPlaces = [
  A("s"),
  A("new"),
  `${A("map")}["k"]`,
  `${A("map")}["deep"]["n"]`,
  `${A("new")}["a"]["b"]`,
  `${A("list")}[1]`,
  `${A("list")}[9]`,
  `${A("s")}["x"]`,
  `${A("new")}[1]`,
  `${A("nothing")}["x"]`,
  "span.attributes",
  "span.name",
  "span.kind",
  "span.kind.string",
  "span.kind.deprecated_string",
  "span.trace_id",
  "span.trace_id.string",
  "span.span_id",
  "span.parent_span_id.string",
  "span.trace_state",
  'span.trace_state["a"]',
  "span.start_time",
  "span.start_time_unix_nano",
  "span.end_time_unix_nano",
  "span.dropped_attributes_count",
  "span.dropped_events_count",
  "span.dropped_links_count",
  "span.flags",
  "span.status",
  "span.status.code",
  "span.status.message",
  "span.events",
  "span.links",
  "scope.name",
  "scope.version",
  "scope.attributes",
  'scope.attributes["new"]',
  "scope.schema_url",
  "scope.dropped_attributes_count",
  "resource.attributes",
  'resource.attributes["tenant"]',
  "resource.schema_url",
  "resource.dropped_attributes_count",
  'span.cache["x"]'
]
for (const place of spanPlaces) for (const value of someValues) statements("traces", `set(${place}, ${value})`)
statements(
  "traces",
  'set(span.kind.string, "Server")',
  'set(span.kind.string, "server")',
  'set(span.kind.deprecated_string, "SPAN_KIND_CLIENT")',
  "set(span.kind, SPAN_KIND_PRODUCER)",
  "set(span.kind, 99)",
  `set(span.trace_id.string, "${"ab".repeat(16)}")`,
  `set(span.trace_id.string, "${"AB".repeat(16)}")`,
  `set(span.trace_id.string, "${"xy".repeat(16)}")`,
  `set(span.trace_id, TraceID("${"ab".repeat(16)}"))`,
  "set(span.span_id, SpanID(0x0102030405060708))",
  'set(span.span_id.string, "0102030405060708")',
  "set(span.parent_span_id, SpanID(0x0000000000000000))",
  "set(span.flags, 4294967295)",
  "set(span.flags, 4294967296)",
  "set(span.dropped_links_count, 4294967297)",
  'set(span.trace_state["b"], "new")',
  'set(span.trace_state["c"], "x y")',
  'set(span.trace_state["BAD"], "x")',
  'set(span.attributes["o"], span.trace_state["b"])',
  'set(span.attributes["o"], span.trace_state["zz"])',
  "set(span.status.code, STATUS_CODE_ERROR)",
  ["set(span.status.code, 2)", 'set(span.status.message, "bad")', 'set(span.attributes["c"], span.status.code)'],
  "set(span.events, span.events)",
  "set(span.links, span.links)",
  'set(span.attributes["n"], Len(span.events))',
  "set(span.start_time_unix_nano, span.end_time_unix_nano)",
  "set(span.start_time, span.end_time)",
  ["set(span.start_time_unix_nano, 5)", 'set(span.attributes["t"], span.start_time_unix_nano)'],
  "set(span.end_time_unix_nano, -1)",
  "set(span.attributes, resource.attributes)",
  "set(resource.attributes, span.attributes)",
  'set(resource.attributes["last"], span.name)',
  ['set(resource.attributes["last"], span.name)', 'set(span.attributes["seen"], resource.attributes["last"])'],
  "set(span.attributes, span.attributes)",
  'set(span.attributes["copy"], span.attributes["map"])',
  ['set(span.attributes["copy"], span.attributes["map"])', 'set(span.attributes["copy"]["k"], "changed")'],
  ['set(span.cache["a"], "b")', 'set(span.attributes["c"], span.cache["a"])'],
  ["set(span.cache, span.attributes)", 'delete_key(span.cache, "s")', 'set(span.attributes["n"], Len(span.cache))'],
  ['set(span.attributes["a"], 1)', 'delete_key(span.attributes, "a")', 'set(span.attributes["a"], 2)'],
  ['delete_key(span.attributes, "s")', 'set(span.attributes["s"], "again")'],
  'set(span.attributes[span.name], "dynamic")',
  'set(span.attributes[Concat(["m", "ethod"], "")], "dynamic")',
  'set(span.attributes["x"], span.attributes[span.attributes["method"]])',
  ['set(span.attributes[span.name], "d")', 'set(span.name, span.attributes["GET /users"])']
)

// ---- values
values(
  "1 + 2",
  "7 / 2",
  "-7 / 2",
  "7 / 2.0",
  "1.0 / 0",
  "1 / 0",
  "2 * 3 - 4",
  "(1 + 2) * 3",
  "1 - -1",
  "9223372036854775807 + 1",
  "-9223372036854775807 - 2",
  "4611686018427387904 * 2",
  "3037000500 * 3037000500",
  "010",
  "1.",
  ".5",
  `${A("i")} + 1`,
  `${A("big")} + 1`,
  `${A("big")} * 3`,
  `${A("d")} + ${A("i")}`,
  `${A("s")} + 1`,
  `${A("missing")} + 1`,
  `-${A("i")}`,
  `-${A("d")}`,
  `-${A("s")}`,
  "span.end_time - span.start_time",
  "span.start_time + 1",
  `${A("min")} / -1`,
  `${A("min")} - 1`,
  "span.end_time_unix_nano - span.start_time_unix_nano",
  'Concat(["a", nil, 1, 1.5, true, 0x01], "-")',
  `Concat([${A("s")}, ${A("i")}, ${A("d")}, ${A("b")}, ${A("bytes")}, ${A("missing")}, ${A("nothing")}], "|")`,
  `Concat([${A("map")}, ${A("list")}], " ")`,
  `Concat(${A("list")}, "-")`,
  `Concat(${A("missing")}, "-")`,
  `Concat(${A("s")}, "-")`,
  'Concat([], "-")',
  'Concat(["x"], "-")',
  "Concat([span.trace_id.string, span.kind], span.name)",
  'Concat([1.0, 1e-7, 123456789012345678], ",")',
  'Concat([1.0, 0.0000001, 1000000000000000000000.0], ",")',
  `Int(${A("number")})`,
  `Int(${A("d")})`,
  'Int("0x10")',
  'Int("12")',
  'Int("-12")',
  `Int(${A("b")})`,
  `Int(${A("missing")})`,
  `Int(${A("list")})`,
  `Int(${A("big")})`,
  "Int(-1.9)",
  "Int(1.9)",
  "Int(true)",
  `Int(${A("bytes")})`,
  `Double(${A("number")})`,
  `Double(${A("i")})`,
  'Double("1.5e3")',
  'Double("inf")',
  'Double("x")',
  `Double(${A("s")})`,
  `Double(${A("missing")})`,
  `String(${A("i")})`,
  `String(${A("d")})`,
  `String(${A("whole")})`,
  `String(${A("bytes")})`,
  `String(${A("map")})`,
  `String(${A("list")})`,
  `String(${A("missing")})`,
  "String(span.trace_id)",
  "String(span.start_time)",
  "String(true)",
  "String(1000000000000000000000.0)",
  "String(0.0000001)",
  "String(123456.789)",
  `Bool(${A("i")})`,
  'Bool("T")',
  `Bool(${A("s")})`,
  `SHA256(${A("s")})`,
  `SHA256(${A("empty")})`,
  `SHA256(${A("unicode")})`,
  'SHA256("abc")',
  `SHA256(${A("i")})`,
  `SHA256(${A("missing")})`,
  `SHA256(Concat([${A("s")}, ${A("s")}, ${A("s")}, ${A("s")}, ${A("s")}, "x"], ""))`,
  ...Array.from({ length: 12 }, (_, i) => `SHA256("${"q".repeat(50 + i * 2)}")`),
  `Len(${A("s")})`,
  `Len(${A("unicode")})`,
  `Len(${A("list")})`,
  `Len(${A("map")})`,
  `Len(${A("bytes")})`,
  `Len(${A("i")})`,
  `Len(${A("missing")})`,
  "Len(span.attributes)",
  "Len(span.links)",
  "Len(span.trace_id)",
  `Split(${A("s")}, " ")`,
  `Split(${A("s")}, "")`,
  `Split(${A("empty")}, ",")`,
  `Split(${A("s")}, "o")[1]`,
  `Split(${A("s")}, "o")[9]`,
  `Split(${A("missing")}, ",")`,
  `Substring(${A("s")}, 0, 5)`,
  `Substring(${A("s")}, 6, 5)`,
  `Substring(${A("s")}, 6, 6)`,
  `Substring(${A("s")}, -1, 2)`,
  `Substring(${A("unicode")}, 3, 1, true)`,
  `Substring(${A("unicode")}, 1, 3, true)`,
  `ConvertCase(${A("s")}, "upper")`,
  `ConvertCase(${A("unicode")}, "upper")`,
  `ToUpperCase(${A("unicode")})`,
  `ToLowerCase(${A("method")})`,
  `HasPrefix(${A("s")}, "hello")`,
  `HasPrefix(${A("s")}, "world")`,
  `HasSuffix(${A("s")}, "world")`,
  `HasSuffix(${A("s")}, "a long text that is longer")`,
  `IsString(${A("s")})`,
  `IsString(${A("i")})`,
  `IsString(${A("missing")})`,
  `IsInt(${A("i")})`,
  `IsDouble(${A("d")})`,
  `IsBool(${A("b")})`,
  `IsMap(${A("map")})`,
  `IsMap(span.attributes)`,
  `IsList(${A("list")})`,
  "IsList(span.events)",
  `IsList(Split(${A("s")}, " "))`,
  "IsRootSpan()",
  `${A("map")}["k"]`,
  `${A("map")}["deep"]["n"]`,
  `${A("map")}["zz"]["n"]`,
  `${A("map")}["k"]["n"]`,
  `${A("list")}[0]`,
  `${A("list")}[3]`,
  `${A("list")}[4]`,
  `${A("list")}[-1]`,
  `${A("list")}["x"]`,
  `${A("map")}[0]`,
  `${A("missing")}["x"]`,
  `${A("s")}["x"]`,
  "span.kind",
  "span.kind.string",
  "span.kind.deprecated_string",
  "span.trace_id.string",
  "span.span_id.string",
  "span.parent_span_id.string",
  "span.trace_state",
  'span.trace_state["a"]',
  "span.flags",
  "span.status.code",
  "span.status.message",
  "span.dropped_attributes_count",
  "span.start_time_unix_nano",
  "scope.name",
  "scope.version",
  "scope.schema_url",
  'scope.attributes["sa"]',
  "scope.dropped_attributes_count",
  "resource.schema_url",
  "resource.attributes",
  "resource.dropped_attributes_count",
  "instrumentation_scope.name",
  "[span.name, span.kind, [span.status.code]]",
  '{"name": span.name, "none": nil, "deep": {"kind": span.kind}}'
)

// ---- comparisons
const sides = [
  "nil",
  "true",
  "42",
  "42.0",
  "1.5",
  "-1",
  '"GET"',
  '"hello"',
  '""',
  "0x0001ff",
  A("s"),
  A("method"),
  A("empty"),
  A("i"),
  A("big"),
  A("d"),
  A("b"),
  A("bytes"),
  A("nothing"),
  A("missing"),
  A("list"),
  A("map")
]
for (const left of sides) {
  for (const right of sides) {
    if (!left.startsWith("span") && !right.startsWith("span")) continue
    statements(
      "traces",
      ["==", "!=", "<", "<=", ">", ">="].map((op, i) => `set(span.attributes["hit${i}"], true) where ${left} ${op} ${right}`)
    )
  }
}
conditions(
  "traces",
  "span",
  'span.name == "bare"',
  "span.kind == SPAN_KIND_SERVER",
  "span.kind != 2",
  "span.kind >= 3",
  'span.kind.string == "Client"',
  "span.status.code == STATUS_CODE_ERROR",
  'span.status.message == ""',
  "span.trace_id == TraceID(0x0102030405060708090a0b0c0d0e0f10)",
  "span.trace_id != TraceID(0x00000000000000000000000000000000)",
  'span.trace_id.string == "00000000000000000000000000000000"',
  "span.parent_span_id == SpanID(0x0000000000000000)",
  "span.trace_id == nil",
  "span.start_time < span.end_time",
  "span.start_time_unix_nano == 1790000000000000001",
  "span.start_time_unix_nano > 1790000000000000000",
  "span.end_time_unix_nano - span.start_time_unix_nano > 1000",
  "span.status == span.status",
  "span.events == nil",
  "IsRootSpan()",
  "not IsRootSpan()",
  'resource.attributes["tenant"] == "acme"',
  'resource.attributes["tenant"] != "acme"',
  'scope.name == "one"',
  'resource.attributes["n"] == 1 and span.kind == 2',
  `${A("method")} == "GET" and ${A("i")} > 41 or span.name == "bare"`,
  `not (${A("method")} == "GET") and true`,
  `${A("method")} == "GET" or 1/0 == 1`,
  "1/0 == 1 or true",
  "1/0 == 1 and false",
  "false or span.kind == 2",
  `${A("i")} + 1 == 43`,
  `${A("list")} == ["x", 2, 2.5, nil]`,
  `${A("map")}["deep"] == {"n": 7}`,
  `${A("map")}["deep"] == {"n": 7.0}`,
  `Len(${A("list")}) == 4`,
  `Split(${A("s")}, " ")[0] == "hello"`
)

// ---- regular expressions
const subjects = [A("s"), A("url"), A("unicode"), A("i"), "span.name", A("missing"), A("map")]
for (const pattern of [
  "^h",
  "world$",
  "o w",
  "(?i)HELLO",
  "\\\\d+",
  "^/api/v[0-9]+/users",
  "[[:alpha:]]{5}",
  "\\\\bwor",
  "^.{3}ü",
  "\\\\p{Han}",
  "^$",
  "a|e",
  "(?:GET|POST) /",
  "\\\\x{1F600}",
  "^4",
  "<a"
]) {
  conditions("traces", "span", ...subjects.map((subject) => `IsMatch(${subject}, "${pattern}")`))
}
conditions(
  "traces",
  "span",
  `IsMatch(${A("s")}, ${A("method")})`,
  `IsMatch(span.name, Concat(["^", ${A("method")}], ""))`,
  `IsMatch(${A("s")}, ${A("i")})`,
  'IsMatch(nil, "a")',
  'IsMatch("abc", "b")',
  'IsMatch(123, "2")'
)
for (const pattern of [
  "l",
  "x*",
  "(\\\\w+) (\\\\w+)",
  "(?P<first>\\\\w+)",
  "o(.)",
  "[aeiou]",
  "^",
  "$",
  "\\\\b",
  "(l)(l)?",
  "日",
  "((.)*?)+",
  "(|a)*",
  "(a*)*",
  "",
  "(?:)+",
  "(a|b)*?c"
]) {
  for (const replacement of ["-", "$1", "${1}x", "$1x", "$first", "$$", "$2-$1", "", "$0", "$", "${"]) {
    statements("traces", `replace_pattern(${A("s")}, "${pattern}", "${replacement}")`)
  }
  statements("traces", `replace_pattern(${A("unicode")}, "${pattern}", "<$0>")`)
  groups("traces", `SHA256 of ${pattern}`, { context: "span", statements: [`replace_pattern(${A("s")}, "${pattern}", "$0", SHA256)`] })
}
statements(
  "traces",
  'replace_pattern(span.name, "(\\\\w+) .*", "$1")',
  'replace_pattern(span.attributes["i"], "4", "x")',
  'replace_pattern(span.attributes["missing"], "4", "x")',
  `replace_pattern(${A("url")}, "token=[^&]*", "token=***")`,
  `replace_pattern(${A("url")}, "[0-9]+", "{id}", ToUpperCase)`,
  `replace_pattern(span.name, ${A("method")}, "x")`,
  `replace_pattern(span.name, "GET", ${A("s")})`,
  `replace_pattern(${A("map")}["k"], "v", "w")`,
  'replace_pattern(span.kind, "4", "x")',
  'replace_pattern(span.status.message, "right", "wrong")',
  'replace_all_patterns(span.attributes, "value", "o", "0")',
  'replace_all_patterns(span.attributes, "key", "^(m)", "x.$1")',
  'replace_all_patterns(span.attributes, "key", "^(s|b)$", "same")',
  'replace_all_patterns(resource.attributes, "value", "shop", "store")',
  'replace_all_patterns(span.attributes["map"], "value", "v", "w")',
  'replace_all_patterns(span.attributes, "other", "v", "w")'
)

for (const statement of [
  `replace_pattern(${A("url")}, "/([0-9]+)", "/$1", function=SHA256)`,
  `replace_pattern(${A("url")}, "/([0-9]+)", "$1", SHA256, "/id-%s")`,
  `replace_pattern(${A("url")}, "/([0-9]+)", "$1", SHA256, "/id-%d")`,
  'replace_all_patterns(span.attributes, "value", "[0-9]+", "$0", SHA256)',
  'replace_all_patterns(span.attributes, "key", "^m", "$0", SHA256)'
]) {
  groups("traces", `in a named context: ${statement}`, { context: "span", statements: [statement] })
}

// ---- editors of maps
for (const map of ["span.attributes", "resource.attributes", "scope.attributes", A("map"), A("s"), A("missing")]) {
  statements(
    "traces",
    `delete_key(${map}, "k")`,
    `delete_key(${map}, "s")`,
    `delete_key(${map}, span.name)`,
    `delete_matching_keys(${map}, "^[sm]")`,
    `keep_matching_keys(${map}, "^[sm]")`,
    `keep_keys(${map}, ["s", "tenant", "k"])`,
    `keep_keys(${map}, [])`,
    `keep_keys(${map}, [span.name, "i"])`,
    `truncate_all(${map}, 3)`,
    `truncate_all(${map}, 0)`,
    `truncate_all(${map}, 100)`,
    `limit(${map}, 2, [])`,
    `limit(${map}, 3, ["method", "k"])`,
    `limit(${map}, 100, [])`,
    `merge_maps(${map}, {"s": "new", "extra": 1}, "insert")`,
    `merge_maps(${map}, {"s": "new", "extra": 1}, "update")`,
    `merge_maps(${map}, {"s": "new", "extra": 1}, "upsert")`,
    `merge_maps(${map}, resource.attributes, "upsert")`
  )
}
statements(
  "traces",
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13].flatMap((n) => [
    `truncate_all(span.attributes, ${n})`,
    `truncate_all(span.attributes, ${n}, false) where span.name == "none"`
  ]),
  'truncate_all(span.attributes, 8, true, "...")',
  'truncate_all(span.attributes, 2, true, "...")',
  'merge_maps(span.attributes, span.attributes["missing"], "upsert")',
  'merge_maps(span.attributes, {}, "wrong")',
  'limit(span.attributes, 1, ["s", "i"])',
  "limit(span.attributes, -1, [])",
  "truncate_all(span.attributes, 1.5)",
  'keep_keys(span.attributes, ["a", 1])',
  "keep_keys(span.attributes, nil)",
  `keep_keys(span.attributes, ${A("list")})`,
  `keep_keys(span.attributes, ${A("missing")})`,
  [
    'keep_keys(span.attributes, ["s", "i"])',
    'set(span.attributes["i"], 1)',
    'set(span.attributes["z"], span.attributes["method"])',
    'set(span.attributes["count"], Len(span.attributes))'
  ],
  ["truncate_all(span.attributes, 4)", 'set(span.attributes["z"], span.attributes["s"])']
)

// ---- what is no OTTL
statements(
  "traces",
  "set(span.nmae, 1)",
  "set(span.name)",
  'set(span.name, "a", "b")',
  'sett(span.name, "a")',
  "set(span.name, Foo(1))",
  'set("a", "b")',
  'set(name, "a")',
  "set(span.name, span.attributes.x)",
  'set(span.name["x"], "y")',
  "set(span.kind, SPAN_KIND_NOPE)",
  "set(span.kind, SEVERITY_NUMBER_INFO)",
  'set(log.body, "x")',
  'set(resource.cache["x"], 1)',
  'IsMatch(span.name, "a")',
  'set(span.name, set(span.name, "a"))',
  'set(span.name, IsMatch(span.name, "(a"))',
  'set(span.name, "a") where span.name',
  'set(span.name, "a") where span.name = "b"',
  'set(span.name, "\\d")',
  'set(target=span.name, value="named")',
  'set(span.name, value="named")',
  'set(target=span.name, "x")',
  'set(vale="x", target=span.name)',
  "set(span.name, 08)",
  "set(span.name, 9223372036854775808)",
  "set(span.name, SHA256(1))",
  'set(span.name, Int("x"))',
  "set(span.attributes[1], 1)",
  "set(span.status.nope, 1)",
  'delete_key(span.name, "x")',
  'replace_pattern(span.name, "(", "x")',
  'replace_pattern(span.name, "a", "b", String)',
  'replace_pattern(span.name, "a", "b", Nope)',
  "set(span.name, Len(1))",
  "set(span.name, (a) => a)",
  'set(span.name, "a") where not not true',
  'set(span.name, "a") where true == true',
  'set(span.name, "a") where (span.kind == 2) == true',
  "set(span.name, [1,])",
  'set(span.attributes["m"], {"a": 1,})',
  'set(span.attributes["m"], {a: 1})',
  "set(span.name, 0x1)",
  "set(span.name, 1e5)",
  'set(span.name, Concat(["a"]))'
)

// ---- contexts and groups
statements(
  "traces",
  'set(resource.attributes["x"], 1)',
  'set(scope.name, "n")',
  ['set(scope.name, "n")', 'set(resource.attributes["x"], scope.version)'],
  ['set(resource.attributes["x"], 1)', 'set(span.name, "n")'],
  'set(spanevent.name, Concat([spanevent.name, span.name], "/"))',
  'delete_key(spanevent.attributes, "e")',
  ['set(spanevent.attributes["x"], spanevent.time_unix_nano)', "set(span.name, spanevent.name)"],
  'set(resource.attributes["k"], SPAN_KIND_SERVER)',
  'set(resource.attributes["k"], IsRootSpan())'
)
groups(
  "traces",
  "explicit contexts without prefixes",
  { context: "resource", statements: ['set(attributes["x"], schema_url)'] },
  { context: "scope", statements: ['set(attributes["x"], name)'] },
  {
    context: "span",
    statements: [
      'set(attributes["x"], name)',
      'set(attributes["r"], resource.attributes["x"])',
      'set(attributes["sc"], scope.attributes["x"])'
    ]
  },
  { context: "spanevent", statements: ['set(attributes["x"], name)', 'set(attributes["s"], span.name)'] }
)
groups(
  "traces",
  "conditions of a group",
  { context: "span", conditions: ['name == "bare"', "kind == 3"], statements: ['set(attributes["x"], 1)'] },
  {
    conditions: ["span.kind == 2"],
    statements: ['set(span.attributes["y"], 1)', "set(span.kind, 3)", 'set(span.attributes["z"], span.kind)']
  }
)
groups(
  "traces",
  "groups see what earlier ones did, caches do not",
  { statements: ['set(span.cache["a"], 1)', 'set(span.name, "renamed")'] },
  { statements: ['set(span.attributes["a"], span.cache["a"])', 'set(span.attributes["n"], span.name)'] }
)
groups(
  "traces",
  "shared data between groups",
  { statements: ['set(resource.attributes["c"], span.name)'] },
  { statements: ['set(span.attributes["c"], resource.attributes["c"])'] },
  { statements: ["set(scope.name, span.name)"] },
  { statements: ['set(span.attributes["sn"], scope.name)'] }
)
groups("traces", "a failing condition does not match", {
  error_mode: "ignore",
  conditions: ["1/0 == 1", "span.kind == 2"],
  statements: ['set(span.attributes["x"], 1)']
})
groups("traces", "propagate ends the request", {
  error_mode: "propagate",
  statements: ['set(span.attributes["x"], 1)', "set(span.kind, span.name)"]
})
groups("traces", "silent goes on", { error_mode: "silent", statements: ["set(span.kind, span.name)", 'set(span.attributes["x"], 1)'] })
groups("traces", "an unknown context", { context: "log", statements: ['set(body, "x")'] })

// ---- logs
const logPlaces = [
  "log.body",
  'log.body["msg"]',
  'log.body["new"]["x"]',
  "log.body[0]",
  "log.body.string",
  "log.severity_number",
  "log.severity_text",
  "log.time_unix_nano",
  "log.observed_time_unix_nano",
  "log.flags",
  "log.dropped_attributes_count",
  "log.event_name",
  "log.trace_id.string",
  "log.span_id",
  "log.attributes",
  'log.attributes["new"]'
]
for (const place of logPlaces) {
  statements("logs", ...['"t"', "1", "2.5", "nil", '{"k": [1, "x"]}', "[1, 2]", "0x0102"].map((value) => `set(${place}, ${value})`), [
    'set(log.attributes["out"], "before")',
    `set(log.attributes["out"], ${place})`
  ])
}
statements(
  "logs",
  "set(log.severity_number, SEVERITY_NUMBER_ERROR3)",
  "set(log.body, log.attributes)",
  "set(log.attributes, log.body)",
  'set(log.body["x"], log.body["in"]["x"])',
  'delete_key(log.body, "msg")',
  'keep_keys(log.body, ["msg"])',
  'replace_pattern(log.body, "\\\\d+", "#")',
  "truncate_all(log.body, 1)",
  'set(log.attributes["x"], log.time)',
  "set(log.time, log.observed_time)",
  'merge_maps(log.attributes, log.body, "upsert")',
  'set(resource.attributes["x"], log.severity_text)',
  'set(resource.attributes["x"], SEVERITY_NUMBER_INFO)',
  'set(log.attributes["l"], Len(log.body))',
  'set(log.attributes["h"], SHA256(log.body))',
  'set(log.attributes["s"], String(log.body))',
  'set(log.attributes["c"], Concat([log.body, log.severity_text], "-"))'
)
conditions(
  "logs",
  "log",
  "log.severity_number >= SEVERITY_NUMBER_WARN",
  "log.severity_number < 9",
  'IsMatch(log.body, "logged in")',
  'IsMatch(log.body, "500")',
  "log.body == nil",
  'log.body == "x"',
  "log.body == 12",
  'log.body["code"] == 500',
  "IsMap(log.body)",
  "IsString(log.body)",
  'log.attributes["i"] == 42',
  'log.severity_text == "INFO" and log.body["msg"] == "hi"',
  "log.flags == 1",
  'log.event_name == "event"',
  "log.trace_id == TraceID(0x0102030405060708090a0b0c0d0e0f10)",
  "log.time == log.observed_time",
  "log.time < log.observed_time"
)

// ---- metrics
const metricPlaces = [
  "metric.name",
  "metric.description",
  "metric.unit",
  "metric.type",
  "metric.aggregation_temporality",
  "metric.is_monotonic",
  "metric.metadata",
  'metric.metadata["new"]'
]
const pointPlaces = [
  "datapoint.value_int",
  "datapoint.value_double",
  "datapoint.time_unix_nano",
  "datapoint.start_time_unix_nano",
  "datapoint.flags",
  "datapoint.count",
  "datapoint.sum",
  "datapoint.bucket_counts",
  "datapoint.explicit_bounds",
  "datapoint.scale",
  "datapoint.zero_count",
  "datapoint.positive",
  "datapoint.positive.offset",
  "datapoint.positive.bucket_counts",
  "datapoint.negative.bucket_counts",
  "datapoint.quantile_values",
  "datapoint.exemplars",
  "datapoint.attributes",
  'datapoint.attributes["new"]',
  "metric.name",
  "metric.is_monotonic"
]
for (const place of [...metricPlaces, ...pointPlaces]) {
  statements(
    "metrics",
    ...['"t"', "1", "-1", "2.5", "true", "nil", "[1, 2, 3]", "[1.5, 2.5]", '{"k": 1}'].map((value) => `set(${place}, ${value})`)
  )
  const context = place.startsWith("metric") && !pointPlaces.includes(place) ? "metric.metadata" : "datapoint.attributes"
  statements("metrics", [`set(${context}["out"], "before")`, `set(${context}["out"], ${place})`])
}
statements(
  "metrics",
  "set(metric.aggregation_temporality, AGGREGATION_TEMPORALITY_DELTA)",
  "set(metric.is_monotonic, false)",
  'set(metric.name, Concat([metric.name, metric.unit], "."))',
  'set(datapoint.attributes["type"], metric.type)',
  'set(datapoint.attributes["name"], metric.name)',
  'set(datapoint.attributes["r"], resource.attributes["tenant"])',
  "set(datapoint.flags, FLAG_NO_RECORDED_VALUE)",
  "set(datapoint.value_int, datapoint.value_int)",
  "set(datapoint.value_double, Double(datapoint.value_int))",
  "set(datapoint.positive, datapoint.negative)",
  "set(datapoint.exemplars, datapoint.exemplars)",
  "set(datapoint.positive.bucket_counts, datapoint.negative.bucket_counts)",
  "set(datapoint.bucket_counts, datapoint.bucket_counts)",
  'set(datapoint.attributes["n"], Len(datapoint.bucket_counts))',
  'set(datapoint.attributes["n"], datapoint.explicit_bounds)',
  'set(metric.metadata["n"], Len(metric.data_points))',
  'keep_keys(datapoint.attributes, ["method"])',
  'set(resource.attributes["x"], metric.name)',
  "set(metric.data_points, metric.data_points)",
  'set(metric.description, "d") where metric.type == METRIC_DATA_TYPE_SUM',
  "set(datapoint.value_int, 5) where metric.type == METRIC_DATA_TYPE_GAUGE"
)
conditions(
  "metrics",
  "datapoint",
  "datapoint.value_int == 7",
  "datapoint.value_int > 9007199254740992",
  "datapoint.value_double > 1",
  "datapoint.count == 6",
  "datapoint.sum >= 12.5",
  "datapoint.scale == -3",
  "datapoint.value_int == nil",
  "metric.type == METRIC_DATA_TYPE_SUM",
  "metric.is_monotonic == true",
  "metric.is_monotonic == nil",
  "metric.aggregation_temporality == AGGREGATION_TEMPORALITY_CUMULATIVE",
  'metric.name == "gauge" and datapoint.attributes["method"] == "PUT"',
  "datapoint.positive.offset == 2",
  "datapoint.zero_count == 4",
  "datapoint.explicit_bounds == datapoint.start_time"
)

// ---- filter
filters(
  "traces",
  'span.name == "bare"',
  "span.kind == 2",
  "span.kind != nil",
  'resource.attributes["tenant"] == "acme"',
  'scope.name == "one"',
  'spanevent.name == "first"',
  "spanevent.name != nil",
  ["span.kind == 2", 'scope.name == ""'],
  ['spanevent.name == "second"', 'span.name == "bare"', 'resource.attributes["tenant"] == nil'],
  "span.name == nil",
  "1/0 == span.kind",
  'IsMatch(span.name, "^(GET|POST) ")',
  "IsRootSpan() and span.kind == 3",
  "IsRootSpan()",
  "true",
  'name == "x"',
  "span.nmae == 1"
)
filters(
  "logs",
  "log.severity_number < SEVERITY_NUMBER_WARN",
  "log.body == nil",
  "log.severity_number != nil",
  'scope.name == "one"',
  'IsMatch(log.body.string, "hi")'
)
filters(
  "metrics",
  'metric.name == "gauge"',
  "datapoint.value_int == 7",
  "datapoint.value_int != nil",
  "metric.type == METRIC_DATA_TYPE_HISTOGRAM",
  'resource.attributes["tenant"] == "acme"',
  "datapoint.count == 3",
  ['metric.name == "sum"', 'datapoint.attributes["method"] == "PUT"'],
  'metric.unit == "none"',
  'scope.name == "none"',
  'resource.attributes["tenant"] == "none"'
)
add("filter", "traces", "older form", {
  traces: { resource: ['attributes["tenant"] == nil'], span: ['name == "bare"', "kind == 3"], spanevent: ['name == "first"'] }
})
add("filter", "metrics", "older form", { metrics: { metric: ['name == "gauge"'], datapoint: ["value_int > 100"] } })
add("filter", "logs", "older form", { logs: { log_record: ["severity_number < SEVERITY_NUMBER_WARN"] } })
add("filter", "traces", "both forms", { trace_conditions: ["span.kind == 2"], traces: { span: ["kind == 2"] } })
add("filter", "traces", "groups", {
  trace_conditions: [{ context: "span", conditions: ["kind == 2"] }, { conditions: ['resource.attributes["tenant"] == nil'] }]
})
add("filter", "traces", "propagate", { error_mode: "propagate", trace_conditions: ["1 / (span.kind - 2) == 1"] })
add("filter", "traces", "silent", { error_mode: "silent", trace_conditions: ["1 / (span.kind - 2) == 1"] })

export const allCases: ReadonlyArray<Case> = cases
