# SPDX-License-Identifier: Apache-2.0
"""Bad bodies for the API, each with what it must be answered with; and a notary to send them to."""

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import orjson
from werkzeug.test import TestResponse

from notary.registration import MAX_BODY
from tests.support.api import PROBLEM, Api, agreement, repayment, running_api
from tests.support.builders import signed

OPEN, CLOSED = "开放/../A-1", "Z-1"
KNOWN = "01998d2e-5c00-7a31-8f42-6d1f0c2b9e77"
PREFIX = "urn:loan-notary:problem:"


@contextmanager
def begun_api(path: Path) -> Iterator[Api]:
    """Run a notary with the loans `OPEN`, of which `KNOWN` is a repayment, and `CLOSED`, which is settled."""
    with running_api(path / "data") as api:
        assert api.submit(signed(agreement(OPEN, api.bank), api.bank.key, api.bank.borrower)).status_code == 201
        assert api.submit(repayment(OPEN, id=KNOWN)).status_code == 201
        assert api.submit(agreement(CLOSED, api.bank)).status_code == 201
        settlement = {"type": "settlement", "id": str(uuid4()), "loan": CLOSED, "occurred_at": "2026-01-01T00:00:00Z"}
        zero = {"currency": "CNY", "amount": "0.00"}
        settlement |= {"value_date": "2026-01-01", "outstanding": zero, "amount": zero}
        assert api.submit(settlement).status_code == 201
        yield api


Body = bytes | Callable[[Api], bytes]


class Row(NamedTuple):
    """A body, and what it must be answered with; `pointers` are those of all faults, in order."""

    body: Body
    status: int
    slug: str
    pointers: tuple[str, ...] | None = None
    media_type: str | None = "application/json"
    headers: dict[str, str] | None = None


def plain(**changes: Any) -> bytes:
    return orjson.dumps(repayment(OPEN) | changes)


def without(*names: str) -> bytes:
    return orjson.dumps({name: value for name, value in repayment(OPEN).items() if name not in names})


def in_text(old: bytes, new: bytes) -> bytes:
    body = plain()
    assert body.count(old) == 1, old
    return body.replace(old, new)


def malformed(body: bytes) -> Row:
    return Row(body, 400, "malformed-json", ("",))


def invalid(body: bytes, *pointers: str) -> Row:
    return Row(body, 422, "invalid-record", pointers)


JSON_ROWS = {
    "nothing": malformed(b""),
    "a space": malformed(b" "),
    "no JSON": malformed(b"<record/>"),
    "truncated": malformed(plain()[:-1]),
    "truncated in a string": malformed(plain()[:40]),
    "two values": malformed(plain() + b"{}"),
    "trailing comma": malformed(in_text(b'"instalments":[3]', b'"instalments":[3,]')),
    "comment": malformed(b"/* */" + plain()),
    "single quotes": malformed(plain().replace(b'"', b"'")),
    "duplicate key": malformed(in_text(b'"rail":', b'"rail":"SEPA_SCT","rail":')),
    "duplicate key by an escape": malformed(in_text(b'"rail":', b'"r\\u0061il":"SEPA_SCT","rail":')),
    "duplicate key below": malformed(in_text(b'"amount":"890.99"', b'"amount":"890.99","amount":"890.99"')),
    "a float": malformed(in_text(b"[3]", b"[3.0]")),
    "an exponent": malformed(in_text(b"[3]", b"[3e0]")),
    "minus zero": malformed(in_text(b"[3]", b"[-0]")),
    "minus zero as a float": malformed(in_text(b"[3]", b"[-0.0]")),
    "2^53": malformed(in_text(b"[3]", b"[9007199254740992]")),
    "an integer of 10,000 digits": malformed(in_text(b"[3]", b"[" + b"9" * 10_000 + b"]")),
    "NaN": malformed(in_text(b"[3]", b"[NaN]")),
    "Infinity": malformed(in_text(b"[3]", b"[-Infinity]")),
    "money as a float": malformed(in_text(b'"890.99"', b"890.99")),
    "text that is not NFC": malformed(plain(reference="Cafe\u0301")),
    "text that is not NFC, escaped": malformed(in_text(b'"20260415-778120"', b'"Cafe\\u0301"')),
    "a lone surrogate": malformed(in_text(b'"20260415-778120"', b'"\\ud800"')),
    "a lone surrogate in bytes": malformed(in_text(b'"20260415-778120"', b'"\xed\xa0\x80"')),
    "two surrogates the wrong way": malformed(in_text(b'"20260415-778120"', b'"\\udc00\\ud800"')),
    "a byte order mark": malformed(b"\xef\xbb\xbf" + plain()),
    "UTF-16": malformed(plain().decode().encode("utf-16")),
    "invalid UTF-8": malformed(in_text(b'"20260415-778120"', b'"\xff"')),
    "overlong UTF-8": malformed(in_text(b'"20260415-778120"', b'"\xc0\xaf"')),
    "a NUL byte": malformed(in_text(b'"20260415-778120"', b'"\x00"')),
    "a NUL byte after the value": malformed(plain() + b"\x00"),
    "a key beyond ASCII": malformed(plain(贷款="A-1")),
    "lists 100,000 deep": malformed(b"[" * 50_000 + b"]" * 50_000),
    "lists 100,000 deep and not closed": malformed(b"[" * 100_000),
    "objects 20,000 deep": malformed(b'{"a":' * 20_000 + b"1" + b"}" * 20_000),
    "a record in lists 300 deep": malformed(
        plain(links=orjson.loads(b"[" * 200 + b"]" * 200)).replace(b"[]", b"[" * 100 + b"]" * 100)
    ),
}

