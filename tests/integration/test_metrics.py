# SPDX-License-Identifier: Apache-2.0
"""What is counted of requests, commits, documents, anchors and authorities."""

import json
import os
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs
from werkzeug.exceptions import TooManyRequests

from api.clock import now
from api.hold import FileHold
from api.metrics.counters import REGISTRY
from api.metrics.service import ANCHOR_WAIT, ANCHORS_DROPPED, ServiceCollector, Watch, serving_metrics
from api.problems import answer_http
from api.processes import Usage, usage
from chain.anchorer import AnchorStatus
from notary.canonical import canonical_json
from notary.errors import UnavailableError
from notary.log.anchors import AnchorState
from notary.log.timestamps import Timestamp
from notary.stores.sqlite import SqliteStore, SqliteWebhooks
from notary.webhooks import Delivery, Webhook
from tests.support.api import Api, agreement, repayment, running_api
from tests.support.builders import VAULT, NotaryKit, anchor_of, history, kit_over, placed, signed

STATUS = AnchorStatus(31337, "0x", "0x")


class Counted:
    """What was counted since this was made."""

    def __init__(self) -> None:
        self._before = self._all()

    def __call__(self, name: str, **labels: str) -> float:
        key = (f"loan_notary_{name}", tuple(sorted(labels.items())))
        return self._all().get(key, 0) - self._before.get(key, 0)

    @staticmethod
    def _all() -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
        found = (item for family in REGISTRY.collect() for item in family.samples)
        return {(item.name, tuple(sorted(item.labels.items()))): item.value for item in found}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("metrics") / "data") as api:
        assert api.submit(agreement("M-1", api.bank)).status_code == 201
        yield api


def test_requests_are_counted_by_route_and_status(api: Api) -> None:
    counted = Counted()
    for _ in range(3):
        assert api.submit(repayment("M-1")).status_code == 201
    assert api.submit(b"{").status_code == 400
    assert api.get("/nowhere/at/all").status_code == 404
    assert api.request("DELETE", "/v1/records").status_code == 405
    assert api.get("/v1/keys").status_code == 200
    assert counted("request_seconds_count", method="POST", route="/v1/records", status="2xx") == 3
    assert counted("request_seconds_count", method="POST", route="/v1/records", status="4xx") == 1
    assert counted("request_seconds_count", method="", route="", status="4xx") == 2
    assert counted("request_seconds_count", method="GET", route="/v1/keys", status="2xx") == 1
    assert 0 < counted("request_seconds_sum", method="POST", route="/v1/records", status="2xx") < 60
    assert counted("problems_total", reason="malformed-json") == 1
    assert counted("problems_total", reason="not-found") == 1
    assert counted("problems_total", reason="method-not-allowed") == 1


def test_records_are_counted_once_by_their_signatures(api: Api) -> None:
    counted = Counted()
    kit, again = api.bank, repayment("M-1")
    for _ in range(2):
        api.submit(again)
    api.submit(signed(repayment("M-1"), kit.key))
    api.submit(signed(agreement("M-2", kit), kit.key, kit.borrower))
    api.submit(repayment("nobody's"))
    assert counted("records_total", signatures="none") == 1
    assert counted("records_total", signatures="one") == 1
    assert counted("records_total", signatures="several") == 1
    assert counted("problems_total", reason="illegal-transition") == 1
    assert counted("commit_seconds_count") == counted("commit_size_count") == counted("commit_size_sum") == 5


def test_a_commit_that_fails_is_counted_and_leaves_no_queue(tmp_path: Path) -> None:
    with running_api(tmp_path / "data") as api, capture_logs() as logged:
        counted = Counted()
        with closing(sqlite3.connect(api.folder.database)) as connection:
            connection.execute("ALTER TABLE entries RENAME TO away")
            assert api.submit(agreement("F-1", api.bank)).status_code == 503
            connection.execute("ALTER TABLE away RENAME TO entries")
        assert counted("commit_failures_total") == 1
        assert counted("commit_seconds_count") == counted("records_total", signatures="none") == 0
        assert REGISTRY.get_sample_value("loan_notary_writer_queue") == 0
        assert {"commit failed", "request failed"} == {line["event"] for line in logged}


