import * as Schema from "effect/Schema"
import { Count, Duration, field, ListenAddress, optional, Positive, section } from "../../domain/config/Fields.ts"
import { unsupported } from "../../domain/config/Unsupported.ts"
import { ServerTls } from "./ServerTls.ts"

/** `receivers.otlp`: the collector's keys and defaults, and a few of ours, which say so. */

const auth = unsupported("there are no authenticator extensions; use `tls.client_ca_file` to admit clients by certificate")

const ServerParameters = Schema.Struct({
  max_connection_idle: field(Duration, "5m", "End a connection without open requests after this long (the collector: never); 0s is never."),
  max_connection_age: field(Duration, "0s", "End a connection after about this long, so that clients spread anew; 0s is never."),
  max_connection_age_grace: field(Duration, "0s", "Time for open requests after `max_connection_age`; 0s is no limit."),
  time: field(Duration, "2h", "Ping a client after this long without a sign of life."),
  timeout: field(Duration, "20s", "End the connection if the ping is not answered in this time.")
})

const EnforcementPolicy = Schema.Struct({
  min_time: field(Duration, "5m", "Clients that ping more often than this lose their connection (`too_many_pings`)."),
  permit_without_stream: field(Schema.Boolean, false, "Allow pings while no request is open.")
})

const Keepalive = Schema.Struct({
  server_parameters: section(ServerParameters, "Life of connections."),
  enforcement_policy: section(EnforcementPolicy, "What clients may do.")
})

export const GrpcProtocol = Schema.Struct({
  endpoint: field(ListenAddress, "localhost:4317", "Address, `host:port`."),
  transport: field(Schema.Literals(["tcp"]), "tcp", "Kind of address."),
  tls: optional(ServerTls, "Encrypt; without it connections are plain."),
  max_recv_msg_size_mib: field(Positive, 4, "Largest message in MiB, compressed and inflated."),
  max_concurrent_streams: field(Count, 250, "Open requests per connection (the collector: no limit); 0 is no limit."),
  read_buffer_size: optional(Count, "Accepted and ignored: Node reads in blocks of its own."),
  write_buffer_size: optional(Count, "Accepted and ignored: answers are small."),
  keepalive: section(Keepalive, "Keep-alive of HTTP/2 connections."),
  include_metadata: field(Schema.Boolean, false, "Keep request headers as metadata of the batches."),
  auth,
  handshake_timeout: field(Duration, "10s", "Weir's own: time for the HTTP/2 preface and settings of a client."),
  read_timeout: field(Duration, "1m", "Weir's own: time for a whole message to arrive, from its headers; 0s is no limit.")
})

export type GrpcProtocol = typeof GrpcProtocol.Type

export const Cors = Schema.Struct({
  allowed_origins: field(Schema.Array(Schema.String), [], "Origins that browsers may send from; `*` stands for any text inside one."),
  allowed_headers: field(Schema.Array(Schema.String), [], "Request headers besides the always allowed ones; `*` allows all."),
  exposed_headers: field(Schema.Array(Schema.String), [], "Response headers that scripts may read."),
  max_age: field(Count, 0, "Seconds that a browser may remember the answer to a preflight; 0 leaves it to the browser.")
})

export type Cors = typeof Cors.Type

const Algorithm = Schema.Literals(["", "identity", "gzip", "zstd", "zlib", "deflate", "snappy", "x-snappy-framed", "lz4"])

export const HttpProtocol = Schema.Struct({
  endpoint: field(ListenAddress, "localhost:4318", "Address, `host:port`."),
  transport: field(Schema.Literals(["tcp"]), "tcp", "Kind of address."),
  tls: optional(ServerTls, "Encrypt; without it connections are plain."),
  cors: optional(Cors, "Let browsers send from other origins."),
  max_request_body_size: field(Count, 20_971_520, "Largest body in bytes, compressed and inflated; 0 is the default."),
  include_metadata: field(Schema.Boolean, false, "Keep request headers as metadata of the batches."),
  response_headers: field(Schema.Record(Schema.String, Schema.String), {}, "Headers that every response carries."),
  compression_algorithms: field(
    Schema.Array(Algorithm),
    ["", "gzip", "zstd", "zlib", "deflate"],
    "Encodings of request bodies that are taken. snappy and lz4 may be named, but are not taken."
  ),
  traces_url_path: field(Schema.String, "/v1/traces", "Path of traces."),
  metrics_url_path: field(Schema.String, "/v1/metrics", "Path of metrics."),
  logs_url_path: field(Schema.String, "/v1/logs", "Path of logs."),
  read_timeout: field(Duration, "1m", "Time for a whole request to arrive (the collector: no limit); 0s is no limit."),
  read_header_timeout: field(Duration, "1m", "Time for the headers of a request to arrive; 0s is `read_timeout`."),
  write_timeout: field(Duration, "30s", "Time for a client to take its answer; 0s is no limit."),
  idle_timeout: field(Duration, "1m", "End a connection without requests after this long; 0s is `read_timeout`."),
  keep_alives_enabled: field(Schema.Boolean, true, "Serve more than one request per connection."),
  auth
})

export type HttpProtocol = typeof HttpProtocol.Type

const Protocols = Schema.Struct({
  grpc: optional(GrpcProtocol, "OTLP/gRPC; off unless this key is there."),
  http: optional(HttpProtocol, "OTLP/HTTP, protobuf and JSON; off unless this key is there.")
}).check(Schema.makeFilter(({ grpc, http }) => grpc !== undefined || http !== undefined || "at least one of grpc and http"))

export const OtlpConfig = Schema.Struct({
  protocols: section(Protocols, "What is spoken; at least one."),
  after: field(
    Schema.Literals(["enqueue", "delivery"]),
    "enqueue",
    "Weir's own: answer when the first queue holds the data, or when backends have it. Exporters without a queue mean `delivery`."
  ),
  answer_timeout: field(Duration, "30s", "Weir's own: longest wait for an answer; then the client is told to try again."),
  validate: field(
    Schema.Literals(["lengths", "full"]),
    "lengths",
    "Weir's own: how far requests are checked: lengths down to the items, or every field and UTF-8."
  ),
  max_in_flight_bytes: field(
    Count,
    67_108_864,
    "Weir's own: memory for request bodies, from their first byte until they are delivered; beyond it requests are refused. 0 is no limit."
  ),
  tenant_attribute: field(Schema.String, "tenant", "Weir's own: the resource attribute that names the tenant.")
})

export type OtlpConfig = typeof OtlpConfig.Type
