# SPDX-License-Identifier: Apache-2.0
"""Half-signed records through the API: 202 while somebody is missing, 201 with a receipt when all have signed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from werkzeug.test import TestResponse

from notary.canonical import canonical_json
from notary.encoding import b64url, format_time
from notary.receipts.receipt import parse_receipt
from notary.receipts.verification import ReceiptVerifier
from tests.support.api import (
    PROBLEM,
    Api,
    LenderKit,
    agreement,
    api_over,
    make_folder,
    repayment,
    running_api,
    served,
    socket_folder,
)
from tests.support.builders import NOW, signed

DAY = 86_400_000


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


CLOCK = Clock()


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("drafts") / "data", clock=CLOCK) as api:
        yield api


def hand_in(api: Api, body: bytes, by: LenderKit | None = None) -> TestResponse:
    return api.request("POST", "/v1/drafts", body, by=by)


def sign(api: Api, value: dict[str, Any], kit: LenderKit | None = None, record_id: str | None = None) -> TestResponse:
    """Add the borrower's signature over `value` to a draft."""
    [signature] = orjson.loads(signed(value, (kit or api.bank).borrower))["signatures"]
    path = f"/v1/drafts/{record_id or value['id']}/signatures"
    return api.request("POST", path, orjson.dumps(signature))


def test_an_agreement_is_signed_on_two_days(api: Api) -> None:
    CLOCK.now = NOW
    value = agreement("D-1", api.bank)
    waiting = hand_in(api, signed(value, api.bank.key))
    assert waiting.status_code == 202
    assert waiting.json == {
        "id": value["id"],
        "loan": "D-1",
        "type": "agreement",
        "signed": [{"party": "lender", "kid": api.bank.key.public.kid}],
        "missing": ["borrower"],
        "created_at": format_time(NOW),
        "expires_at": format_time(NOW + 30 * DAY),
    }
    assert api.get(f"/v1/records/{value['id']}").status_code == 404
    assert api.get("/v1/loans/D-1").status_code == 404
    again = hand_in(api, signed(value, api.bank.key))
    assert (again.status_code, again.json) == (200, waiting.json)
    assert waiting.json in api.get("/v1/drafts").json["drafts"]
    shown = api.get(f"/v1/drafts/{value['id']}").json
    assert shown["record"] == value
    assert canonical_json(shown["envelope"]) == signed(value, api.bank.key)

    CLOCK.now = NOW + DAY
    done = sign(api, value)
    assert done.status_code == 201
    receipt = parse_receipt(done.data)
    assert receipt.received_at == NOW + DAY
    assert [item.party for item in receipt.keys] == ["lender", "borrower"]
    verifier: ReceiptVerifier = api.services.verifier
    assert verifier.verify(done.data).facts["assurance"] == "co-signed"
    assert [item["assurance"] for item in api.get("/v1/loans/D-1").json["records"]] == ["co-signed"]
    assert api.get(f"/v1/records/{value['id']}").json["assurance"] == "co-signed"
    assert api.get(f"/v1/drafts/{value['id']}").status_code == 404
    late = sign(api, value)
    assert late.status_code == 200
    assert parse_receipt(late.data).index == receipt.index


def test_a_draft_is_withdrawn(api: Api) -> None:
    value = agreement("D-2", api.bank)
    assert hand_in(api, signed(value, api.bank.borrower)).json["missing"] == ["lender"]
    path = f"/v1/drafts/{value['id']}"
    assert api.request("DELETE", path).status_code == 204
    gone = api.request("DELETE", path)
    assert (gone.status_code, gone.content_type) == (404, PROBLEM)
    assert sign(api, value).status_code == 404


def test_a_draft_expires(api: Api) -> None:
    CLOCK.now = NOW
    value = agreement("D-3", api.bank)
    assert hand_in(api, signed(value, api.bank.key)).status_code == 202
    CLOCK.now = NOW + 30 * DAY
    assert api.get(f"/v1/drafts/{value['id']}").status_code == 404
    assert sign(api, value).status_code == 404
    CLOCK.now = NOW


def test_the_operator_says_how_long_drafts_wait(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "data", draft_days=2)
    with (
        socket_folder() as sockets,
        served(folder, sockets / "writer"),
        api_over(folder, sockets / "writer", lambda: NOW) as other,
    ):
        answer = hand_in(other, signed(agreement("D-1", other.bank), other.bank.key))
        assert answer.json["expires_at"] == format_time(NOW + 2 * DAY)


def test_documents_that_are_asked_for_must_be_there_once_all_have_signed(api: Api) -> None:
    value = agreement("D-11", api.bank)
    path = f"/v1/drafts/{value['id']}"
    asked = api.request("POST", "/v1/drafts?documents=required", signed(value, api.bank.key))
    assert asked.status_code == 202
    signature = orjson.dumps(orjson.loads(signed(value, api.bank.borrower))["signatures"][0])
    before = api.get(path).json
    refused = api.request("POST", path + "/signatures?documents=required", signature)
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/documents/0")
    assert api.get(path).json == before
    assert api.request("POST", path + "/signatures?documents=perhaps", signature).status_code == 422
    assert api.request("POST", path + "/signatures", signature).status_code == 201


