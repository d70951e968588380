# SPDX-License-Identifier: Apache-2.0
"""`/v1/loans`: where a loan stands, now and at any moment before, and who may add what to its history."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from notary.log.anchors import AnchorState
from notary.receipts.report import Verdict
from tests.support.api import Api, agreement, repayment, running_api
from tests.support.builders import anchor_of, record, signed


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with running_api(tmp_path / "data") as running:
        yield running


def money(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "CNY"}


def pay(api: Api, loan: str) -> None:
    """Agree on a loan of 10,000.00, pay it out, and take back 788.49 of principal."""
    paid = record("disbursement", id=str(uuid4()), loan=loan, amount=money("10000.00"), drawdown=1)
    split = {"principal": money("788.49"), "interest": money("100.00")}
    back = repayment(loan, amount=money("888.49"), split=split)
    for value in (agreement(loan, api.bank), paid, back):
        assert api.submit(value).status_code == 201, value


def test_a_loan_tells_what_is_owed_and_what_is_odd(api: Api) -> None:
    pay(api, "V-1")
    shown = api.get("/v1/loans/V-1").json
    assert (shown["loan"], shown["state"]) == ("V-1", "active")
    assert shown["principal"]["disbursed"] == money("10000.00")
    assert shown["principal"]["outstanding"] == money("9211.51")
    assert shown["paid"]["interest"] == money("100.00")
    assert [item["type"] for item in shown["records"]] == ["agreement", "disbursement", "repayment"]
    # The sample records speak of days long before they are received, which is odd and no reason to refuse them.
    assert "F6" in {item["code"] for item in shown["findings"]}
    assert all(item["zh"] and item["en"] for item in shown["findings"])
    # A record tells of the findings that rest on it, and of no others.
    first = api.get(f"/v1/records/{shown['records'][0]['id']}").json
    assert first["findings"] == [
        item for item in shown["findings"] if any(one["sequence"] == 0 for one in item["records"])
    ]
    assert first["findings"]


def test_the_past_is_what_was_received_by_then(api: Api) -> None:
    pay(api, "V-2")
    records = api.get("/v1/loans/V-2").json["records"]
    before = api.get(f"/v1/loans/V-2?as_of={records[0]['received_at']}").json
    assert [item["type"] for item in before["records"]] == [
        item["type"] for item in records if item["received_at"] <= records[0]["received_at"]
    ]
    assert before["as_of"] == records[0]["received_at"]
    nothing = api.get("/v1/loans/V-2?as_of=2001-01-01T00:00:00.000Z").json
    assert (nothing["state"], nothing["records"]) == ("draft", [])


def test_each_record_tells_how_far_it_has_come(api: Api) -> None:
    pay(api, "V-3")
    store, records = api.services.store, api.get("/v1/loans/V-3").json["records"]
    head = store.head()
    assert head is not None
    assert {item["state"] for item in records} == {"recorded"}
    for item, state in zip(records, (AnchorState.FINAL, AnchorState.MINED), strict=False):
        store.save_anchor(replace(anchor_of(head, size=item["index"] + 1, state=state), nonce=item["index"]))
    shown = api.get("/v1/loans/V-3").json["records"]
    assert [item["state"] for item in shown] == ["final", "mined", "recorded"]
    for item in shown:
        assert api.get(f"/v1/records/{item['id']}").json["state"] == item["state"]


@pytest.mark.parametrize("moment", ["", "yesterday", "2026-01-01", "2026-13-01T00:00:00.000Z", "2026-01-01T00:00:00Z"])
def test_a_moment_is_written_in_one_way(api: Api, moment: str) -> None:
    pay(api, "V-3")
    refused = api.get(f"/v1/loans/V-3?as_of={moment}")
    assert (refused.status_code, refused.json["type"]) == (422, "urn:loan-notary:problem:invalid-input")


def test_a_borrower_signs_a_dispute_alone_and_a_lender_cannot(api: Api) -> None:
    pay(api, "V-4")
    about = api.get("/v1/loans/V-4").json["records"][2]["id"]
    value = record("dispute", id=str(uuid4()), loan="V-4", about=about)
    by_lender = api.submit(signed(value, api.bank.key))
    assert (by_lender.status_code, by_lender.json["errors"][0]["check"]) == (422, "C3")
    taken = api.submit(signed(value, api.bank.borrower))
    assert taken.status_code == 201
    shown = api.get("/v1/loans/V-4").json
    assert shown["disputed"] is True
    assert shown["open_disputes"] == [value["id"]]
    assert shown["records"][-1]["assurance"] == "party-signed"


def test_sums_in_another_currency_are_refused(api: Api) -> None:
    assert api.submit(agreement("V-5", api.bank)).status_code == 201
    dollars = {"amount": "1.00", "currency": "USD"}
    split = {"principal": dollars, "interest": {"amount": "0.00", "currency": "USD"}}
    refused = api.submit(repayment("V-5", amount=dollars, split=split))
    assert (refused.status_code, refused.json["type"]) == (409, "urn:loan-notary:problem:other-currency")
    assert refused.json["errors"][0]["check"] == "C5"


def test_a_history_receipt_proves_all_records_of_a_loan(api: Api) -> None:
    pay(api, "V-5")
    answer = api.get("/v1/loans/V-5/receipt")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    report = api.services.verifier.verify(answer.data)
    assert report.verdict is Verdict.VALID
    shown = api.get("/v1/loans/V-5").json
    assert (report.facts["loan"], report.facts["records"]) == ("V-5", 3)
    assert report.loan is not None
    assert report.loan["principal"] == shown["principal"]
    assert report.loan["findings"] == shown["findings"]
    told = api.request("POST", "/v1/verify", answer.data).json
    assert (told["verdict"], told["loan"]["state"]) == ("valid", "active")


def test_a_loan_whose_number_ends_like_the_path_is_still_found(api: Api) -> None:
    pay(api, "V-6/receipt")
    assert api.get("/v1/loans/V-6/receipt").json["loan"] == "V-6/receipt"
    history = api.get("/v1/loans/V-6/receipt/receipt")
    assert api.services.verifier.verify(history.data).facts["loan"] == "V-6/receipt"


def test_nobody_gets_the_history_of_anothers_loan(api: Api) -> None:
    pay(api, "V-7")
    for refused in (api.get("/v1/loans/V-7/receipt", by=api.other), api.get("/v1/loans/V-8/receipt")):
        assert (refused.status_code, refused.json["type"]) == (404, "urn:loan-notary:problem:not-found")
