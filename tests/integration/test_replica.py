# SPDX-License-Identifier: Apache-2.0
"""A host that only reads, on a real streaming replica: what it answers, what it refuses, what it says of the lag."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from werkzeug.test import TestResponse

from api.access.auth import hash_secret
from api.app import create_app
from api.clock import now
from api.databases import open_replica, open_store
from api.hosts.choosing import host_of
from api.metrics.replica import ReplicaCollector
from api.pages.sessions import RENEWED
from api.settings import SettingsError
from notary.access_log import FIRST
from notary.errors import ReadOnlyError, UnavailableError
from notary.exports.making import ProofExporter
from notary.log.reader import Log
from notary.ports.log import Batch
from notary.receipts.issuing import ReceiptIssuer
from notary.receipts.report import Verdict
from notary.sessions import Session
from tests.support.api import Api, LenderKit, agreement, make_folder, new_lender, repayment
from tests.support.cli import run
from tests.support.document import OPERATIONS, example_api, prepared, replay, token_of
from tests.support.hosts import SHARED, change_settings
from tests.support.postgres import ABSENT, POSTGRES, running_postgres, running_replica
from tests.support.replica import WRITES_AT, Pair, reading_api, reading_folder
from tests.support.service import until
from tests.support.spellings import files_under

pytestmark = pytest.mark.skipif(POSTGRES is None, reason=ABSENT)

READS = sorted(name for name, item in OPERATIONS.items() if item.method == "GET")
JUDGES = ("auditsEvaluateSample", "verifyVerify")
WRITES = sorted(set(OPERATIONS) - {*READS, *JUDGES})
OWN_WORDS = {
    "erasuresRetention", "healthReady", "listsLoans", "listsRecords", "loansAccesses", "accessesIndex",
    "accessesOfPass",
}  # fmt: skip
"""What holds a moment, a sealed place in a list, or what this host alone was asked."""


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with running_postgres() as primary, running_replica(primary) as replica:
        yield Pair(primary, replica)


@pytest.fixture(scope="module")
def both(pair: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Api, Api]]:
    """A host that writes, with all that the examples of the API speak of, and one that reads."""
    path = tmp_path_factory.mktemp("replica")
    with pair.primary.database() as name, example_api(path / "a", database=pair.primary.dsn(name)) as writing:
        pair.catch_up()
        with reading_api(writing, path / "b", pair.replica.dsn(name)) as reading:
            yield writing, reading


@pytest.fixture
def paused(pair: Pair) -> Iterator[Pair]:
    pair.catch_up()
    pair.pause()
    yield pair
    pair.go_on()
    pair.catch_up()


def submitted(api: Api, value: dict[str, Any], by: LenderKit | None = None) -> str:
    """Submit a record and return its id."""
    assert api.submit(value, by=by).status_code == 201
    return str(value["id"])


def receipt_of(api: Api, record: str) -> TestResponse:
    return api.get(f"/v1/records/{record}/receipt")


# --- what it answers


@pytest.mark.parametrize("name", [*READS, *JUDGES])
def test_it_reads_as_a_host_that_writes(both: tuple[Api, Api], pair: Pair, name: str) -> None:
    writing, reading = both
    item = prepared(writing, name)
    token = token_of(writing, item.operation)
    pair.catch_up()
    with item.send(reading, token) as found, item.send(writing, token) as wanted:
        assert (found.status_code, found.mimetype) == (wanted.status_code, wanted.mimetype), found.data
        assert found.status_code == 200
        assert name in OWN_WORDS or found.data == wanted.data


def test_what_was_never_used_is_used_here_without_a_note(both: tuple[Api, Api], pair: Pair) -> None:
    writing, reading = both
    kit = new_lender(writing.services, "Third Bank")
    minted = replay(writing, "passesMint")[1].json
    pair.catch_up()
    assert reading.get("/v1/keys", by=kit).status_code == 200
    answer = reading.app.test_client().get("/v1/my-loan", headers={"Authorization": f"Bearer {minted['secret']}"})
    assert answer.status_code == 200
    [key] = writing.services.access.api_keys(kit.lender.number)
    assert key.last_used_at is None
    shown = writing.services.access.pass_with(hash_secret(minted["secret"]))
    assert shown.last_used_at is None


def test_every_read_is_noted_in_its_own_log_before_the_answer(both: tuple[Api, Api], pair: Pair) -> None:
    writing, reading = both
    loan = "R-noted"
    record = submitted(writing, agreement(loan, writing.bank))
    pair.catch_up()
    before = len(writing.services.access_log.accesses(writing.bank.lender.number, 2**62, 1000))
    assert receipt_of(reading, record).status_code == 200
    told = reading.get(f"/v1/loans/{loan}/accesses").get_json()
    found = told["accesses"]
    assert (told["reads_at"], writing.get("/v1/accesses").get_json()["reads_at"]) == ("this-host", "writing-hosts")
    assert [(item["kind"], item["record"]) for item in found] == [("receipt", record)]
    lines = reading.services.access_log.accesses(reading.bank.lender.number, 2**62, 1000)[::-1]
    hashed = FIRST
    for item in lines:
        assert item.hash == item.access.chained(item.number, hashed)
        hashed = item.hash
    assert len(writing.services.access_log.accesses(writing.bank.lender.number, 2**62, 1000)) == before


def test_a_session_of_a_host_that_writes_is_one_here_and_ends_when_that_said(both: tuple[Api, Api], pair: Pair) -> None:
    writing, reading = both
    moment = now()
    key = hash_secret(writing.bank.api_key)
    old = Session("a" * 32, key, "form", moment - RENEWED - 60_000, moment - RENEWED - 60_000, moment + 600_000)
    kit = new_lender(writing.services, "Fourth Bank")
    ended = replace(old, id="b" * 32, key=hash_secret(kit.api_key))
    for session, secret in ((old, "old"), (ended, "ended")):
        writing.services.sessions.add_session(session, hash_secret(secret), moment - RENEWED)
    [revoked] = writing.services.access.api_keys(kit.lender.number)
    writing.services.access.end_api_key(kit.lender.number, revoked.id, expires_at=None, revoked_at=moment)
    pair.catch_up()
    client = reading.app.test_client()
    client.set_cookie("session", "old")
    answer = client.get("/lender")
    assert (answer.status_code, answer.headers.getlist("Set-Cookie")) == (200, [])
    client.set_cookie("session", "ended")
    assert client.get("/lender").status_code == 303
    assert reading.services.sessions.session_with(hash_secret("ended")) == ended


# --- what it refuses


@pytest.mark.parametrize("name", WRITES)
def test_whatever_would_write_is_refused_and_told_where_to_go(both: tuple[Api, Api], name: str) -> None:
    writing, reading = both
    item = prepared(writing, name)
    token = token_of(writing, item.operation)
    folders = [writing.folder.path / shared for shared in SHARED]
    before = [files_under(folder) for folder in folders]
    answer = item.send(reading, token)
    assert (answer.status_code, answer.mimetype) == (405, "application/problem+json")
    assert (answer.json["type"], answer.json["writes_at"]) == ("urn:loan-notary:problem:read-only", WRITES_AT)
    assert WRITES_AT in answer.json["detail"]
    assert set(answer.headers["Allow"].split(", ")) <= {"GET", "HEAD", "OPTIONS"}
    assert "Retry-After" not in answer.headers
    assert [files_under(folder) for folder in folders] == before


def test_a_refusal_says_what_is_allowed(both: tuple[Api, Api]) -> None:
    _, reading = both
    allowed = [reading.request("POST", path, b"{}").headers["Allow"] for path in ("/v1/records", "/v1/records:batch")]
    assert allowed == ["GET, HEAD, OPTIONS", "OPTIONS"]


def test_a_form_is_refused_with_a_page(both: tuple[Api, Api]) -> None:
    _, reading = both
    answer = reading.app.test_client().post("/sign-in", data={"api_key": "x"}, headers={"Accept": "text/html"})
    assert (answer.status_code, answer.mimetype) == (405, "text/html")
    assert WRITES_AT in answer.text


def test_what_is_not_there_is_still_not_there(both: tuple[Api, Api]) -> None:
    _, reading = both
    assert reading.request("POST", "/v1/nothing", b"{}").status_code == 404
    assert reading.request("POST", "/v1/anchors", b"{}").json["type"] == "urn:loan-notary:problem:method-not-allowed"


def test_its_store_writes_nothing_whatever_asks_it_to(both: tuple[Api, Api]) -> None:
    _, reading = both
    head = reading.services.log.head()
    calls = (
        lambda: reading.services.access.add_organisation("x", "lender", 0),
        lambda: reading.services.sessions.end_session("x"),
        lambda: reading.services.webhooks.remove_webhook(1, "x"),
        lambda: reading.services.store.rewrap(b"12345678"),
        lambda: reading.services.store.commit(head, Batch(head)),
    )
    for call in calls:
        with pytest.raises(ReadOnlyError, match=WRITES_AT):
            call()


def test_the_operators_commands_that_write_say_so(both: tuple[Api, Api]) -> None:
    _, reading = both
    for command in (("add-lender", "X"), ("init",), ("run", "--reanchor")):
        result = run(command[0], "--data", reading.folder.path, *command[1:])
        assert result.exit_code != 0
        assert WRITES_AT in "".join(result.output.split("\n"))
    assert run("status", "--data", reading.folder.path, "--json").exit_code == 0


# --- a replica that is behind


def test_what_has_not_come_yet_is_missing_and_may_be_on_its_way(both: tuple[Api, Api], paused: Pair) -> None:
    writing, reading = both
    old = submitted(writing, agreement("R-old", writing.bank))
    paused.go_on()
    paused.catch_up()
    paused.pause()
    kit = new_lender(writing.services, "A new bank")
    new = submitted(writing, repayment("R-old"))
    answer = receipt_of(reading, new)
    assert (answer.status_code, answer.json["type"]) == (404, "urn:loan-notary:problem:not-found")
    assert "you have no record of this id; this host reads from a replica, and it is paused" in answer.json["detail"]
    assert answer.json["writes_at"] == WRITES_AT
    lag = answer.json["replica"]
    assert (lag["follows"], lag["connected"], lag["paused"]) == (True, True, True)
    assert lag["behind_bytes"] > 0
    assert lag["behind_seconds"] > 0
    assert reading.get("/readyz").json["replica"]["behind_bytes"] > 0
    unknown = reading.get("/v1/keys", by=kit)
    assert (unknown.status_code, unknown.json["replica"]["paused"]) == (401, True)
    assert "WWW-Authenticate" in unknown.headers
    assert "replica" not in reading.app.test_client().get("/v1/keys").json
    size = int(reading.get("/log/checkpoint").text.split("\n")[1])
    assert writing.services.log.head().size > size
    assert reading.get(f"/log/tile/0/000.p/{size + 1}").status_code == 404
    assert receipt_of(reading, old).status_code == 200
    assert [item["sequence"] for item in reading.get("/v1/loans/R-old").json["records"]] == [0]
    paused.go_on()
    paused.catch_up()
    assert receipt_of(reading, new).status_code == 200
    assert reading.get("/v1/keys", by=kit).status_code == 200

    def is_caught_up() -> bool:
        # The server writes for itself, too, now and then.
        told = receipt_of(reading, "none").json
        assert told["replica"] is not None
        counts = told["replica"]["behind_bytes"], told["replica"]["behind_seconds"]
        return counts == (0, 0) and "it has applied all that it was sent" in told["detail"]

    until(is_caught_up, "the replica says that it has applied all")


def test_under_writes_and_pauses_every_proof_holds(both: tuple[Api, Api], pair: Pair) -> None:
    writing, reading = both
    sent = [submitted(writing, agreement("R-load", writing.bank))]
    pair.catch_up()
    stop = threading.Event()

    def write() -> None:
        while len(sent) < 100 and not stop.wait(0.02):
            sent.append(submitted(writing, repayment("R-load")))

    thread = threading.Thread(target=write)
    thread.start()
    statuses: list[int] = []
    try:
        for turn in range(60):
            if turn % 10 == 0:
                pair.pause()
            if turn % 10 == 5:
                pair.go_on()
            answer = receipt_of(reading, sent[-1] if turn % 2 else sent[0])
            statuses.append(answer.status_code)
            if answer.status_code == 200:
                assert reading.services.verifier.verify(answer.data).verdict is not Verdict.INVALID
            assert reading.get("/v1/loans/R-load/receipt").status_code in (200, 404)
            check_log(reading)
    finally:
        stop.set()
        thread.join()
        pair.go_on()
    pair.catch_up()
    assert set(statuses) <= {200, 404}
    assert 200 in statuses
    assert receipt_of(reading, sent[-1]).status_code == 200


def check_log(api: Api) -> None:
    """The newest tile that the checkpoint names is there, and it leads to the checkpoint's root."""
    size = int(api.get("/log/checkpoint").text.split("\n")[1])
    assert api.get(f"/log/consistency/1/{size}").status_code == 200
    width = size % 256
    if width:
        tile = api.get(f"/log/tile/0/{size // 256:03d}.p/{width}")
        assert (tile.status_code, len(tile.data)) == (200, 32 * width)