def test_lines_of_a_batch_are_counted_and_share_their_request_s_trace_id(api: Api) -> None:
    counted = Counted()
    lines = [canonical_json(repayment("M-1")), b"{", canonical_json(repayment("M-1")), b"[]"]
    answer = api.batch(b"\n".join(lines))
    ids = {item["trace_id"] for item in map(read, answer.data.splitlines()) if "trace_id" in item}
    assert len(ids) == 1
    assert counted("records_total", signatures="none") == 2
    assert counted("problems_total", reason="malformed-json") + counted("problems_total", reason="invalid-record") == 2
    assert counted("commit_size_sum") == 2
    api.get("/readyz")
    assert counted("commit_size_count") == 1


def read(line: bytes) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(line)
    return value


def test_a_refusal_is_one_line_of_the_log_and_what_was_sent_is_not_in_it(api: Api) -> None:
    with capture_logs() as logged:
        document = api.submit(repayment("M-1", amount="CANARY")).json
        api.request("GET", "/v1/records/CANARY?CANARY=1", headers={"Authorization": "Bearer CANARY", "X": "CANARY"})
        assert api.submit(repayment("M-1")).status_code == 201
    first, second = logged
    assert first == {
        "event": "request refused", "log_level": "info", "problem": "invalid-record", "status": 422, "method": "POST",
        "route": "/v1/records", "organisation": api.bank.lender.number, "trace_id": document["trace_id"],
    }  # fmt: skip
    assert (second["problem"], second["route"]) == ("unauthorized", "/v1/records/<record_id>")
    assert second["organisation"] is None
    assert "CANARY" not in str(logged)


def test_what_comes_too_often_is_counted_and_does_not_fill_the_log() -> None:
    counted = Counted()
    with capture_logs() as logged:
        assert answer_http(TooManyRequests()).status_code == 429
    assert counted("problems_total", reason="too-many-requests") == 1
    assert logged == []


def test_documents_are_counted_by_what_was_found(api: Api) -> None:
    counted = Counted()
    data = b"%PDF-1.7 that is none"
    path = f"/v1/documents/{sha256(data).hexdigest()}"
    assert api.request("PUT", path, data, media_type="application/pdf").status_code == 201
    assert counted("document_checks_total", outcome="failed") + counted("document_checks_total", outcome="unknown") > 0


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[tuple[NotaryKit, SqliteStore, SqliteWebhooks]]:
    store = SqliteStore.create(tmp_path / "notary.db", VAULT)
    kit = kit_over(store)
    yield kit, store, SqliteWebhooks(tmp_path / "notary.db", VAULT)
    store.close()


def values(collector: ServiceCollector) -> dict[str, float]:
    """Return what is told, by name and labels' values."""
    samples = [item for family in collector.collect() for item in family.samples]
    return {"/".join([item.name.removeprefix("loan_notary_"), *item.labels.values()]): item.value for item in samples}


def test_how_the_service_stands(stores: tuple[NotaryKit, SqliteStore, SqliteWebhooks], tmp_path: Path) -> None:
    kit, store, hooks = stores
    balance: list[int | None] = [None]
    status = [STATUS]
    urls = ("http://name:password@tsa.example/tsr?secret", "http://silent.example/")
    hold, scrubbed = FileHold(tmp_path / "hold.json"), list[float | None]([None, now() / 1000 - 70])
    collector = ServiceCollector(
        store, hooks, urls, {"writer": os.getpid()}, lambda: status[0], lambda: balance[0], hold, lambda: scrubbed[-1]
    )
    last = scrubbed.pop()
    before = values(collector)
    assert (before["signing_held"], "scrub_age_seconds" in before) == (0, False)
    scrubbed.append(last)
    hold.place("damaged", "x")
    assert before["log_size"] == before["unanchored"] == 1
    assert before["webhook_lag_seconds"] == before["anchoring_failed"] == 0
    assert not {"wallet_ether", "anchor_age_seconds", "timestamp_age_seconds/tsa.example"} & set(before)
    placed(kit.sequencer.append(history("M", 4)))
    head = store.head()
    assert head is not None
    block_time = now() // 1000 - 100
    store.save_anchor(anchor_of(replace(head, size=3), block_time=block_time, state=AnchorState.MINED))
    store.save_timestamp(Timestamp(3, urls[0], now() - 50_000, head.checkpoint, b"token"))
    hooks.add_webhook(Webhook("wh_1", 1, "https://example.com/", ("record.final",), "whsec_x", 1, 1, 1))
    hooks.save_delivery(Delivery("msg_1", "wh_1", "test", "{}", 1, next_at=now() - 30_000))
    balance[0], status[0] = 15 * 10**17, replace(STATUS, error=UnavailableError("x"))
    after = values(collector)
    assert (after["log_size"], after["unanchored"]) == (5, 2)
    assert 100 <= after["anchor_age_seconds"] < 160
    assert 50 <= after["timestamp_age_seconds/tsa.example"] < 110
    assert 30 <= after["webhook_lag_seconds"] < 90
    assert (after["signing_held"], after["scrub_age_seconds"] >= 70) == (1, True)
    assert (after["anchoring_failed"], after["wallet_ether"]) == (1, 1.5)
    assert after["process_resident_bytes/writer"] > 1_000_000
    assert not [name for name in after if "password" in name or "secret" in name or "silent" in name]


