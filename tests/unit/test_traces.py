# SPDX-License-Identifier: Apache-2.0
"""Trace ids: the caller's own where he sends one in form, a new one else, and one a request."""

import re

import orjson
import pytest
from flask import Flask

from api import problems
from api.tracing.ids import parse_traceparent, trace_id
from notary.errors import NotFoundError

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize("flags", ["00", "01", "ff"])
def test_the_id_of_a_header_in_form(flags: str) -> None:
    assert parse_traceparent(f"00-{TRACE}-{SPAN}-{flags}") == TRACE


@pytest.mark.parametrize(
    "header",
    [
        "",
        TRACE,
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01\n",
        f" 00-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN.upper()}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE}0-{SPAN}-01",
        f"01-{TRACE}-{SPAN}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{'g' * 32}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01,00-{TRACE}-{SPAN}-01",
    ],
)
def test_a_header_out_of_form_is_as_none(header: str) -> None:
    assert parse_traceparent(header) is None


def test_one_request_has_one_id_and_another_request_another() -> None:
    app = Flask(__name__)
    problems.install(app)

    @app.get("/")
    def fail() -> str:
        first = trace_id()
        assert first == trace_id()
        assert re.fullmatch("[0-9a-f]{32}", first)
        raise NotFoundError(first)

    seen = set()
    for _ in range(10):
        document = orjson.loads(app.test_client().get("/").data)
        assert document["trace_id"] == document["detail"]
        seen.add(document["trace_id"])
    assert len(seen) == 10


def test_the_caller_s_id_is_the_problem_s() -> None:
    app = Flask(__name__)
    problems.install(app)
    headers = {"traceparent": f"00-{TRACE}-{SPAN}-01"}
    assert orjson.loads(app.test_client().get("/nothing", headers=headers).data)["trace_id"] == TRACE
    headers = {"traceparent": f"00-{TRACE}-{SPAN}-01-CANARY"}
    answer = app.test_client().get("/nothing", headers=headers).data
    assert TRACE not in answer.decode()
    assert b"CANARY" not in answer