RECORD_ROWS = {
    "a list": invalid(b"[]", ""),
    "a string": invalid(b'"repayment"', ""),
    "a number": invalid(b"7", ""),
    "null": invalid(b"null", ""),
    "no members": invalid(b"{}", "/type"),
    "a NUL character in an escape": invalid(in_text(b'"20260415-778120"', b'"\\u0000"'), "/reference"),
    "unknown type": invalid(plain(type="gift"), "/type"),
    "type that is no string": invalid(plain(type=["repayment"]), "/type"),
    "unknown member": invalid(plain(colour="red"), "/colour"),
    "unknown member below": invalid(plain(split={**repayment(OPEN)["split"], "tip": None}), "/split/tip"),
    "a member with a slash and a tilde": invalid(plain(**{"a/b~c": 1}), "/a~1b~0c"),
    "two members missing": invalid(without("amount", "rail"), "/amount", "/rail"),
    "id missing": invalid(without("id"), "/id"),
    "null for an optional member": invalid(plain(documents=None), "/documents"),
    "id that is no UUID": invalid(plain(id="1"), "/id"),
    "id in capitals": invalid(plain(id=KNOWN.upper()), "/id"),
    "id as a number": invalid(plain(id=1), "/id"),
    "no loan number": invalid(plain(loan=""), "/loan"),
    "a loan number of 129 characters": invalid(plain(loan="贷" * 129), "/loan"),
    "a loan number with a line break": invalid(plain(loan="A\nB"), "/loan"),
    "a loan number with a direction override": invalid(plain(loan="A\u202eB"), "/loan"),
    "a list for a loan": invalid(plain(loan=[OPEN]), "/loan"),
    "a time without zone": invalid(plain(occurred_at="2026-04-15T02:11:09"), "/occurred_at"),
    "a time with an offset": invalid(plain(occurred_at="2026-04-15T02:11:09+08:00"), "/occurred_at"),
    "the 30th of February": invalid(plain(occurred_at="2026-02-30T02:11:09Z"), "/occurred_at"),
    "an amount as a number": invalid(plain(amount={"currency": "CNY", "amount": 890}), "/amount/amount"),
    "an amount without currency": invalid(plain(amount={"amount": "890.99"}), "/amount/currency"),
    "an unknown currency": invalid(plain(amount={"currency": "XXX", "amount": "890.99"}), "/amount/currency"),
    "yen with decimals": invalid(plain(amount={"currency": "JPY", "amount": "890.99"}), "/amount/amount"),
    "a negative amount": invalid(plain(amount={"currency": "CNY", "amount": "-890.99"}), "/amount/amount"),
    "an amount in other digits": invalid(plain(amount={"currency": "CNY", "amount": "٨٩٠.٩٩"}), "/amount/amount"),
    "parts that do not sum": invalid(plain(amount={"currency": "CNY", "amount": "891.00"}), "/split"),
    "an instalment as text": invalid(plain(instalments=["3"]), "/instalments/0"),
    "an instalment as a truth": invalid(plain(instalments=[True]), "/instalments/0"),
    "sequence without previous": invalid(plain(sequence=2), "/previous"),
    "previous in capitals": invalid(plain(sequence=2, previous="AB" * 32), "/previous"),
    "sequence below zero": invalid(plain(sequence=-1), "/sequence"),
    "10,000 unknown keys": Row(plain(**{f"k{n}": n for n in range(9_000)}), 422, "invalid-record"),
    "agreement without anything": Row(orjson.dumps({"type": "agreement"}), 422, "invalid-record"),
}  # fmt: skip