def test_the_wait_of_an_anchor_is_that_of_its_oldest_record(
    stores: tuple[NotaryKit, SqliteStore, SqliteWebhooks],
) -> None:
    kit, store, hooks = stores
    head = store.head()
    assert head is not None
    store.save_anchor(anchor_of(replace(head, size=1), state=AnchorState.FINAL))
    registry, moment = CollectorRegistry(), now()
    watch = Watch(store, hooks, lambda: 7, registry, hooks.next_anchor_change())
    items = [
        item._replace(received_at=moment - seconds * 1000)
        for item, seconds in zip(history("M", 4), (500, 400, 300, 200), strict=True)
    ]
    placed(kit.sequencer.append(items))

    def waited(state: str) -> list[float]:
        found = [registry.get_sample_value(f"{ANCHOR_WAIT}_{kind}", {"state": state}) for kind in ("count", "sum")]
        return [number or 0 for number in found]

    for size, state, anchored, final in (
        (3, AnchorState.SENT, (0, 0), (0, 0)),
        (3, AnchorState.MINED, (1, 500), (0, 0)),
        (5, AnchorState.MINED, (2, 800), (0, 0)),
        (5, AnchorState.REORGED, (2, 800), (0, 0)),
        (5, AnchorState.FINAL, (3, 1100), (1, 500)),
        (3, AnchorState.FINAL, (3, 1100), (1, 500)),
    ):
        store.save_anchor(anchor_of(replace(head, size=size), state=state))
        watch.step()
        for got, (count, seconds) in ((waited("anchored"), anchored), (waited("final"), final)):
            assert got[0] == count
            assert seconds <= got[1] <= seconds + 60 * count
    assert watch.balance == 7


def test_the_first_anchor_of_a_log_counts_from_its_first_record(
    stores: tuple[NotaryKit, SqliteStore, SqliteWebhooks],
) -> None:
    kit, store, hooks = stores
    registry = CollectorRegistry()
    watch = Watch(store, hooks, lambda: 7, registry, hooks.next_anchor_change())
    placed(kit.sequencer.append(history("M", 2)))
    head = store.head()
    assert head is not None
    store.save_anchor(anchor_of(head, state=AnchorState.FINAL))
    watch.step()
    for state in ("anchored", "final"):
        assert registry.get_sample_value(f"{ANCHOR_WAIT}_count", {"state": state}) == 1
    # Whoever comes later has not seen the anchor come.
    later = CollectorRegistry()
    Watch(store, hooks, lambda: 7, later, hooks.next_anchor_change()).step()
    assert later.get_sample_value(f"{ANCHOR_WAIT}_count", {"state": "final"}) is None


def test_anchors_whose_block_was_dropped_are_counted(stores: tuple[NotaryKit, SqliteStore, SqliteWebhooks]) -> None:
    _, store, hooks = stores
    head, registry = store.head(), CollectorRegistry()
    assert head is not None
    store.save_anchor(anchor_of(head, state=AnchorState.FINAL))
    watch = Watch(store, hooks, lambda: 7, registry, hooks.next_anchor_change())

    def dropped() -> list[float | None]:
        return [registry.get_sample_value(ANCHORS_DROPPED, {"state": state}) for state in ("reorged", "lost")]

    assert dropped() == [0, 0]
    for state, counted in (
        (AnchorState.LOST, [0, 1]),
        (AnchorState.MINED, [0, 1]),
        (AnchorState.REORGED, [1, 1]),
    ):
        store.save_anchor(anchor_of(head, state=state))
        watch.step()
        assert dropped() == counted


