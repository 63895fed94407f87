/** Span kinds by their number in OTLP, as `span.kind.string` calls them. */
export const kindTexts = ["Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"]

/** Span kinds by their number in OTLP, as `span.kind.deprecated_string` calls them: the names of OTLP's enum. */
export const oldKindTexts = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"].map((name) => `SPAN_KIND_${name}`)