def replays(api: Api, value: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Return signatures that were made for something else than the draft of `value` of the bank's."""
    bank = api.bank
    other_loan, other_sum = agreement("D-other", bank), value | {"purpose": "other"}

    def one(record: dict[str, Any], key: Any) -> dict[str, str]:
        [signature] = orjson.loads(signed(record, key))["signatures"]
        return dict(signature)

    good = one(value, bank.borrower)
    return {
        "another loan's": one(other_loan, bank.borrower),
        "another payload's": one(other_sum, bank.borrower),
        "another type's": one(repayment("D-4"), bank.borrower),
        "another lender's borrower": one(value, api.other.borrower),
        "another lender": one(value, api.other.key),
        "under another header": {**one(value, bank.key), "signature": good["signature"]},
        "cut short": {**good, "signature": good["signature"][:-4]},
        "empty": {**good, "signature": ""},
        "for another use": {
            **good,
            "protected": b64url(canonical_json({"alg": "ES256", "kid": bank.borrower.public.kid, "typ": "JWT"})),
        },
    }


@pytest.mark.parametrize("where", ["draft", "signature", "record"])
def test_the_replay_matrix(api: Api, where: str) -> None:
    value = agreement("D-4", api.bank)
    if where == "signature":
        assert hand_in(api, signed(value, api.bank.key)).status_code == 202
    before = api.state()
    [mine] = orjson.loads(signed(value, api.bank.key))["signatures"]
    for name, signature in replays(api, value).items():
        envelope = {"payload": b64url(canonical_json(value)), "signatures": [mine, signature]}
        if name == "under another header":
            envelope["signatures"] = [signature]
        answer = {
            "draft": lambda body=envelope: hand_in(api, orjson.dumps(body)),
            "record": lambda body=envelope: api.submit(orjson.dumps(body)),
            "signature": lambda body=signature: api.request(
                "POST", f"/v1/drafts/{value['id']}/signatures", orjson.dumps(body)
            ),
        }[where]()
        assert (answer.status_code, answer.content_type) == (422, PROBLEM), name
        pointers = [item["pointer"] for item in answer.json["errors"]]
        if where == "signature":
            assert pointers in ([""], ["/protected"], ["/signature"]), name
        else:
            assert all(item.startswith("/signatures/") for item in pointers), name
        assert api.state() == before, name


def test_another_lender_neither_sees_nor_signs_a_draft(api: Api) -> None:
    value = agreement("D-5", api.bank)
    assert hand_in(api, signed(value, api.bank.key)).status_code == 202
    path = f"/v1/drafts/{value['id']}"
    assert api.request("GET", "/v1/drafts", by=api.other).json == {"drafts": [], "after": None}
    signature = orjson.dumps(orjson.loads(signed(value, api.other.borrower))["signatures"][0])
    for method, name, body in (("GET", path, None), ("DELETE", path, None), ("POST", path + "/signatures", signature)):
        theirs = api.request(method, name, body, by=api.other)
        nobody = api.request(method, name.replace(value["id"], str(uuid4())), body, by=api.other)
        assert theirs.status_code == 404
        assert {**theirs.json, "trace_id": ""} == {**nobody.json, "trace_id": ""}
    # The same envelope is the other lender's own draft, with its own keys: the bank's are unknown there.
    refused = hand_in(api, signed(value, api.bank.key), by=api.other)
    assert refused.json["type"].endswith(":unknown-key")
    # The same id at another lender is another record.
    own = {**value, "parties": agreement("D-5", api.other)["parties"]}
    assert hand_in(api, signed(own, api.other.key), by=api.other).status_code == 202


def test_another_payload_waits_in_vain(api: Api) -> None:
    value = agreement("D-6", api.bank)
    assert hand_in(api, signed(value, api.bank.key)).status_code == 202
    before = api.state()
    refused = hand_in(api, signed(value | {"purpose": "other"}, api.bank.key))
    assert (refused.status_code, refused.json["type"]) == (409, "urn:loan-notary:problem:other-draft")
    assert refused.json["errors"][0]["pointer"] == "/id"
    assert api.state() == before


BAD_BODIES = {
    "nothing": (b"", 400),
    "no JSON": (b"{", 400),
    "a list": (b"[]", 422),
    "a plain record": (orjson.dumps(repayment("D-7")), 422),
    "no signature": (orjson.dumps({"payload": "e30", "signatures": []}), 422),
    "too long": (b" " * (128 * 1024 + 1), 413),
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_bad_bodies_leave_nothing(api: Api, name: str) -> None:
    body, status = BAD_BODIES[name]
    value = agreement("D-8", api.bank, id="01998d2e-5c00-7a31-8f42-0000000000d8")
    hand_in(api, signed(value, api.bank.key))
    before = api.state()
    for path in ("/v1/drafts", f"/v1/drafts/{value['id']}/signatures"):
        answer = api.request("POST", path, body)
        assert (answer.status_code, answer.content_type) == (status, PROBLEM)
    assert api.state() == before
    assert api.request("POST", "/v1/drafts", b"{}", media_type="text/plain").status_code == 415


def test_the_loan_s_own_order_counts_when_the_record_is_complete(api: Api) -> None:
    """A draft has no place; what came before it is complete comes before it."""
    first = agreement("D-9", api.bank)
    assert hand_in(api, signed(first, api.bank.key)).status_code == 202
    early = api.submit(signed(repayment("D-9"), api.bank.key))
    assert (early.status_code, early.json["errors"][0]["check"]) == (409, "C6")
    assert sign(api, first).status_code == 201
    assert api.submit(signed(repayment("D-9"), api.bank.key)).status_code == 201
    claimed = agreement("D-10", api.bank, sequence=0)
    assert hand_in(api, signed(claimed, api.bank.key)).status_code == 202
    assert api.submit(agreement("D-10", api.bank)).status_code == 201
    before = api.state()
    late = sign(api, claimed)
    assert (late.status_code, late.json["errors"][0]["check"]) == (409, "C2")
    assert api.state() == before