class TwoReplicas:
    """Checkpoints and records of one replica, and tiles of another, as a proxy in front of both would mix them."""

    def __init__(self, ahead: Any, behind: Any) -> None:
        self._ahead, self.read_tiles = ahead, behind.read_tiles

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ahead, name)


@pytest.mark.usefixtures("paused")
def test_no_proof_is_of_two_states(both: tuple[Api, Api]) -> None:
    writing, reading = both
    record = submitted(writing, agreement("R-mixed", writing.bank))
    # Its proof goes over these, which the other replica has not got.
    for _ in range(3):
        submitted(writing, repayment("R-mixed"))
    base = reading.services
    store: Any = TwoReplicas(writing.services.store, base.store)
    size = writing.services.log.head().size
    mixed = replace(
        base,
        store=store,
        log=Log(store),
        issuer=ReceiptIssuer(store, base.keyring, base.signer),
        exporter=ProofExporter(store, base.signer),
    )
    api = replace(reading, services=mixed, app=create_app(mixed))
    paths = (
        f"/v1/records/{record}/receipt", f"/v1/records/{record}/receipt.cose", f"/v1/records/{record}/proof.tlog-proof",
        "/v1/loans/R-mixed/receipt", f"/log/consistency/1/{size}", f"/log/tile/0/000.p/{size}",
        f"/log/consistency/1/{size}/receipt.cose",
    )  # fmt: skip
    for path in paths:
        assert writing.get(path).status_code == 200, path
        answer = api.get(path)
        assert answer.status_code == 503, (path, answer.data)
        assert "does not fit together" in answer.json["detail"]


