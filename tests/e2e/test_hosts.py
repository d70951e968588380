# SPDX-License-Identifier: Apache-2.0
"""Two hosts serve one notary on one PostgreSQL: both take records, and each can be lost."""

import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from uuid import uuid4

import pytest

from api.databases import open_store
from api.settings import DataFolder
from notary.canonical import canonical_json
from notary.log.anchors import AnchorState
from notary.receipts.receipt import parse_receipt
from tests.support.api import repayment
from tests.support.builders import record
from tests.support.cli import document, run
from tests.support.hosts import Hosts, Stream, streaming, two_hosts
from tests.support.postgres import ABSENT, POSTGRES, PostgresServer, running_postgres
from tests.support.service import Answer, Service, ask, connection, until

QUOTA = 1200


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server that these tests may stop."""
    if POSTGRES is None:
        pytest.skip(ABSENT)
    with running_postgres(fsync=True) as server:
        yield server


@pytest.fixture(scope="module")
def hosts(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    with (
        server.database() as name,
        two_hosts(tmp_path_factory.mktemp("hosts"), server.dsn(name), requests_a_minute=QUOTA) as hosts,
    ):
        yield hosts


def submit(service: Service, body: bytes, api_key: str) -> Answer:
    return service.request("POST", "/v1/records", body, api_key)


def audited(service: Service) -> int:
    """Have the full audit find nothing; return how many records it saw."""
    result = run("audit", "--data", service.folder, "--json")
    assert result.exit_code == 0, result.output
    return int(document(result)["records"]["records"])


def check_kept(hosts: Hosts, *streams: Stream) -> None:
    """Every acknowledged record is in the log, once, at the place that its receipt says."""
    store = open_store(DataFolder(hosts.b.folder))
    stored = {item.record_id: item.index for item, _ in store.records()}
    places = [item.index for item, _ in store.records()]
    store.close()
    assert len(places) == len(set(places)) == len(stored)
    for stream in streams:
        assert stream.placed
        assert stream.placed.items() <= stored.items()


def test_both_take_records_into_one_log(hosts: Hosts) -> None:
    api_key = hosts.a.add_lender()
    bodies = [canonical_json(record("agreement", id=str(uuid4()), loan=f"T-{number}")) for number in range(40)]
    # Each goes to both at once: one places it, the other finds it there.
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(submit, cycle(hosts.both), [body for body in bodies for _ in hosts.both], cycle([api_key]))
        )
    pairs = list(zip(answers[::2], answers[1::2], strict=True))
    assert {tuple(sorted(answer.status for answer in pair)) for pair in pairs} == {(200, 201)}
    indexes = [{parse_receipt(answer.body).index for answer in pair} for pair in pairs]
    assert all(len(same) == 1 for same in indexes)
    assert len(set.union(*indexes)) == len(bodies)
    # What one has taken the other shows, and goes on with.
    assert submit(hosts.b, canonical_json(repayment("T-0")), api_key).status == 201
    assert submit(hosts.a, canonical_json(repayment("T-0")), api_key).status == 201
    shown = hosts.b.request("GET", "/v1/loans/T-0", api_key=api_key)
    assert [item["sequence"] for item in shown.json["records"]] == [0, 1, 2]
    # Who read it is told by both, for both.
    assert hosts.a.request("GET", "/v1/loans/T-0/accesses", api_key=api_key).json["accesses"][0]["kind"] == "loan"
    assert hosts.a.request("GET", "/v1/loans/T-0", api_key=api_key).status == 200
    told = hosts.b.request("GET", "/v1/loans/T-0/accesses", api_key=api_key).json
    assert ([item["number"] for item in told["accesses"]], told["reads_at"]) == ([2, 1], "writing-hosts")
    assert audited(hosts.a) >= len(bodies) + 2


def test_an_answer_is_given_again_by_the_other_host(hosts: Hosts) -> None:
    api_key = hosts.a.add_lender()
    body = json.dumps({"name": "second", "scopes": ["records:read"]}).encode()

    def made(service: Service, key: str) -> Answer:
        return service.request("POST", "/v1/api-keys", body, api_key, Idempotency_Key=key)

    first, again, other = made(hosts.a, "key-1"), made(hosts.b, "key-1"), made(hosts.b, "key-2")
    assert (first.status, again.status, other.status) == (201, 201, 201)
    assert again.body == first.body != other.body
    assert again.headers["idempotency-replayed"] == "true"


def test_requests_are_counted_together(hosts: Hosts) -> None:
    api_key = hosts.a.add_lender()

    def refused_by_both() -> bool:
        given = 0
        for service in hosts.both:
            with connection(service.url) as link:
                while ask(link, "GET", "/v1/keys", api_key=api_key).status == 200:
                    given += 1
        # A minute may end in between; then all is counted anew, and a later try tells.
        return 0 < given <= QUOTA

    until(refused_by_both, "both have refused after what one key may ask")


def test_the_server_is_stopped_and_comes_again(hosts: Hosts, server: PostgresServer) -> None:
    streams = [Stream(service, hosts.a.add_lender(), f"S-{number}") for number, service in enumerate(hosts.both)]
    with streaming(*streams):
        until(lambda: all(len(stream.placed) > 5 for stream in streams), "both take records")
        server.stop("immediate")
        until(lambda: all(503 in stream.problems for stream in streams), "both say that they cannot")
        assert all(service.request("GET", "/healthz").status == 200 for service in hosts.both)
        assert hosts.a.request("GET", "/readyz").status == 503
        before = [len(stream.placed) for stream in streams]
        server.start()
        until(
            lambda: all(len(stream.placed) > count + 5 for stream, count in zip(streams, before, strict=True)),
            "both take records again",
        )
    assert {problem for stream in streams for problem in stream.problems} == {503}
    assert all(service.process is not None and service.process.poll() is None for service in hosts.both)
    check_kept(hosts, *streams)
    audited(hosts.b)


def test_a_host_is_killed_and_the_other_goes_on(hosts: Hosts) -> None:
    a, b = (Stream(service, hosts.a.add_lender(), f"K-{name}") for name, service in zip("ab", hosts.both, strict=True))
    with streaming(a, b):
        until(lambda: min(len(a.placed), len(b.placed)) > 10, "both take records")
        hosts.a.end_all()
        killed = time.monotonic()
        seen = len(b.placed)
        until(lambda: len(b.placed) > seen + 1, "the other takes records")
        resumed = time.monotonic() - killed
        # Whoever anchored before, the other does now: what was taken after the kill is anchored, too.
        last = next(reversed(b.placed))
        hosts.b.final_receipt(last, b.api_key)
        anchored = time.monotonic() - killed
    sys.stdout.write(f"\nrecords {resumed:.2f} s, anchors {anchored:.2f} s after the kill\n")
    check_kept(hosts, a, b)
    assert set(b.problems) <= {503}
    hosts.a.start()
    audited(hosts.b)
    check_anchors(hosts)
    assert submit(hosts.a, canonical_json(repayment("K-a")), a.api_key).status == 201


def check_anchors(hosts: Hosts) -> None:
    """No size is anchored twice, and no transaction was sent that anchored nothing but those for the registry."""
    store = open_store(DataFolder(hosts.b.folder))
    until(lambda: not store.anchors(AnchorState.PENDING, AnchorState.SENT), "no anchor is on its way")
    anchors, sent = store.anchors(AnchorState.MINED, AnchorState.FINAL), hosts.sent()
    store.close()
    assert len({anchor.transaction_hash for anchor in anchors}) == len(anchors)
    setup = min(anchor.nonce or 0 for anchor in anchors)
    assert sent == setup + len(anchors)
