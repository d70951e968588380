# SPDX-License-Identifier: Apache-2.0
"""A span for each request, in WSGI around the whole application; it ends when the last byte of the answer was given.

The request goes on with the `traceparent` of its span, so problem documents and log lines have the span's trace id.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flask import Flask, Response, request

from api.metrics.observing import route
from api.tracing.spans import Span, Tracing

_ROUTE = "loan_notary.route"

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class TracedRequests:
    """A WSGI application around another one."""

    def __init__(self, inner: Wsgi, tracing: Tracing) -> None:
        self._inner = inner
        self._tracing = tracing

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request."""
        method = environ["REQUEST_METHOD"]
        span = self._tracing.begun(method, "server", environ.get("HTTP_TRACEPARENT", ""))
        span.note("http.request.method", method)

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            code = int(status.split(" ", 1)[0])
            span.note("http.response.status_code", code)
            if code >= 500:
                span.fail()
            if _ROUTE in environ:
                span.rename(f"{method} {environ[_ROUTE]}")
                span.note("http.route", environ[_ROUTE])
            return start_response(status, headers, *rest)

        try:
            with span.current():
                environ["HTTP_TRACEPARENT"] = self._tracing.traceparent()
                return _Body(self._inner(environ, start), span)
        except BaseException:
            span.fail()
            span.end()
            raise


class _Body:
    """An answer's body: the span is the current one while it is made, and ends with it."""

    def __init__(self, body: Iterable[bytes], span: Span) -> None:
        self._body = body
        self._parts = iter(body)
        self._span = span

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        with self._span.current():
            return next(self._parts)

    def close(self) -> None:
        """Close the body, as a server does at the end, whatever came before."""
        try:
            if close := getattr(self._body, "close", None):
                close()
        finally:
            self._span.end()


def install(app: Flask, tracing: Tracing) -> None:
    """Trace the requests of an application."""

    @app.after_request
    def note_route(response: Response) -> Response:
        _, path = route()
        if path:
            request.environ[_ROUTE] = path
        return response

    app.wsgi_app = TracedRequests(app.wsgi_app, tracing)  # type: ignore[method-assign]