def test_a_balance_that_cannot_be_asked_for_is_none(stores: tuple[NotaryKit, SqliteStore, SqliteWebhooks]) -> None:
    _, store, hooks = stores

    answers, moments = [7], [100.0]

    def ask() -> int:
        if not answers:
            raise UnavailableError("the node is away")
        return answers.pop()

    watch = Watch(store, hooks, ask, CollectorRegistry(), hooks.next_anchor_change(), lambda: moments[0])
    watch.step()
    watch.step()
    assert watch.balance == 7
    moments[0] += 3600
    watch.step()
    assert watch.balance is None
    stop = threading.Event()
    stop.set()
    watch.run(stop)


def test_a_database_that_is_away_leaves_numbers_out(
    stores: tuple[NotaryKit, SqliteStore, SqliteWebhooks], tmp_path: Path
) -> None:
    _, store, hooks = stores
    hold = FileHold(tmp_path / "hold.json")
    collector = ServiceCollector(store, hooks, (), {}, lambda: STATUS, lambda: 1, hold, lambda: None)
    with closing(sqlite3.connect(tmp_path / "notary.db")) as connection:
        connection.execute("ALTER TABLE head RENAME TO away")
    assert values(collector) == {}


def test_the_files_of_many_processes_are_one_answer(tmp_path: Path) -> None:
    script = (
        "from api.metrics.counters import RECORDS, WRITER_QUEUE; RECORDS.labels('none').inc(5); WRITER_QUEUE.set(3)"
    )
    for _ in range(2):
        environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
        subprocess.run([sys.executable, "-c", script], env=environment, check=True)
    with serving_metrics("127.0.0.1", 0, tmp_path, CollectorRegistry()) as url:
        assert url.endswith("/metrics")
        with urlopen(url, timeout=30) as answer:
            lines = answer.read().decode().splitlines()
    assert 'loan_notary_records_total{signatures="none"} 10.0' in lines
    assert "loan_notary_writer_queue 3.0" in lines


def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as taken,
        pytest.raises(UnavailableError, match="metrics cannot be served"),
        serving_metrics("127.0.0.1", taken.getsockname()[1], tmp_path, CollectorRegistry()),
    ):
        pass


def test_a_process_counts_with_what_it_has_started() -> None:
    before, size = usage(os.getpid()), 300_000_000
    assert before.seconds > 0
    assert 1_000_000 < before.resident < 10**12
    script = f"data = b'x' * {size}; print(len(data), flush=True); input()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", script], **pipes) as child:  # type: ignore[call-overload]
        child.stdout.readline()
        assert usage(child.pid).resident > size
        assert usage(os.getpid()).resident > before.resident + size // 2
        child.communicate(b"\n")
    assert usage(child.pid) == Usage()
    assert Usage(1, 2) + Usage(3, 4) == Usage(4, 6)


def test_a_clock_that_is_set_back_is_told_once_and_changes_no_time(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    moment = [now()]
    with running_api(tmp_path / "data", clock=lambda: moment[0]) as api:
        values = [agreement(f"T-{number}", api.bank) for number in range(4)]
        capfd.readouterr()
        counted = Counted()
        times, told = [], []
        # A minute is not much: requests take their time. The last one goes on from where the clock was set back to.
        for value, step in zip(values, (0, -60_000, -60_001, 10), strict=True):
            moment[0] += step
            assert api.submit(value).status_code == 201
            times.append(moment[0])
            told.append(counted("clock_set_back_total"))
        places = [api.services.store.find_records([(api.bank.lender.number, value["id"])]) for value in values]
    assert [item.received_at for place in places for item in place.values()] == times
    assert told == [0, 0, 1, 1]
    shown = capfd.readouterr()
    assert (shown.out + shown.err).count("the clock was set back") == 1
