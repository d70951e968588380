# SPDX-License-Identifier: Apache-2.0
"""Bad input, row by row: the right status and problem, a pointer to the fault, and nothing left behind."""

import io
from collections.abc import Iterator

import orjson
import pytest

from notary.encoding import b64url
from tests.support.api import Api, streamed
from tests.support.bad_envelopes import ENVELOPE_ROWS, STRANGER
from tests.support.bad_records import (
    BIG,
    JSON_ROWS,
    OPEN,
    PREFIX,
    RECORD_ROWS,
    STATE_ROWS,
    TRANSPORT_ROWS,
    Row,
    begun_api,
    check,
    plain,
    send,
)

RECORDS = {**JSON_ROWS, **RECORD_ROWS, **ENVELOPE_ROWS, **STATE_ROWS, **TRANSPORT_ROWS}

JWK = STRANGER.public.jwk
EC = {"kty": "EC", "crv": "P-256", "x": b64url(b"\x01" * 32), "y": b64url(b"\x01" * 32)}


def bad_key(pointer: str, jwk: object = None, party: object = "lender", **more: object) -> Row:
    value = {"party": party, "jwk": JWK if jwk is None else jwk, **more}
    return Row(orjson.dumps(value), 422, "invalid-key", (pointer,))


KEY_ROWS = {
    **{f"JSON: {name}": row for name, row in JSON_ROWS.items() if len(row.body) <= 4096},
    "a list": Row(b"[]", 422, "invalid-input", ("",)),
    "no members": Row(b"{}", 422, "invalid-input", ("",)),
    "unknown member": Row(bad_key("", name="x").body, 422, "invalid-input", ("",)),
    "an end in the past": bad_key("/valid_until", valid_until="2020-01-01T00:00:00.000Z"),
    "a time that is none": bad_key("/valid_from", valid_from="today"),
    "an unknown key replaced": bad_key("/replaces", replaces="x"),
    "an overlap with nothing": bad_key("/overlap_seconds", overlap_seconds=1),
    "unknown party": bad_key("/party", party="judge"),
    "party as a list": bad_key("/party", party=["lender"]),
    "party as null": bad_key("/party", party=None),
    "key as text": bad_key("/jwk", jwk="key"),
    "private key": bad_key("/jwk/d", jwk={**JWK, "d": "AA"}),
    "symmetric key": bad_key("/jwk/kty", jwk={"kty": "oct", "k": "AA"}),
    "unknown curve": bad_key("/jwk/kty", jwk={**JWK, "crv": "Ed448"}),
    "kid in the key": bad_key("/jwk", jwk={**JWK, "kid": "x"}),
    "no x": bad_key("/jwk", jwk={"kty": "OKP", "crv": "Ed25519"}),
    "x too short": bad_key("/jwk/x", jwk={**JWK, "x": "AAAA"}),
    "x with padding": bad_key("/jwk/x", jwk={**JWK, "x": JWK["x"] + "="}),
    "x as a number": bad_key("/jwk/x", jwk={**JWK, "x": 1}),
    "a point of small order": bad_key("/jwk/x", jwk={**JWK, "x": b64url(bytes(32))}),
    "a point not on the curve": bad_key("/jwk/x", jwk=EC),
    "a key that is another party's": Row(
        lambda api: orjson.dumps({"party": "borrower", "jwk": api.bank.key.public.jwk}), 422, "invalid-key", ("/party",)
    ),
    "too long": Row(b" " * 4097, 413, "request-entity-too-large"),
    "2 MB": Row(BIG, 413, "request-entity-too-large"),
    "text": Row(b"{}", 415, "unsupported-media-type", media_type="text/plain"),
    "no content type": Row(b"{}", 415, "unsupported-media-type", media_type=None),
    "gzip": Row(b"{}", 415, "unsupported-media-type", headers={"Content-Encoding": "gzip"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with begun_api(tmp_path_factory.mktemp("bad input")) as api:
        yield api


@pytest.mark.parametrize("name", RECORDS)
def test_records(api: Api, name: str) -> None:
    before = api.state()
    check(send(api, "/v1/records", RECORDS[name]), RECORDS[name])
    assert api.state() == before


@pytest.mark.parametrize("name", KEY_ROWS)
def test_keys(api: Api, name: str) -> None:
    before = api.state()
    check(send(api, "/v1/keys", KEY_ROWS[name]), KEY_ROWS[name])
    assert api.state() == before


BEYOND = {
    "an API key's end": ("POST", "/v1/api-keys", {"name": "n", "scopes": ["records:read"]}, "expires_at"),
    "a pass's end": ("POST", "/v1/passes", {"loan": "LN-2026-0001"}, "expires_at"),
    "a key's end": ("POST", "/v1/keys", {"party": "lender", "jwk": JWK}, "valid_until"),
    "a key's revocation": ("POST", "/v1/keys/{kid}/revocation", {}, "from"),
}


@pytest.mark.parametrize("name", BEYOND)
@pytest.mark.parametrize("moment", ["0089-11-21T21:13:30.863Z", "4912-11-02T21:42:53.567Z"])
def test_a_moment_that_no_record_can_name_was_called_a_broken_record(api: Api, name: str, moment: str) -> None:
    method, path, members, member = BEYOND[name]
    before = api.state()
    headers = {"Idempotency-Key": f"{moment} {name}".replace(" ", "-").replace("'", "")}
    path = path.replace("{kid}", api.bank.key.public.kid)
    answer = api.request(method, path, orjson.dumps(members | {member: moment}), headers=headers)
    assert (answer.status_code, answer.json["type"].rpartition(":")[2]) in (
        (422, "invalid-input"),
        (422, "invalid-key"),
    )
    assert [fault["pointer"] for fault in answer.json["errors"]] == [f"/{member}"]
    assert api.state() == before


def test_a_view_of_a_loan_in_the_year_396_wrote_three_digits(api: Api) -> None:
    answer = api.get(f"/v1/loans/{OPEN}?as_of=0396-02-07T20:17:23.771Z")
    assert (answer.status_code, answer.json["type"].rpartition(":")[2]) == (422, "invalid-input")


def as_line(api: Api, row: Row) -> bytes | None:
    """Return the row's body as one line of a batch; None if it cannot stand in one."""
    body = row.body if isinstance(row.body, bytes) else row.body(api)
    usable = row.status in (400, 409, 422) and body and b"\n" not in body and not body.startswith(b"\xff\xfe")
    return body if usable else None


def test_a_batch_of_all_bad_records_says_the_same_of_each(api: Api) -> None:
    before = api.state()
    lines = {name: line for name, row in RECORDS.items() if (line := as_line(api, row))}
    response = api.batch(b"\n".join(lines.values()))
    documents = [orjson.loads(line) for line in response.data.splitlines()]
    assert [document["line"] for document in documents] == list(range(1, len(lines) + 1))
    for name, document in zip(lines, documents, strict=True):
        row = RECORDS[name]
        assert (document["status"], document["type"]) == (row.status, PREFIX + row.slug), name
        if row.pointers is not None:
            assert [fault["pointer"] for fault in document["errors"]] == list(row.pointers), name
        assert document["trace_id"]
    assert len(lines) > 100
    assert api.state() == before


BATCH_ROWS = {
    "JSON": Row(b"{}", 415, "unsupported-media-type"),
    "no content type": Row(b"{}", 415, "unsupported-media-type", media_type=None),
    "gzip": Row(b"{}", 415, "unsupported-media-type", None, "application/x-ndjson", {"Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("name", BATCH_ROWS)
def test_a_batch_of_a_wrong_kind_is_refused_whole(api: Api, name: str) -> None:
    before = api.state()
    check(send(api, "/v1/records:batch", BATCH_ROWS[name]), BATCH_ROWS[name])
    assert api.state() == before


def test_a_batch_that_says_it_is_too_long_is_refused_whole(api: Api) -> None:
    length = {"CONTENT_LENGTH": str(64 * 1024 * 1024 + 1)}
    response = api.request(
        "POST", "/v1/records:batch", b"", media_type="application/x-ndjson", environ_overrides=length
    )
    check(response, Row(b"", 413, "request-entity-too-large"))


@pytest.mark.parametrize("path", ["/v1/records", "/v1/keys", "/v1/verify"])
@pytest.mark.parametrize("tail", [b" " * 4_300_000, b" " * 4_300_000 + b"garbage"])
def test_a_body_of_unknown_length_is_not_cut_at_the_limit(api: Api, path: str, tail: bytes) -> None:
    before = api.state()
    response = api.request("POST", path, b"", environ_overrides=streamed(io.BytesIO(plain() + tail)))
    check(response, Row(b"", 413, "request-entity-too-large"))
    assert api.state() == before
