# SPDX-License-Identifier: Apache-2.0
"""`GET /v1/records` and `GET /v1/loans`: filters, cursors, lists that stand still while records come."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import orjson
import pytest

from api.access.auth import hash_secret, new_api_key
from api.clock import now
from notary.access import ROLES, ApiKey, key_id
from notary.encoding import b64url, format_time, parse_b64url
from notary.log.anchors import Anchor, AnchorState
from tests.support.api import PROBLEM, Api, agreement, repayment, running_api
from tests.support.builders import anchor_of, record

Json = dict[str, Any]


@dataclass(frozen=True)
class Key:
    """An API key by itself, as a caller has it."""

    api_key: str


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("lists") / "data") as api:
        for number in range(7):
            submit(api, agreement(f"L-{number}", api.bank))
            if number % 2:
                submit(api, repayment(f"L-{number}"))
            assert api.submit(agreement(f"L-{number}", api.other), by=api.other).status_code == 201
        submit(api, disbursement("L-6"))
        yield api


def disbursement(loan: str) -> Json:
    amount = {"amount": "10000.00", "currency": "CNY"}
    return record("disbursement", id=str(uuid4()), loan=loan, amount=amount, drawdown=1)


def submit(api: Api, value: Json) -> None:
    answer = api.submit(value)
    assert answer.status_code == 201, answer.json


def walk(api: Api, name: str, by: Any = None, **asked: object) -> Iterator[Json]:
    """Yield the pages of a list."""
    address: str | None = f"/v1/{name}?{urlencode(asked)}"
    while address:
        answer = api.get(address, by=by)
        assert answer.status_code == 200, answer.json
        yield answer.json
        address = answer.json["next"]
        assert answer.headers.get("Link") == (f'<{address}>; rel="next"' if address else None)


def items(api: Api, name: str, by: Any = None, **asked: object) -> list[Json]:
    return [item for page in walk(api, name, by, **asked) for item in page[name]]


def timeline(api: Api, loan: str) -> list[Json]:
    return [{"loan": loan, **item} for item in api.get(f"/v1/loans/{loan}").json["records"]]


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_all_pages_together_are_all_records_in_the_order_of_the_log(api: Api, limit: int) -> None:
    pages = list(walk(api, "records", limit=limit))
    assert all(len(page["records"]) <= limit for page in pages)
    listed = [item for page in pages for item in page["records"]]
    wanted = [item for number in range(7) for item in timeline(api, f"L-{number}")]
    assert listed == sorted(wanted, key=lambda item: item["index"])
    assert {item["state"] for item in listed} == {"recorded"}
    assert {page["size"] for page in pages} == {api.services.log.head().size}


def test_records_by_loan_type_and_period(api: Api) -> None:
    every = items(api, "records")
    assert items(api, "records", loan="L-3", limit=1) == timeline(api, "L-3")
    assert items(api, "records", loan="L-99") == []
    assert items(api, "records", type="repayment", limit=2) == [item for item in every if item["type"] == "repayment"]
    assert [item["loan"] for item in items(api, "records", type="repayment", loan="L-3")] == ["L-3"]
    from_, until = every[3]["received_at"], every[8]["received_at"]
    assert items(api, "records", received_from=from_, received_until=until, limit=2) == [
        item for item in every if from_ <= item["received_at"] < until
    ]
    assert items(api, "records", received_from=from_, type="agreement") == [
        item for item in every if from_ <= item["received_at"] and item["type"] == "agreement"
    ]
    assert items(api, "records", received_from="2999-01-01T00:00:00.000Z") == []


def test_loans_by_stage_period_and_finding(api: Api) -> None:
    every = items(api, "loans", limit=2)
    assert [item["loan"] for item in every] == [f"L-{number}" for number in range(7)]
    for item in every:
        view = api.get(f"/v1/loans/{item['loan']}").json
        shown = (item["state"], item["records"], item["began_at"])
        assert shown == (view["state"], len(view["records"]), view["records"][0]["received_at"])
    assert [item["loan"] for item in items(api, "loans", state="active", limit=1)] == ["L-6"]
    assert items(api, "loans", state="overdue") == []
    from_, until = every[2]["began_at"], every[5]["began_at"]
    in_time = [item for item in every if from_ <= item["began_at"] < until]
    assert items(api, "loans", received_from=from_, received_until=until) == in_time
    found = [orjson.loads(line) for line in api.get("/v1/findings").data.splitlines()]
    code = found[0]["code"]
    odd = {item["loan"] for item in found if item["code"] == code}
    assert {item["loan"] for item in items(api, "loans", code=code, limit=1)} == odd
    never = next(f"F{number}" for number in range(1, 22) if f"F{number}" not in {item["code"] for item in found})
    assert items(api, "loans", code=never) == []


def test_a_list_is_of_the_moment_of_its_first_page(api: Api) -> None:
    records, loans = items(api, "records"), items(api, "loans")
    pages = walk(api, "records", limit=2), walk(api, "loans", limit=2)
    recorded = walk(api, "records", limit=2, state="recorded")
    first = [next(pages[0]), next(pages[1]), next(recorded)]
    # Loans grow, are paid out and begin, and an anchor becomes final, before the second page is read.
    submit(api, repayment("L-5"))
    submit(api, disbursement("L-4"))
    submit(api, agreement("L-7", api.bank))
    size = records[4]["index"] + 1
    anchor = final_anchor(api, size)
    try:
        assert first[0]["records"] + [item for page in pages[0] for item in page["records"]] == records
        assert first[1]["loans"] + [item for page in pages[1] for item in page["loans"]] == loans
        assert first[2]["records"] + [item for page in recorded for item in page["records"]] == records
        assert [item["state"] for item in items(api, "records", limit=3)][:6] == ["final"] * 5 + ["recorded"]
        assert items(api, "records", state="final", limit=3) == items(api, "records")[:5]
        assert items(api, "records", state="recorded", limit=3) == items(api, "records")[5:]
        assert items(api, "records", state="mined") == []
    finally:
        api.services.store.save_anchor(replace(anchor, state=AnchorState.REORGED))
    assert {item["loan"]: item["state"] for item in items(api, "loans")}["L-4"] == "active"


def final_anchor(api: Api, size: int) -> Anchor:
    head = api.services.store.head()
    assert head is not None
    anchor = replace(anchor_of(head), size=size)
    api.services.store.save_anchor(anchor)
    return anchor


def cursor_of(page: Json) -> str:
    return str(page["next"].partition("cursor=")[2])


def refused(api: Api, path: str, by: Any = None) -> None:
    answer = api.get(path, by=by)
    assert (answer.status_code, answer.mimetype) == (422, PROBLEM), path


def test_a_cursor_is_good_for_its_own_list_only(api: Api) -> None:
    cursor = cursor_of(next(walk(api, "records", limit=2)))
    assert api.get(f"/v1/records?cursor={cursor}&limit=7").status_code == 200
    for path in (
        "loans",
        "records?type=agreement",
        "records?loan=L-1",
        "records?received_from=2020-01-01T00:00:00.000Z",
    ):
        refused(api, f"/v1/{path}{'&' if '?' in path else '?'}cursor={cursor}")
    refused(api, f"/v1/records?cursor={cursor}", by=api.other)
    data = parse_b64url(cursor)
    for place in range(len(data)):
        refused(api, f"/v1/records?cursor={b64url(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])}")
    for bad in ("", "x", cursor[:-1], cursor + "A", b64url(data[:-1]), b64url(data + b"\0"), quote("…")):
        refused(api, f"/v1/records?cursor={bad}")


@pytest.mark.parametrize(
    "asked",
    [
        "limit=0", "limit=1001", "limit=x", "limit=", "limit=-1", "type=loan", "type=", "state=active", "x=1",
        "received_from=yesterday", "received_until=2026-01-01", "code=F1", "type=offer&type=offer", "lender=x",
    ],
)  # fmt: skip
def test_what_no_list_of_records_knows(api: Api, asked: str) -> None:
    refused(api, f"/v1/records?{asked}")


@pytest.mark.parametrize("asked", ["state=final", "code=F99", "type=offer", "loan=L-1", "limit=1001"])
def test_what_no_list_of_loans_knows(api: Api, asked: str) -> None:
    refused(api, f"/v1/loans?{asked}")


def test_an_auditor_lists_what_was_granted(api: Api) -> None:
    made, secret = api.services.access.add_organisation("Auditor", "auditor", now()), new_api_key()
    digest = hash_secret(secret)
    api.services.access.add_api_key(ApiKey(key_id(digest), made.number, "first", ROLES["auditor"], now()), digest)
    auditor, bank = Key(secret), api.bank.lender.number
    assert api.get(f"/v1/records?lender={bank}", by=auditor).status_code == 404
    assert (items(api, "records", by=auditor), items(api, "loans", by=auditor)) == ([], [])
    members = {"auditor": made.number, "loan": "L-3", "expires_at": format_time(now() + 3_600_000)}
    assert api.request("POST", "/v1/grants", orjson.dumps(members)).status_code == 201
    assert items(api, "records", by=auditor, lender=bank, limit=1) == timeline(api, "L-3")
    assert [item["loan"] for item in items(api, "loans", by=auditor, lender=bank)] == ["L-3"]
    # The lender's own cursor is no way round the grant, and the grant was an act that its own list shows.
    refused(api, f"/v1/records?lender={bank}&cursor={cursor_of(next(walk(api, 'records', limit=2)))}", by=auditor)
    assert [item["loan"] for item in items(api, "records", type="administration")] == ["urn:loan-notary:administration"]
    assert not [item for item in items(api, "loans") if item["loan"].startswith("urn:")]
