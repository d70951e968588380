# SPDX-License-Identifier: Apache-2.0
"""A borrower's own word by loan pass: it goes into the history of his loan, whatever the lender's policy."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import orjson
import pytest
from werkzeug.test import TestResponse

from api.access.auth import hash_secret, new_pass_secret
from api.clock import now
from api.views.my_loan import MOST_WORDS
from notary.access import LoanPass
from notary.canonical import canonical_json
from notary.envelope import EnvelopeSigner, sign_envelope
from notary.records.administration import ADMINISTRATION
from notary.schemes import PrivateKey
from tests.support.api import Api, agreement, repayment, running_api

DAY = 86_400_000


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("my-loan") / "data") as api:
        for loan in ("B-1", "B-2"):
            assert api.submit(agreement(loan, api.bank)).status_code == 201
        yield api


def new_pass(api: Api, loan: str, days: int = 1) -> str:
    secret, moment = new_pass_secret(), now()
    made = LoanPass(f"pass_{uuid4().hex}", api.bank.lender.number, loan, moment, moment + days * DAY)
    api.services.access.add_pass(made, hash_secret(secret))
    return secret


def send(api: Api, secret: str, value: Any) -> TestResponse:
    body = value if isinstance(value, bytes) else orjson.dumps(value)
    headers = {"Authorization": f"Bearer {secret}"}
    return api.request("POST", "/v1/my-loan/records", body, headers=headers)


def records(api: Api, loan: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(f"/v1/loans/{loan}").json["records"]
    return found


def dispute(api: Api, loan: str = "B-1", **changes: Any) -> dict[str, Any]:
    return {
        "type": "dispute", "id": str(uuid4()), "loan": loan, "occurred_at": "2026-11-22T09:15:00Z",
        "about": records(api, loan)[0]["id"], "ground": "amount", "text_commitment": "3c" * 32,
    } | changes  # fmt: skip


def claim(loan: str = "B-1", **changes: Any) -> dict[str, Any]:
    return {
        "type": "payment_claim", "id": str(uuid4()), "loan": loan, "occurred_at": "2026-11-22T09:15:00Z",
        "amount": {"currency": "CNY", "amount": "100.00"}, "value_date": "2026-11-20", "text_commitment": "3c" * 32,
    } | changes  # fmt: skip


def signed(value: dict[str, Any], key: PrivateKey) -> bytes:
    return sign_envelope(canonical_json(value), EnvelopeSigner(key.public.alg, key.public.kid, key.sign)).encode()


def acts(api: Api) -> list[tuple[str, str, str]]:
    """Return what was brought by passes: act, by, subject."""
    timeline = api.get(f"/v1/loans/{ADMINISTRATION}").json.get("records", [])
    found = [api.get(f"/v1/records/{line['id']}").json["record"] for line in timeline]
    return [(item["act"], item["by"], item["subject"]) for item in found if item["act"] == "pass.submit"]


def reference(api: Api, record_id: str) -> str:
    """Return by what the log names a record that may be erased."""
    return "record_" + api.services.store.owner_keys(api.bank.lender.number).record(record_id).hex()


def test_a_dispute_is_recorded_and_shown_to_everybody(api: Api) -> None:
    secret, value = new_pass(api, "B-1"), dispute(api)
    before = acts(api)
    made = send(api, secret, value)
    assert made.status_code == 201
    assert made.json["format"] == "loan-notary/receipt@1"
    shown = api.get("/v1/loans/B-1").json
    assert shown["disputed"]
    assert value["id"] in shown["open_disputes"]
    assert shown["records"][-1]["assurance"] == "received"
    mine = api.services.access.pass_with(hash_secret(secret)).id
    assert acts(api) == [*before, ("pass.submit", mine, reference(api, value["id"]))]
    again = send(api, secret, value)
    assert (again.status_code, again.json["index"]) == (200, made.json["index"])
    assert len(acts(api)) == len(before) + 1


def test_with_a_registered_key_it_is_signed(api: Api) -> None:
    secret = new_pass(api, "B-1")
    for value in (dispute(api), claim()):
        assert send(api, secret, signed(value, api.bank.borrower)).status_code == 201
        assert records(api, "B-1")[-1]["assurance"] == "party-signed"
    assert send(api, secret, signed(dispute(api), api.bank.key)).status_code == 422


def test_no_policy_of_the_lender_keeps_it_out(api: Api) -> None:
    assert (
        api.request("PUT", "/v1/policy", b'{"refuse": ["F6"], "thresholds": {"backdated_days": 0}}').status_code == 200
    )
    try:
        late = "2020-01-01T00:00:00Z"
        assert api.submit(repayment("B-1", occurred_at=late)).status_code == 409
        assert send(api, new_pass(api, "B-1"), dispute(api, occurred_at=late)).status_code == 201
    finally:
        assert api.request("PUT", "/v1/policy", b"{}").status_code == 200


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"loan": "B-2"}, "/loan"),
        ({"about": str(uuid4())}, "/about"),
        ({"ground": "Not a code"}, "/ground"),
        ({"extra": 1}, "/extra"),
    ],
)
def test_a_word_is_about_a_record_of_the_pass_s_own_loan(api: Api, changes: dict[str, Any], pointer: str) -> None:
    before, noted = len(records(api, "B-1")), acts(api)
    refused = send(api, new_pass(api, "B-1"), dispute(api) | changes)
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, pointer)
    other = dispute(api, about=records(api, "B-2")[0]["id"])
    assert send(api, new_pass(api, "B-1"), other).json["errors"][0]["pointer"] == "/about"
    assert (len(records(api, "B-1")), acts(api)) == (before, noted)


def test_a_pass_adds_nothing_but_the_borrower_s_word(api: Api) -> None:
    for value in (repayment("B-1"), agreement("B-1", api.bank)):
        refused = send(api, new_pass(api, "B-1"), value)
        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/type")


def test_only_a_pass_that_counts_may_speak(api: Api) -> None:
    assert send(api, new_pass(api, "B-1", days=-1), dispute(api)).status_code == 401
    assert send(api, "lp_nobody", dispute(api)).status_code == 401
    assert send(api, api.bank.api_key, dispute(api)).status_code == 401


def test_one_loan_takes_only_so_many_words(api: Api) -> None:
    secret = new_pass(api, "B-2")
    answers = [send(api, secret, claim("B-2")).status_code for _ in range(MOST_WORDS)]
    assert set(answers) == {201}
    noted = acts(api)
    refused = send(api, secret, claim("B-2"))
    assert (refused.status_code, refused.json["type"]) == (409, "urn:loan-notary:problem:refused")
    assert acts(api) == noted
    assert send(api, new_pass(api, "B-1"), claim()).status_code == 201
