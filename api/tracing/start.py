# SPDX-License-Identifier: Apache-2.0
"""Starts the spans of a process (OpenTelemetry): there are none unless `OTEL_EXPORTER_OTLP_ENDPOINT` says where to.

The standard's variables configure the rest (https://opentelemetry.io/docs/specs/otel/protocol/exporter/). Without them
nothing of it is imported, and nothing stands in the way of a request: what makes spans is put around the parts when
they are put together. Attributes are routes, statuses, numbers and kinds, and never what a caller has sent.
"""

import os
from collections.abc import Mapping, Sequence

from api.tracing.spans import Tracing
from notary.errors import UnavailableError
from notary.log.submission import Submission
from notary.refusals import Answer, Appender

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


class TracedLog:
    """The way to the log's writer, with a span for the time that a caller waits."""

    def __init__(self, log: Appender, tracing: Tracing) -> None:
        self._log = log
        self._tracing = tracing

    def append(self, submissions: Sequence[Submission]) -> list[Answer]:
        """Place each submission, as the log does."""
        with self._tracing.span("wait for the writer", "client", records=len(submissions)):
            return self._log.append(submissions)


def start_tracing(process: str, environment: Mapping[str, str] = os.environ) -> Tracing | None:
    """Return what makes this process's spans, None where nobody wants any.

    Raises `UnavailableError` where they are wanted and the extra `traces` is not installed.
    """
    wanted = any(environment.get(name) for name in _ENDPOINTS)
    if not wanted or environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    try:
        # Imported here: it takes a third of a second, and few notaries are traced.
        from api.tracing.otlp import OtlpTracing
    except ImportError as error:
        raise UnavailableError("traces are wanted, but not installed: install loan-notary[traces]") from error
    return OtlpTracing(process)
