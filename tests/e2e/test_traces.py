# SPDX-License-Identifier: Apache-2.0
"""A service that is traced: spans of all its processes at a real collector, and nothing private in them."""

import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator

import pytest

from api.tracing.start import start_tracing
from notary.canonical import canonical_json
from tests.e2e.test_signals import CANARY, LOAN, Story, kept_secrets, misuse, use
from tests.support.builders import record
from tests.support.otlp import Collector, Seen, collecting
from tests.support.receiver import Receiver, receiving
from tests.support.service import ROOT, new_service, until

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
NAMES = ("POST /v1/records", "POST /v1/records:batch", "wait for the writer", "commit", "anchor transaction")


class Traced:
    """A service to which everything has happened, what the collector has got, and the receiver of its webhook."""

    def __init__(self, story: Story, collector: Collector, receiver: Receiver) -> None:
        self.story, self.collector, self.receiver = story, collector, receiver
        self.answer = b""

    def has(self, *names: str) -> bool:
        return all(self.collector.of(name) for name in names)


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traced]:
    folder = tmp_path_factory.mktemp("traces") / "data"
    with (
        collecting() as collector,
        receiving() as receiver,
        new_service(folder, "--webhook-network", "127.0.0.0/8") as service,
    ):
        service.variables |= collector.variables()
        told = Traced(Story(service), collector, receiver)
        api_key, other = service.add_lender(f"{CANARY} Bank"), service.add_lender("Second Bank")
        service.start()
        use(told.story, api_key, f"{receiver.url}/{CANARY}")
        misuse(told.story, api_key, other)
        mine = canonical_json(record("agreement", id="01998d2e-5c00-7a31-8f42-00000000ca11", loan=f"{CANARY}-2"))
        parent = f"00-{TRACE}-{PARENT}-01"
        assert service.request("POST", "/v1/records", mine, api_key, traceparent=parent).status == 201
        told.answer = service.request("GET", "/v1/records/none", None, api_key, traceparent=parent).body
        until(lambda: bool(receiver.of("record.final")), "a webhook tells that a record is final")
        until(lambda: told.has(*NAMES, "webhook delivery"), "the spans are there")
        until(lambda: len([span for span in collector.spans if span.trace == TRACE]) >= 4, "those of the trace too")
        told.story.secrets += [api_key, other, *kept_secrets(folder)]
        yield told


def of_trace(traced: Traced, name: str) -> Seen:
    [span] = [span for span in traced.collector.of(name) if span.trace == TRACE]
    return span


def test_a_request_is_followed_into_the_writer(traced: Traced) -> None:
    asked = of_trace(traced, "POST /v1/records")
    waited, committed = of_trace(traced, "wait for the writer"), of_trace(traced, "commit")
    assert (asked.parent, waited.parent, committed.parent) == (PARENT, asked.id, waited.id)
    assert (asked.process, waited.process, committed.process) == ("server", "server", "writer")
    assert asked.attributes == {
        "http.request.method": "POST", "http.route": "/v1/records", "http.response.status_code": 201,
    }  # fmt: skip
    assert waited.attributes == {"records": 1}
    assert committed.attributes["records"] >= 1


def test_problem_documents_have_the_spans_trace_id(traced: Traced) -> None:
    assert TRACE.encode() in traced.answer
    refused = of_trace(traced, "GET /v1/records/<record_id>")
    assert refused.attributes["http.response.status_code"] == 404
    assert not refused.failed


def test_a_batch_waits_within_its_request(traced: Traced) -> None:
    batch = next(span for span in traced.collector.of("POST /v1/records:batch") if not span.failed)
    waits = [span for span in traced.collector.of("wait for the writer") if span.trace == batch.trace]
    assert [span.parent for span in waits] == [batch.id]
    assert waits[0].attributes["records"] > 1


def test_anchors_and_deliveries_have_spans_of_their_own(traced: Traced) -> None:
    anchored = traced.collector.of("anchor transaction")[0]
    assert (anchored.process, anchored.attributes["chain_id"]) == ("service", 31337)
    delivered = traced.collector.of("webhook delivery")
    assert {span.process for span in delivered} == {"webhooks"}
    # The last part says that the trace is recorded, and perhaps more (W3C Trace Context level 2).
    sent = {item.headers["traceparent"].rpartition("-")[0] for item in traced.receiver.got}
    assert {f"00-{span.trace}-{span.id}" for span in delivered} & sent
    assert delivered[0].attributes.keys() == {"event", "attempt", "http.response.status_code"}


def test_what_fails_inside_is_a_failed_span(traced: Traced) -> None:
    failed = [span for span in traced.collector.spans if span.failed]
    assert any(span.attributes.get("http.response.status_code", 0) >= 500 for span in failed)


def test_no_canary_sings(traced: Traced) -> None:
    collected = b"\n".join(traced.collector.bodies)
    for secret in (*traced.story.secrets, CANARY, LOAN, CANARY.encode().hex(), b64encode(CANARY.encode()).decode()):
        assert secret.encode() not in collected, secret


def test_nothing_is_traced_that_nobody_asked_for() -> None:
    assert start_tracing("server", {}) is None
    assert start_tracing("server", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_SDK_DISABLED": "true"}) is None
    code = "import sys, api.app, api.writer, api.webhooks.worker, api.service\n"
    code += "assert not [name for name in sys.modules if name.startswith('opentelemetry')]"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
