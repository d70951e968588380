# SPDX-License-Identifier: Apache-2.0
"""`/v1/policy`: what a lender sets is in force from the next request on, and its refusals leave nothing behind."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from typing import Any
from uuid import uuid4

import orjson
import pytest

from api.app import create_app
from api.clock import now
from api.wiring import make_services
from notary.encoding import format_time
from notary.policies import NOTARYS_OWN, policy_members
from tests.support.api import PROBLEM, Api, agreement, answers, new_lender, repayment, running_api
from tests.support.builders import record


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("policy") / "data") as running:
        yield running


@pytest.fixture
def api(running: Api) -> Api:
    """The API, as a lender that has set no policy and has no loans."""
    return replace(running, bank=new_lender(running.services, "示范银行"))


def put(api: Api, value: Any, **changes: Any) -> Any:
    return api.request("PUT", "/v1/policy", orjson.dumps(value), **changes)


def today() -> str:
    return format_time(now())[:19] + "Z"


def of_today(api: Api, loan: str) -> dict[str, Any]:
    return agreement(loan, api.bank, occurred_at=today())


def payment(loan: str, reference: str) -> dict[str, Any]:
    return repayment(loan, occurred_at=today(), reference=reference)


def test_a_lender_without_a_policy_has_the_notary_s(api: Api) -> None:
    assert api.get("/v1/policy").json == {
        "version": 0, "set_at": None, "set_by": None, **policy_members(NOTARYS_OWN),
    }  # fmt: skip


def test_every_version_stays_to_be_seen(api: Api) -> None:
    before = format_time(now() - 1)
    first = put(api, {"refuse": ["F6"], "thresholds": {"grace_days": 3}})
    assert first.status_code == 200
    assert (first.json["version"], first.json["refuse"], first.json["thresholds"]["grace_days"]) == (1, ["F6"], 3)
    assert first.json["thresholds"]["backdated_days"] == 3
    # Said again, nothing changes; said otherwise, it is a new version, and what is not named is the notary's again.
    assert put(api, {"refuse": ["F6"], "thresholds": {"grace_days": 3}}).json == first.json
    second = put(api, {"require_documents": ["agreement"]}).json
    assert (second["version"], second["refuse"], second["thresholds"]["grace_days"]) == (2, [], 10)
    assert api.get("/v1/policy").json == second
    assert api.get(f"/v1/policy?as_of={first.json['set_at']}").json in (first.json, second)
    assert api.get(f"/v1/policy?as_of={before}").json["version"] == 0
    assert second["set_by"] == first.json["set_by"]
    assert second["set_by"] == "key_" + sha256(api.bank.api_key.encode()).hexdigest()[:16]
    assert api.get("/v1/policy", by=api.other).json["version"] == 0


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"{", 400, "malformed-json"),
        (b'{"refuse":["F6"],"refuse":[]}', 400, "malformed-json"),
        (b'{"thresholds":{"apr_tolerance":0.01}}', 400, "malformed-json"),
        (b'{"refuse":["F22"]}', 422, "invalid-policy"),
        (b"[]", 422, "invalid-policy"),
    ],
)
def test_a_bad_policy_changes_nothing(api: Api, body: bytes, status: int, kind: str) -> None:
    refused = api.request("PUT", "/v1/policy", body)
    assert (refused.status_code, refused.content_type) == (status, PROBLEM)
    assert refused.json["type"] == f"urn:loan-notary:problem:{kind}"
    assert api.get("/v1/policy").json["version"] == 0


def test_who_may_not_set_a_policy(api: Api) -> None:
    assert api.request("PUT", "/v1/policy", b"{}", headers={"Authorization": "Bearer ln_x"}).status_code == 401
    assert api.request("PUT", "/v1/policy", b"{}", media_type="text/plain").status_code == 415
    assert api.request("PUT", "/v1/policy", b" " * 20_000 + b"{}").status_code == 413


def test_findings_are_measured_with_the_lender_s_thresholds(api: Api) -> None:
    value = agreement("P-1", api.bank)
    assert api.submit(value).status_code == 201
    shown = api.get("/v1/loans/P-1").json
    assert (shown["policy"], [item["code"] for item in shown["findings"]]) == (0, ["F6"])
    put(api, {"thresholds": {"backdated_days": 36_500}})
    after = api.get("/v1/loans/P-1").json
    assert (after["policy"], after["findings"]) == (1, [])
    assert api.get(f"/v1/records/{value['id']}").json["findings"] == []
    # The past is measured with what was in force then.
    assert api.get(f"/v1/loans/P-1?as_of={shown['as_of']}").json == shown


def test_a_refused_record_says_why_and_is_not_stored(api: Api) -> None:
    put(api, {"refuse": ["F6"]})
    before, value = api.state(), agreement("P-2", api.bank)
    refused = api.submit(value)
    assert (refused.status_code, refused.content_type) == (409, PROBLEM)
    assert refused.json["type"] == "urn:loan-notary:problem:refused-by-policy"
    [found] = refused.json["findings"]
    assert (found["code"], found["records"]) == ("F6", [{"sequence": 0, "id": value["id"]}])
    assert found["en"] in refused.json["detail"]
    assert found["zh"].endswith("天后才提交公证。")
    assert api.state() == before
    assert api.get("/v1/loans/P-2").status_code == 404
    # Another lender's records are not its concern, and a record without the finding is taken.
    assert api.submit(agreement("P-2", api.other), by=api.other).status_code == 201
    assert api.submit(of_today(api, "P-2")).status_code == 201
    put(api, {})
    assert api.submit(agreement("P-3", api.bank)).status_code == 201


def test_a_change_is_in_force_at_once_in_every_process(api: Api) -> None:
    services = make_services(api.folder, api.socket)
    other = Api(api.folder, api.socket, services, create_app(services), api.bank, api.other)
    for refuse, status in (([], 201), (["F6"], 409), ([], 201), (["F6"], 409)):
        put(api, {"refuse": refuse})
        assert other.submit(agreement(f"P-{uuid4()}", api.bank)).status_code == status
    services.writer.close()
    services.store.close()


def test_a_batch_is_judged_in_its_order(api: Api) -> None:
    put(api, {"refuse": ["F2", "F6"]})
    values = [
        of_today(api, "P-4"), payment("P-4", "R-1"), payment("P-4", "R-1"), payment("P-4", "R-2"),
        record("reminder", id=str(uuid4()), loan="P-4"),
    ]  # fmt: skip
    told = answers(api.batch(b"\n".join(map(orjson.dumps, values))))
    assert [item["status"] for item in told] == [201, 201, 409, 201, 409]
    assert [[found["code"] for found in told[place]["findings"]] for place in (2, 4)] == [["F2"], ["F6"]]
    assert told[2]["id"] == values[2]["id"]
    assert [item["id"] for item in api.get("/v1/loans/P-4").json["records"]] == [values[n]["id"] for n in (0, 1, 3)]


def test_of_many_at_once_only_one_is_first(api: Api) -> None:
    put(api, {"refuse": ["F2"]})
    assert api.submit(of_today(api, "P-5")).status_code == 201
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: api.submit(payment("P-5", "R-1")).status_code, range(24)))
    assert sorted(told) == [201] + [409] * 23
    assert len(api.get("/v1/loans/P-5").json["records"]) == 2


def found(api: Api, query: str = "", **changes: Any) -> list[dict[str, Any]]:
    return answers(api.get(f"/v1/findings{query}", **changes))


def test_all_findings_of_a_lender_stand_in_one_list(api: Api) -> None:
    loans = ["P-7", "P-6/a", "P-8"]
    for loan in loans:
        value = agreement(loan, api.bank) if loan != "P-8" else of_today(api, loan)
        assert api.submit(value).status_code == 201
    for reference in ("R-1", "R-1"):
        assert api.submit(payment("P-8", reference)).status_code == 201
    every = found(api)
    assert [(item["loan"], item["code"]) for item in every if item["code"] in ("F6", "F2")] == [
        ("P-7", "F6"), ("P-6/a", "F6"), ("P-8", "F2"),
    ]  # fmt: skip
    for loan in loans:
        mine = [
            {name: value for name, value in item.items() if name != "loan"} for item in every if item["loan"] == loan
        ]
        assert mine == api.get(f"/v1/loans/{loan}").json["findings"]
    assert found(api, "?code=F2") == [item for item in every if item["code"] == "F2"]
    assert found(api, "?code=F2&code=F6") == [item for item in every if item["code"] in ("F2", "F6")]
    assert found(api, "?severity=serious") == [item for item in every if item["severity"] == "serious"]
    put(api, {"thresholds": {"backdated_days": 36_500}})
    assert found(api) == [item for item in every if item["code"] != "F6"]
    assert found(api, "?as_of=2001-01-01T00:00:00.000Z") == []
    assert not {item["loan"] for item in found(api, by=api.other)} & set(loans)


@pytest.mark.parametrize("query", ["?code=F99", "?code=", "?severity=bad", "?as_of=now"])
def test_a_list_that_cannot_be(api: Api, query: str) -> None:
    refused = api.get(f"/v1/findings{query}")
    assert (refused.status_code, refused.json["type"]) == (422, "urn:loan-notary:problem:invalid-input")
