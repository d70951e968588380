# SPDX-License-Identifier: Apache-2.0
"""Watches the requests of an application: how long each took, and which were refused.

Nothing that a caller sent is written down: a route stands with its placeholders, an unknown path as none at all.
"""

from time import perf_counter

import structlog
from flask import Flask, Response, g, has_request_context, request
from prometheus_client import Histogram

from api.metrics.counters import REQUEST_SECONDS

_NO_ROUTE = ("", "")
_AUTOMATIC = {"HEAD", "OPTIONS"}

_log = structlog.get_logger()


def install(app: Flask) -> None:
    """Measure every request of an application."""
    timers: dict[tuple[str, str, int], Histogram] = {}

    @app.before_request
    def begin() -> None:
        g.began = perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        seconds = perf_counter() - g.began
        rule = request.url_rule
        # Found here rather than by `labels`, which costs as much as all the rest.
        key = (rule.endpoint, rule.rule, response.status_code // 100) if rule else (*_NO_ROUTE, response.status_code)
        timer = timers.get(key)
        if timer is None:
            timer = timers[key] = request_timer(*route(), response.status_code // 100)
        timer.observe(seconds)
        return response


def request_timer(method: str, path: str, hundreds: int) -> Histogram:
    """Return what takes the seconds of requests to a route that are answered with a status of so many hundreds."""
    return REQUEST_SECONDS.labels(method, path, f"{hundreds}xx")


def route() -> tuple[str, str]:
    """Return method and path of the route that the request has met, `("", "")` for none."""
    rule = request.url_rule
    if rule is None:
        return _NO_ROUTE
    return min((rule.methods or set()) - _AUTOMATIC, default=""), rule.rule


def log_refusal(problem: str, status: int, trace_id: str) -> None:
    """Write down that a request was refused; `organisation` is the number of whoever asked, None where unknown.

    One that is refused before it reached the application came too often: `api.traffic.middleware` writes it down.
    """
    if not has_request_context():
        return
    method, path = route()
    _log.info(
        "request refused", problem=problem, status=status, method=method, route=path,
        organisation=g.get("organisation"), trace_id=trace_id,
    )  # fmt: skip
