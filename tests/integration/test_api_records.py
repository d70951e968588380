# SPDX-License-Identifier: Apache-2.0
"""Records through the API: what a lender gets back, finds again, and nobody else sees."""

from collections.abc import Iterator
from hashlib import sha256
from urllib.parse import quote
from uuid import uuid4

import orjson
import pytest

from notary.canonical import canonical_json
from notary.receipts.receipt import parse_receipt
from notary.receipts.report import Verdict
from notary.schemes import generate_key
from tests.support.api import PROBLEM, Api, agreement, repayment, running_api
from tests.support.builders import signed


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("records") / "data") as api:
        yield api


def test_a_co_signed_agreement_is_recorded_with_a_receipt_that_verifies(api: Api) -> None:
    value = agreement("A-1", api.bank)
    body = signed(value, api.bank.key, api.bank.borrower)
    response = api.submit(body)
    assert response.status_code == 201
    receipt = parse_receipt(response.data)
    assert receipt.envelope.encode() == body
    assert receipt.state == "recorded"
    report = api.services.verifier.verify(response.data)
    assert report.verdict is Verdict.VALID
    assert report.facts["assurance"] == "co-signed"
    assert report.facts["lender"] == "示范银行"

    shown = api.get(f"/v1/records/{value['id']}").json
    assert shown["record"] == value
    assert shown["envelope"] == orjson.loads(body)
    assert (shown["assurance"], shown["sequence"], shown["index"]) == ("co-signed", 0, receipt.index)


def test_the_assurance_is_what_was_signed(api: Api) -> None:
    assert api.submit(agreement("A-2", api.bank)).status_code == 201
    lender_signed = repayment("A-2")
    assert api.submit(signed(lender_signed, api.bank.key)).status_code == 201
    both = repayment("A-2")
    assert api.submit(signed(both, api.bank.borrower, api.bank.key)).status_code == 201
    timeline = api.get("/v1/loans/A-2").json
    assert [line["assurance"] for line in timeline["records"]] == ["received", "lender-signed", "co-signed"]
    assert [line["sequence"] for line in timeline["records"]] == [0, 1, 2]
    assert timeline["state"] == "agreed"
    for line in timeline["records"]:
        receipt = api.get(f"/v1/records/{line['id']}/receipt").data
        assert api.services.verifier.verify(receipt).facts["assurance"] == line["assurance"]