def refused(body: Body, slug: str, pointer: str) -> Row:
    return Row(body, 409, slug, (pointer,))


STATE_ROWS = {
    "known id, other bytes": refused(plain(id=KNOWN, reference="other"), "duplicate-record", "/id"),
    "known id, other loan": refused(plain(id=KNOWN, loan="B-1"), "duplicate-record", "/id"),
    "known id, now signed": refused(
        lambda api: signed(repayment(OPEN, id=KNOWN), api.bank.key), "duplicate-record", "/id"
    ),
    "a gap": refused(plain(sequence=7, previous="ab" * 32), "wrong-sequence", "/sequence"),
    "a number that was given": refused(plain(sequence=1, previous="ab" * 32), "wrong-sequence", "/sequence"),
    "wrong previous": refused(plain(sequence=2, previous="ab" * 32), "wrong-sequence", "/previous"),
    "previous without sequence": refused(plain(previous="ab" * 32), "wrong-sequence", "/previous"),
    "repayment of no loan": refused(plain(loan="nobody's"), "illegal-transition", "/type"),
    "a second agreement": refused(lambda api: orjson.dumps(agreement(OPEN, api.bank)), "illegal-transition", "/type"),
    "repayment after settlement": refused(plain(loan=CLOSED), "illegal-transition", "/type"),
    "a case of the number is another loan": refused(plain(loan=CLOSED.lower()), "illegal-transition", "/type"),
}

BIG = b'{"type":"' + b"x" * 2_000_000 + b'"}'
TRANSPORT_ROWS = {
    "2 MB": Row(BIG, 413, "request-entity-too-large"),
    "one byte too long": Row(b" " * (MAX_BODY + 1), 413, "request-entity-too-large"),
    "as long as may be": malformed(b" " * MAX_BODY),
    "plain record over the limit of a payload": invalid(plain(links=[KNOWN] * 256, documents=[
        {"name": "n" * 255, "media_type": "a/b", "size": 0, "sha256": "ab" * 32}] * 256), ""),
    "no content type": Row(plain(), 415, "unsupported-media-type", media_type=None),
    "text": Row(plain(), 415, "unsupported-media-type", media_type="text/plain"),
    "a form": Row(plain(), 415, "unsupported-media-type", media_type="application/x-www-form-urlencoded"),
    "a form of parts": Row(plain(), 415, "unsupported-media-type", media_type="multipart/form-data; boundary=x"),
    "lines": Row(plain(), 415, "unsupported-media-type", media_type="application/x-ndjson"),
    "nearly JSON": Row(plain(), 415, "unsupported-media-type", media_type="application/jsonx"),
    "gzip": Row(gzip.compress(plain()), 415, "unsupported-media-type", headers={"Content-Encoding": "gzip"}),
    "says gzip and is not": Row(plain(), 415, "unsupported-media-type", headers={"Content-Encoding": "gzip"}),
}  # fmt: skip


def check(response: TestResponse, row: Row) -> None:
    document = orjson.loads(response.data)
    assert (response.status_code, document["type"]) == (row.status, PREFIX + row.slug), document
    assert response.content_type == PROBLEM
    assert document["status"] == row.status
    assert document["title"]
    assert document["detail"]
    assert len(document["trace_id"]) == 32
    if row.pointers is not None:
        assert [fault["pointer"] for fault in document["errors"]] == list(row.pointers), document["errors"]
    assert all(fault["check"].startswith("C") for fault in document.get("errors", ()))
    assert len(document.get("errors", ())) <= 100


def send(api: Api, path: str, row: Row, **environ: Any) -> TestResponse:
    body = row.body if isinstance(row.body, bytes) else row.body(api)
    return api.request("POST", path, body, media_type=row.media_type, headers=row.headers, **environ)
