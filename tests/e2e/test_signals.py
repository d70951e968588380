# SPDX-License-Identifier: Apache-2.0
"""What a running service tells its operator: numbers of all its processes, and nowhere a secret or a person."""

import json
import re
import socket
import sqlite3
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.databases import open_store
from api.settings import DataFolder
from loan_notary import Client
from loan_notary.call import send_json
from notary.canonical import canonical_json
from notary.encoding import b64url
from notary.schemes import generate_key
from tests.support.api import repayment
from tests.support.builders import record, signed
from tests.support.cli import document, run
from tests.support.receiver import receiving
from tests.support.service import Answer, Service, new_service, processes_of, until

CANARY = "canary-7c1e"
LOAN = f"{CANARY}-贷字第1号"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@dataclass
class Story:
    """A service to which everything has happened, and what came of it."""

    service: Service
    secrets: list[str] = field(default_factory=list)
    refusals: list[Answer] = field(default_factory=list)
    metrics: str = ""
    commands: str = ""

    def post(self, path: str, members: dict[str, Any], api_key: str) -> dict[str, Any]:
        with Client(self.service.url, api_key) as client:
            made: dict[str, Any] = client.send(send_json("POST", path, members))
            return made


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("signals") / "data"
    with new_service(folder, "--webhook-network", "127.0.0.0/8") as service, receiving() as receiver:
        told = Story(service)
        api_key, other = service.add_lender(f"{CANARY} Bank"), service.add_lender("Second Bank")
        service.start()
        use(told, api_key, f"{receiver.url}/{CANARY}")
        misuse(told, api_key, other)
        until(lambda: bool(receiver.of("record.final")), "a webhook tells that a record is final")
        until(lambda: sample(scraped(service), "loan_notary_anchor_wait_seconds_count", state="final") > 0, "it counts")
        until(lambda: "loan_notary_wallet_ether " in scraped(service), "the balance is known")
        told.metrics = scraped(service)
        told.commands = "\n".join(processes_of(folder).values())
        told.secrets += [api_key, other, *kept_secrets(folder)]
        yield told


def use(told: Story, api_key: str, receiver: str) -> None:
    key = generate_key("EdDSA")
    hook = told.post("/v1/webhooks", {"url": receiver, "events": ["record.recorded", "record.final"]}, api_key)
    told.post("/v1/keys", {"party": "lender", "jwk": key.public.jwk}, api_key)
    parties = [{"role": "lender", "name": f"{CANARY} Bank"}, {"role": "borrower", "name": f"{CANARY} Wang"}]
    begun = record("agreement", loan=LOAN, parties=parties)
    assert told.service.request("POST", "/v1/records", canonical_json(begun), api_key).status == 201
    body = signed(repayment(LOAN, reference=CANARY), key)
    assert told.service.request("POST", "/v1/records", body, api_key, "application/jose+json").status == 201
    lines = b"\n".join(canonical_json(repayment(LOAN)) for _ in range(30)) + b'\n{"' + CANARY.encode() + b'": 1}\n'
    told.service.request("POST", "/v1/records:batch", lines, api_key, "application/x-ndjson")
    file = f"%PDF-1.7 {CANARY}".encode()
    put = told.service.request("PUT", f"/v1/documents/{sha256(file).hexdigest()}", file, api_key, "application/pdf")
    assert put.status == 201
    minted = told.post("/v1/passes", {"loan": LOAN, "expires_at": "2999-01-01T00:00:00.000Z"}, api_key)
    more = told.post("/v1/api-keys", {"name": CANARY, "scopes": ["records:read"]}, api_key)
    told.secrets += [
        hook["secret"],
        minted["secret"],
        more["api_key"],
    ]
    assert told.service.request("GET", "/v1/my-loan", None, minted["secret"]).status == 200


