/** Requests as OTLP JSON with something in every field that OTTL can reach; what the Collector's processors were run on. */
const text = (key: string, stringValue: string) => ({ key, value: { stringValue } })
const int = (key: string, intValue: string) => ({ key, value: { intValue } })

const attributes = [
  text("s", "hello world"),
  text("method", "GET"),
  text("empty", ""),
  text("number", "-42"),
  text("unicode", "grüße 😀 日本"),
  text("url", "/api/v1/users/12345?token=abc"),
  int("i", "42"),
  int("big", "9007199254740993"),
  int("min", "-9223372036854775808"),
  { key: "d", value: { doubleValue: 1.5 } },
  { key: "whole", value: { doubleValue: 3 } },
  { key: "b", value: { boolValue: true } },
  { key: "bytes", value: { bytesValue: "AAH/" } },
  { key: "nothing", value: {} },
  { key: "list", value: { arrayValue: { values: [{ stringValue: "x" }, { intValue: "2" }, { doubleValue: 2.5 }, {}] } } },
  {
    key: "map",
    value: {
      kvlistValue: { values: [text("k", "v"), { key: "deep", value: { kvlistValue: { values: [int("n", "7")] } } }, text("html", "<a&b>")] }
    }
  }
]

const resource = (tenant: string) => ({
  attributes: [text("tenant", tenant), text("service.name", "shop"), int("n", "1")],
  droppedAttributesCount: 3
})
const scope = (name: string) => ({ name, version: "1.2", attributes: [text("sa", "sv")], droppedAttributesCount: 1 })

const traceId = "0102030405060708090a0b0c0d0e0f10"
const span = (name: string, kind: number, extra: object = {}) => ({
  traceId,
  spanId: "1112131415161718",
  parentSpanId: "2122232425262728",
  traceState: "a=1,b=2",
  flags: 257,
  name,
  kind,
  startTimeUnixNano: "1790000000000000001",
  endTimeUnixNano: "1790000000123456789",
  attributes,
  droppedAttributesCount: 4,
  events: [
    { timeUnixNano: "1790000000000000005", name: "first", attributes: [text("e", "1")], droppedAttributesCount: 1 },
    { timeUnixNano: "1790000000000000006", name: "second" }
  ],
  droppedEventsCount: 5,
  links: [{ traceId, spanId: "3132333435363738", attributes: [text("l", "1")] }],
  droppedLinksCount: 6,
  status: { message: "all right", code: 1 },
  ...extra
})

const bare = { traceId: "", spanId: "", name: "bare" }

const traces = {
  resourceSpans: [
    {
      resource: resource("acme"),
      schemaUrl: "https://r",
      scopeSpans: [
        {
          scope: scope("one"),
          schemaUrl: "https://s",
          spans: [span("GET /users", 2), span("db.query", 3, { status: { code: 2 }, parentSpanId: "" })]
        },
        { scope: {}, spans: [bare] }
      ]
    },
    {
      resource: {},
      scopeSpans: [{ scope: scope("two"), spans: [span("POST /cart", 2, { events: [], links: [], traceState: "not valid" })] }]
    }
  ]
}

const record = (body: object, severityNumber: number, extra: object = {}) => ({
  timeUnixNano: "1790000000000000001",
  observedTimeUnixNano: "1790000000000000002",
  severityNumber,
  severityText: "INFO",
  body,
  attributes,
  droppedAttributesCount: 2,
  flags: 1,
  traceId,
  spanId: "1112131415161718",
  eventName: "event",
  ...extra
})

const logs = {
  resourceLogs: [
    {
      resource: resource("acme"),
      scopeLogs: [
        {
          scope: scope("one"),
          logRecords: [
            record({ stringValue: "user 17 logged in from 10.0.0.1" }, 9),
            record(
              {
                kvlistValue: {
                  values: [text("msg", "hi"), int("code", "500"), { key: "in", value: { kvlistValue: { values: [text("x", "y")] } } }]
                }
              },
              17
            ),
            record({ arrayValue: { values: [{ stringValue: "a" }, { intValue: "1" }] } }, 13),
            record({ intValue: "12" }, 1),
            record({ doubleValue: 1e-7 }, 5),
            record({ bytesValue: "AAH/" }, 5, { attributes: [] }),
            {}
          ]
        }
      ]
    }
  ]
}

const number = (value: object, extra: object = {}) => ({
  attributes,
  startTimeUnixNano: "1790000000000000001",
  timeUnixNano: "1790000000000000002",
  exemplars: [{ timeUnixNano: "1", asDouble: 1.5, filteredAttributes: [text("f", "1")] }],
  flags: 0,
  ...value,
  ...extra
})

const buckets = { offset: 2, bucketCounts: ["1", "2", "3"] }

const metrics = {
  resourceMetrics: [
    {
      resource: resource("acme"),
      scopeMetrics: [
        {
          scope: scope("one"),
          metrics: [
            {
              name: "gauge",
              description: "d",
              unit: "1",
              metadata: [text("m", "v")],
              gauge: { dataPoints: [number({ asInt: "7" }), number({ asDouble: 2.5 }, { attributes: [text("method", "PUT")] })] }
            },
            {
              name: "sum",
              unit: "By",
              sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [number({ asInt: "9007199254740993" })] }
            },
            {
              name: "histogram",
              histogram: {
                aggregationTemporality: 1,
                dataPoints: [
                  {
                    attributes,
                    startTimeUnixNano: "1",
                    timeUnixNano: "2",
                    count: "6",
                    sum: 12.5,
                    bucketCounts: ["1", "2", "3"],
                    explicitBounds: [1, 2.5],
                    min: 0.5,
                    max: 9
                  }
                ]
              }
            },
            {
              name: "exponential",
              exponentialHistogram: {
                aggregationTemporality: 2,
                dataPoints: [
                  {
                    attributes,
                    timeUnixNano: "2",
                    count: "9",
                    sum: 20,
                    scale: -3,
                    zeroCount: "4",
                    positive: buckets,
                    negative: buckets,
                    zeroThreshold: 0.25
                  }
                ]
              }
            },
            {
              name: "summary",
              summary: {
                dataPoints: [{ attributes, timeUnixNano: "2", count: "3", sum: 4, quantileValues: [{ quantile: 0.5, value: 1 }] }]
              }
            },
            { name: "empty", gauge: {} },
            { name: "none" }
          ]
        }
      ]
    }
  ]
}

export const fixtures = { traces, logs, metrics } as const
