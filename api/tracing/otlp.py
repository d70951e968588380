# SPDX-License-Identifier: Apache-2.0
"""Spans by OpenTelemetry, sent by OTLP over HTTP in the background. Imported only where they are wanted."""

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from api.tracing.spans import Kind

_KINDS = {
    "internal": trace.SpanKind.INTERNAL,
    "server": trace.SpanKind.SERVER,
    "client": trace.SpanKind.CLIENT,
    "producer": trace.SpanKind.PRODUCER,
}
_HEADERS = TraceContextTextMapPropagator()


class OtlpSpan:
    """Implements `api.tracing.spans.Span`."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def note(self, name: str, value: str | int) -> None:
        self._span.set_attribute(name, value)

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def fail(self) -> None:
        self._span.set_status(trace.StatusCode.ERROR)

    def end(self) -> None:
        self._span.end()

    def current(self) -> AbstractContextManager[object]:
        # An exception's text may hold what a caller has sent.
        return trace.use_span(self._span, end_on_exit=False, record_exception=False, set_status_on_exception=False)


class OtlpTracing:
    """Implements `api.tracing.spans.Tracing`. What is not sent yet is sent when the process ends."""

    def __init__(self, process: str) -> None:
        name = os.environ.get("OTEL_SERVICE_NAME", "loan-notary")
        self._provider = TracerProvider(
            resource=Resource.create({"service.name": name, "loan_notary.process": process})
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("loan-notary")

    @contextmanager
    def span(
        self,
        name: str,
        kind: Kind = "internal",
        *,
        parent: str = "",
        links: Sequence[str] = (),
        **attributes: str | int,
    ) -> Iterator[OtlpSpan]:
        begun = self._tracer.start_span(
            name,
            _context(parent) if parent else None,
            _KINDS[kind],
            attributes,
            [trace.Link(trace.get_current_span(_context(link)).get_span_context()) for link in links],
        )
        made = OtlpSpan(begun)
        try:
            with made.current():
                yield made
        except BaseException as error:
            made.fail()
            made.note("error.type", type(error).__name__)
            raise
        finally:
            begun.end()

    def begun(self, name: str, kind: Kind, parent: str) -> OtlpSpan:
        return OtlpSpan(self._tracer.start_span(name, _context(parent), _KINDS[kind]))

    def traceparent(self) -> str:
        carrier: dict[str, str] = {}
        _HEADERS.inject(carrier)
        return carrier.get("traceparent", "")


def _context(traceparent: str) -> Context:
    # Nothing of this thread's own is taken over.
    return _HEADERS.extract({"traceparent": traceparent}, Context())
