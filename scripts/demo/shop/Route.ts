import {
  type Attributes,
  type Context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer
} from "@opentelemetry/api"
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core"

/** W3C trace context, and baggage that says whose request it is and over which gateway its telemetry goes. */
const propagator = new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] })

export type Headers = { readonly [name: string]: string | ReadonlyArray<string> | undefined }

export const contextOf = (headers: Headers): Context => propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter)

export interface Baggage {
  readonly tenant: string
  readonly gateway: number
}

export const baggageOf = (context: Context): Baggage => {
  const baggage = propagation.getBaggage(context)
  return { tenant: baggage?.getEntry("tenant")?.value ?? "", gateway: Number(baggage?.getEntry("gateway")?.value ?? 0) }
}

/** One request to a service: its context, the tracer of its tenant and gateway, and its parameters. */
export interface Call {
  readonly context: Context
  readonly tracer: Tracer
  readonly query: URLSearchParams
}

/** A status of HTTP, and why it is an error, if it is one. */
export interface Outcome {
  readonly status: number
  readonly problem?: string
  readonly attributes?: Attributes
}

export const finish = (span: Span, { status, problem, attributes = {} }: Outcome): void => {
  span.setAttributes({ "http.response.status_code": status, ...attributes })
  if (problem !== undefined) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: problem })
    span.recordException({ name: "ShopError", message: problem })
  }
  span.end()
}

/** Calls another service, within a span of its own. */
export const call = async ({ context, tracer }: Call, method: string, base: string, path: string): Promise<number> => {
  const url = new URL(path, base)
  const span = tracer.startSpan(
    method,
    {
      kind: SpanKind.CLIENT,
      attributes: { "http.request.method": method, "url.full": url.href, "server.address": url.hostname, "server.port": Number(url.port) }
    },
    context
  )
  const headers: Record<string, string> = {}
  propagator.inject(trace.setSpan(context, span), headers, defaultTextMapSetter)
  const answer = await fetch(url, { method, headers })
  await answer.arrayBuffer()
  // A declined card is an answer; only what failed is an error of the call.
  finish(span, { status: answer.status, ...(answer.status < 500 ? {} : { problem: `${method} ${url.pathname}: ${answer.status}` }) })
  return answer.status
}