def test_the_same_bytes_again_give_the_first_receipt(api: Api) -> None:
    value = agreement("A-3", api.bank)
    first = api.submit(value)
    before = api.state()
    # Another order of keys and white space is the same record.
    again = api.submit(orjson.dumps(dict(reversed(value.items())), option=orjson.OPT_INDENT_2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert api.state() == before
    one, other = parse_receipt(first.data), parse_receipt(again.data)
    assert (one.index, one.nonce, one.tag, one.envelope) == (other.index, other.nonce, other.tag, other.envelope)
    assert one.received_at == other.received_at
    # Ed25519 signs the same twice the same, so the whole receipt of an unchanged log is the same.
    assert again.data == api.get(f"/v1/records/{value['id']}/receipt").data


def test_a_fixed_order_is_kept(api: Api) -> None:
    first = agreement("A-4", api.bank, sequence=0)
    assert api.submit(first).status_code == 201
    second = repayment("A-4", sequence=1, previous=sha256(canonical_json(first)).hexdigest())
    assert api.submit(second).status_code == 201
    late = repayment("A-4", sequence=1, previous=sha256(canonical_json(first)).hexdigest())
    assert api.submit(late).status_code == 409


def test_an_id_is_one_lender_s(api: Api) -> None:
    value = agreement("A-5", api.bank)
    assert api.submit(value).status_code == 201
    assert api.submit(value | {"purpose": "other"}, by=api.other).status_code == 201
    assert api.get(f"/v1/records/{value['id']}").json["record"] == value
    assert api.get(f"/v1/records/{value['id']}", by=api.other).json["record"]["purpose"] == "other"


def test_another_lender_sees_nothing(api: Api) -> None:
    value = agreement("Secret-1", api.bank)
    assert api.submit(value).status_code == 201
    kid = api.bank.key.public.kid
    paths = (
        f"/v1/records/{value['id']}",
        f"/v1/records/{value['id']}/receipt",
        "/v1/loans/Secret-1",
        f"/v1/keys/{kid}",
    )
    for path in paths:
        assert api.get(path).status_code == 200
        response = api.get(path, by=api.other)
        assert (response.status_code, response.content_type) == (404, PROBLEM)
        # The answer is the one that a name gets that nobody has.
        nobody = api.get(
            path.replace(value["id"], str(uuid4())).replace("Secret-1", "none").replace(kid, "x"), by=api.other
        )
        assert {**response.json, "trace_id": ""} == {**nobody.json, "trace_id": ""}


def test_a_loan_of_the_same_number_is_another_loan(api: Api) -> None:
    for lender in (api.bank, api.other):
        assert api.submit(agreement("Same", lender), by=lender).status_code == 201
        assert len(api.get("/v1/loans/Same", by=lender).json["records"]) == 1


NUMBERS = (
    "A/B", "A//B", "/A", "A/", "//", ".", "..", "A/../B", "../../etc/passwd", "A%2FB", "A?b=c#d", "A+B", "A B", "A;b",
    "贷字（2026）第1号", "é", "🏦", "'; DROP TABLE loans; --", "records", "a" * 128,
)  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS)
def test_every_loan_number_leads_to_its_loan_and_to_no_other(api: Api, number: str) -> None:
    value = agreement(number, api.bank)
    assert api.submit(value).status_code == 201
    timeline = api.get("/v1/loans/" + quote(number, safe="")).json
    assert timeline["loan"] == number
    assert [line["id"] for line in timeline["records"]] == [value["id"]]
    assert api.get(f"/v1/records/{value['id']}").json["loan"] == number


def test_keys_are_registered_once_and_found_again(api: Api) -> None:
    key = generate_key("ES256").public
    body = orjson.dumps({"party": "borrower", "jwk": key.jwk})
    first, again = (api.request("POST", "/v1/keys", body) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json["kid"] == key.kid
    assert api.get(f"/v1/keys/{key.kid}").json == first.json
    assert first.json["jwk"] == key.jwk


PROTECTED = [
    ("POST", "/v1/records"),
    ("POST", "/v1/records:batch"),
    ("GET", f"/v1/records/{uuid4()}"),
    ("GET", f"/v1/records/{uuid4()}/receipt"),
    ("GET", "/v1/loans/A-1"),
    ("POST", "/v1/keys"),
    ("GET", "/v1/keys/x"),
]
CREDENTIALS = {
    "none": None,
    "empty": "",
    "no scheme": "{key}",
    "another scheme": "Basic {key}",
    "basic": "Basic bG46eA==",
    "nothing after the scheme": "Bearer",
    "only a space": "Bearer ",
    "unknown": "Bearer ln_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "without prefix": "Bearer {bare}",
    "half of it": "Bearer {half}",
    "in capitals": "Bearer {upper}",
    "two": "Bearer {key}, Bearer {key}",
    "as a parameter": "Bearer token={key}",
    "beyond ASCII": "Bearer \u00e9",
    "very long": "Bearer " + "x" * 60_000,
}


@pytest.mark.parametrize("name", CREDENTIALS)
@pytest.mark.parametrize(("method", "path"), PROTECTED)
def test_without_a_good_key_nothing_is_shown_or_done(api: Api, method: str, path: str, name: str) -> None:
    key = api.bank.api_key
    text = CREDENTIALS[name]
    headers = {}
    if text is not None:
        headers["Authorization"] = text.format(key=key, bare=key[3:], half=key[:20], upper=key.upper())
    before = api.state()
    body = orjson.dumps(agreement("A-9", api.bank)) if method == "POST" else None
    media_type = "application/x-ndjson" if path.endswith("batch") else "application/json"
    client = api.app.test_client()
    response = client.open(path, method=method, data=body, headers=headers, content_type=media_type)
    assert (response.status_code, response.content_type) == (401, PROBLEM)
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert response.json["trace_id"]
    assert key not in response.text
    assert api.state() == before


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/log/checkpoint", "/log/tile/entries/000.p/1"])
def test_what_is_public_needs_no_key(api: Api, path: str) -> None:
    assert api.app.test_client().get(path).status_code == 200


def test_readiness_says_how_far_the_log_is(api: Api) -> None:
    document = api.get("/readyz").json
    assert document == {"status": "ready", "size": api.state()["entries"], "anchor": None, "timestamps": []}