def misuse(told: Story, api_key: str, other: str) -> None:
    """Go wrong in every way; what the other lender gets told is kept."""
    service, path = told.service, quote(LOAN, safe="")
    wrong = canonical_json(repayment(LOAN, amount=CANARY))
    for body in (b'{"' + CANARY.encode(), wrong, canonical_json(repayment(f"{CANARY}-none"))):
        assert service.request("POST", "/v1/records", body, api_key).status >= 400
    for asked in (f"/v1/loans/{path}", f"/v1/records/{CANARY}", f"/{CANARY}?{CANARY}={CANARY}", f"/v1/keys/{CANARY}"):
        told.refusals.append(service.request("GET", asked, None, other))
        told.refusals.append(service.request("GET", asked, None, f"ln_{CANARY}"))
        service.request("DELETE", asked, None, api_key)
    service.request("POST", "/v1/verify", b'{"' + CANARY.encode() + b'":' + b"[" * 5000)
    service.request("POST", "/v1/records", b"{}", api_key, f"text/{CANARY}")
    broken = (
        f"POST /v1/records:batch HTTP/1.1\r\nHost: {CANARY}\r\nAuthorization: Bearer {api_key}\r\nX-{CANARY}: 1\r\n"
    )
    broken += f"Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\nc\r\n{CANARY}\n\r\n{CANARY}"
    for text in (broken, f"{CANARY}\r\n\r\n", f"GET /{CANARY} HTTP/9\r\n{CANARY}\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", service.port), timeout=30) as link:
            link.sendall(text.encode())
    headers = (
        f"GET /v1/loans/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\ntraceparent: 00-{TRACE}-{TRACE[:16]}-01\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as link:
        link.sendall(headers.encode())
        assert TRACE in b"".join(iter(lambda: link.recv(65536), b"")).decode()
    # A database that is away makes every kind of request fail inside.
    with table_away(service, "organisations"):
        failed = service.request("GET", f"/v1/loans/{path}", None, api_key)
    assert failed.status >= 500
    told.refusals.append(failed)


@contextmanager
def table_away(service: Service, name: str) -> Iterator[None]:
    """Give a table another name for a while, so that statements about it fail."""
    for old, new in ((name, "away"), ("away", name)):
        with closing(sqlite3.connect(service.folder / "notary.db", timeout=30)) as connection:
            connection.execute("PRAGMA legacy_alter_table=ON")
            connection.execute(f"ALTER TABLE {old} RENAME TO {new}")
        if new == "away":
            yield


def scraped(service: Service) -> str:
    """Return what `/metrics` answers."""
    with urlopen((service.folder / "metrics.address").read_text(), timeout=30) as answer:
        return str(answer.read().decode())


def sample(text: str, name: str, **labels: str) -> float:
    """Return the sum of the samples of a name with these labels."""
    found = [item for family in text_string_to_metric_families(text) for item in family.samples if item.name == name]
    return sum(item.value for item in found if labels.items() <= item.labels.items())


def kept_secrets(folder: Path) -> list[str]:
    """Return the service's own keys, and what opens entries, in every spelling that they could be written in."""
    blobs = [secret for record, loan in open_store(DataFolder(folder)).records() for secret in (loan.key, record.nonce)]
    blobs += [sha256((folder / "keys" / "log.pem").read_bytes()).digest()]
    texts = [line for line in (folder / "keys" / "log.pem").read_text().splitlines() if "-----" not in line]
    texts.append((folder / "keys" / "anchor.key").read_text().strip().removeprefix("0x"))
    for blob in blobs:
        texts += [blob.hex(), b64url(blob), b64encode(blob).decode()]
    assert all(len(text) >= 32 for text in texts)
    return texts


def public_log(service: Service) -> bytes:
    """Return what anybody can fetch."""
    paths = (
        "/log/checkpoint",
        "/log/tile/0/000.p/8",
        "/log/tile/entries/000.p/8",
        "/v1/anchors",
        "/readyz",
        "/healthz",
    )
    return b"\n".join(service.request("GET", path).body for path in paths)


def test_no_canary_sings(story: Story) -> None:
    service = story.service
    written = {
        "log": service.log.read_text(),
        "node's log": (service.folder / "chain" / "anvil.log").read_text(errors="replace"),
        "metrics": story.metrics,
        "command lines": story.commands,
        "public log": public_log(service).decode("latin-1"),
        "answers to others": "\n".join(answer.body.decode() for answer in story.refusals),
    }
    quoted = json.dumps(LOAN).strip('"')
    for where, text in written.items():
        for secret in (
            *story.secrets,
            CANARY,
            LOAN,
            quoted,
            CANARY.encode().hex(),
            b64encode(CANARY.encode()).decode(),
        ):
            assert secret not in text, f"{secret} in {where}"
    assert "request refused" in written["log"]
    assert "webhook attempt" in written["log"]
    assert all(answer.status >= 400 for answer in story.refusals)
    assert {answer.status for answer in story.refusals} >= {401, 404}


def test_every_line_of_the_log_is_whole(story: Story) -> None:
    lines = [line for line in story.service.log.read_text().splitlines() if not line.startswith("ready at ")]
    events = [json.loads(line) for line in lines]
    for event in events:
        assert {"time", "level", "event", "process"} <= set(event)
    assert {event["process"] for event in events} >= {"service", "server", "webhooks"}
    refused = [event for event in events if event["event"] == "request refused"]
    assert all(re.fullmatch("[0-9a-f]{32}", event["trace_id"]) for event in refused)
    assert any(event["trace_id"] == TRACE for event in refused)
    assert {event["organisation"] for event in refused} >= {1, 2, None}
    assert {event["route"] for event in refused} >= {"", "/v1/records", "/v1/records/<record_id>"}
    assert any(event["event"] == "request failed" for event in events)


def test_one_answer_has_the_numbers_of_all_processes(story: Story) -> None:
    text = story.metrics
    assert sample(text, "loan_notary_records_total", signatures="none") >= 31
    assert sample(text, "loan_notary_records_total", signatures="one") == 1
    assert sample(text, "loan_notary_request_seconds_count", route="/v1/records", status="2xx") == 2
    assert sample(text, "loan_notary_problems_total", reason="malformed-json") >= 1
    assert sample(text, "loan_notary_commit_size_sum") >= 32
    assert sample(text, "loan_notary_commit_seconds_count") == sample(text, "loan_notary_commit_size_count") > 0
    assert sample(text, "loan_notary_webhook_attempts_total", outcome="delivered") >= 2
    assert sample(text, "loan_notary_document_checks_total") >= 1
    assert sample(text, "loan_notary_log_size") >= 33
    assert 0 < sample(text, "loan_notary_wallet_ether") <= 1000
    assert sample(text, "loan_notary_anchoring_failed") == 0
    assert sample(text, "loan_notary_process_resident_bytes", process="writer") > 1_000_000
    parts = {"service", "writer", "server", "webhooks", "jobs"}
    assert {part for part in parts if sample(text, "loan_notary_process_cpu_seconds", process=part) > 0} == parts
    assert "_created" not in text


def test_the_public_port_has_no_metrics(story: Story) -> None:
    assert story.service.request("GET", "/metrics").status == 404


def test_status_says_what_wants_looking_after(story: Story) -> None:
    shown = document(run("status", "--data", story.service.folder, "--json"))
    assert shown["metrics"] == (story.service.folder / "metrics.address").read_text()
    assert 0 < shown["anchor_account_ether"] <= 1000
    assert shown["webhook_messages_failed"] == 0
    assert shown["webhook_lag_seconds"] >= 0