# --- a replica whose primary is gone, and one that is made a primary


def test_without_its_primary_it_reads_on_and_promoted_it_still_writes_nothing(tmp_path: Path) -> None:
    with running_postgres() as primary, running_replica(primary) as replica, primary.database() as name:
        pair = Pair(primary, replica)
        with example_api(tmp_path / "a", database=primary.dsn(name)) as writing:
            record = submitted(writing, agreement("G-1", writing.bank))
            pair.catch_up()
            with reading_api(writing, tmp_path / "b", replica.dsn(name)) as reading:
                primary.stop("immediate")
                check_alone(reading, record)
                replica.promote()
                check_promoted(reading, record)
                replica.stop("immediate")
                check_gone(reading, record)
                replica.start()
                primary.start()
                assert receipt_of(reading, record).status_code == 200


def check_alone(reading: Api, record: str) -> None:
    answer = receipt_of(reading, record)
    assert answer.status_code == 200
    assert reading.services.verifier.verify(answer.data).verdict is not Verdict.INVALID

    def is_alone() -> bool:
        # Every few seconds it tries to find its primary again, and looks connected for that moment.
        ready, told = reading.get("/readyz").json, metrics(reading)
        assert (ready["status"], ready["replica"]["behind_bytes"]) == ("ready", 0)
        return (
            (ready["replica"]["connected"], told["connected"]) == (False, 0)
            and min(ready["replica"]["behind_seconds"], told["behind_seconds"]) > 0
            and "it is sent nothing now" in receipt_of(reading, "none").json["detail"]
        )

    until(is_alone, "the replica says that it is alone")


