"""Sends telemetry of the Python SDK over OTLP and prints, per signal, the request that the SDK's own encoder makes of it (base64).

Usage: python_sender.py grpc|http ENDPOINT
"""

import base64
import json
import sys

from opentelemetry import trace
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, LogRecordExportResult, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricExportResult
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

protocol, endpoint = sys.argv[1:]
if protocol == "grpc":
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    options = {signal: {"endpoint": endpoint, "insecure": True} for signal in ("traces", "metrics", "logs")}
else:
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    options = {signal: {"endpoint": f"{endpoint}/v1/{signal}"} for signal in ("traces", "metrics", "logs")}

resource = Resource.create({"service.name": "python", "tenant": "snake", "numbers": [1, 2, 3]})
attributes = {"text": "Grüße, 世界", "yes": True, "integer": -(2**62), "double": 0.1, "list": ["a", "b"]}

memory_spans = InMemorySpanExporter()
tracers = TracerProvider(resource=resource, shutdown_on_exit=False)
tracers.add_span_processor(SimpleSpanProcessor(memory_spans))
tracer = tracers.get_tracer("conformance", "0.1.0")
with tracer.start_as_current_span("parent", kind=trace.SpanKind.SERVER, attributes=attributes) as parent:
    for index in range(50):
        link = trace.Link(parent.get_span_context(), {"index": index})
        with tracer.start_as_current_span(f"child {index}", links=[link], attributes={"index": index}) as child:
            child.add_event("happened", attributes)
            if index % 2 == 0:
                child.set_status(trace.StatusCode.ERROR, "it went wrong")
spans = memory_spans.get_finished_spans()

reader = InMemoryMetricReader()
meters = MeterProvider(resource=resource, metric_readers=[reader], shutdown_on_exit=False)
meter = meters.get_meter("conformance", "0.1.0")
for index in range(10):
    meter.create_counter("counter", unit="{thing}").add(2**60 + index, {"index": index})
    meter.create_histogram("histogram").record(index * 7.5, {"index": index})
    meter.create_gauge("gauge").set(index / 3, {"index": index})
metrics = reader.get_metrics_data()

memory_logs = InMemoryLogRecordExporter()
loggers = LoggerProvider(resource=resource, shutdown_on_exit=False)
loggers.add_log_record_processor(SimpleLogRecordProcessor(memory_logs))
logger = loggers.get_logger("conformance", "0.1.0")
for index in range(50):
    logger.emit(
        LogRecord(
            timestamp=1_790_000_000_000_000_001 + index,
            severity_number=SeverityNumber.WARN2,
            severity_text="WARN2",
            body={"message": "hello", "index": index, "nested": [1, {"deep": True}]},
            attributes={**attributes, "index": index},
        )
    )
logs = memory_logs.get_finished_logs()

assert OTLPSpanExporter(**options["traces"]).export(spans) is SpanExportResult.SUCCESS
assert OTLPMetricExporter(**options["metrics"]).export(metrics) is MetricExportResult.SUCCESS
assert OTLPLogExporter(**options["logs"]).export(logs) is LogRecordExportResult.SUCCESS

requests = {"traces": encode_spans(spans), "metrics": encode_metrics(metrics), "logs": encode_logs(logs)}
print(json.dumps({signal: base64.b64encode(request.SerializeToString()).decode() for signal, request in requests.items()}))