def check_promoted(reading: Api, record: str) -> None:
    assert receipt_of(reading, record).status_code == 200
    assert reading.get("/readyz").json["replica"]["follows"] is False
    assert metrics(reading)["promoted"] == 1
    assert "was made a primary" in receipt_of(reading, "none").json["detail"]
    assert reading.submit(repayment("G-1")).status_code == 405
    store = open_replica(reading.folder)
    with store.lent() as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("DELETE FROM sessions")
    store.close()


def check_gone(reading: Api, record: str) -> None:
    assert receipt_of(reading, record).status_code == 503
    assert reading.get("/readyz").status_code == 503
    assert reading.get("/log/checkpoint").status_code == 503
    assert set(metrics(reading)) == set()


def metrics(api: Api) -> dict[str, float]:
    """Return what the metrics tell of the replica."""
    registry, store = CollectorRegistry(), open_replica(api.folder)
    registry.register(ReplicaCollector(store, {}))
    lines = generate_latest(registry).decode().splitlines()
    found = (line.removeprefix("loan_notary_replica_").split() for line in lines if line.startswith("loan_notary_rep"))
    return {name: float(value) for name, value in found}


# --- who is let in


def test_a_host_that_reads_belongs_to_the_notary(both: tuple[Api, Api], pair: Pair, tmp_path: Path) -> None:
    writing, reading = both
    host_of(writing.folder).check()
    writing.services.store.close()
    pair.catch_up()
    host_of(reading.folder).check()
    dsn = reading.folder.settings().database or ""
    other = reading_folder(writing.folder.path, tmp_path / "other", dsn, origin="other.example/log")
    with pytest.raises((SettingsError, UnavailableError)):
        host_of(other).check()


def test_it_reads_from_one_server(both: tuple[Api, Api], tmp_path: Path) -> None:
    writing, _ = both
    several = "postgresql://notary@one,two/notary"
    folder = reading_folder(writing.folder.path, tmp_path / "b", several)
    for opened in (lambda: host_of(folder), lambda: open_store(folder)):
        with pytest.raises(UnavailableError, match="reads from one server"):
            opened()


def test_a_file_has_no_replica(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "a")
    change_settings(folder.path, writes_at=WRITES_AT)
    result = run("run", "--data", folder.path)
    assert result.exit_code == 1
    assert "only a host on PostgreSQL can read from a replica" in " ".join(result.output.split())
