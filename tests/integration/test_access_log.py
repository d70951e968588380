# SPDX-License-Identifier: Apache-2.0
"""Who read what: every way to a loan leaves a line, before the answer, and lenders and borrowers read the lines."""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner

from api.access.auth import hash_secret, new_api_key
from api.access.cover import DAY, AccessCover
from api.access.read_notes import KINDS
from api.access.scopes import SCOPES
from api.cli import main
from api.clock import now
from notary.access import ROLES, ApiKey, key_id
from notary.access_log import FIRST
from notary.canonical import canonical_json
from notary.ports.parties import Lender
from notary.records.administration import ADMINISTRATION
from tests.support.api import Api, LenderKit, agreement, repayment, running_api
from tests.support.builders import NOW
from tests.support.document import OPERATIONS, example_api, replay
from tests.support.spellings import files_under, found_in

LOAN, OTHER = "个贷-2026-读-0001", "L-other"
DOCUMENT = b"the words of a contract"
DIGEST = sha256(DOCUMENT).hexdigest()
LIST, LAST = "/v1/accesses", 2**63 - 1
NO_LOAN = frozenset({
    "jobs.show", "policy.show", "roots.index", "keys.index", "keys.show", "webhooks.index", "webhooks.show",
    "api_keys.index", "client_keys.index", "grants.index", "passes.index", "audits.index", "audits.show",
    "organisations.index", "anchors.anchors",
    "accesses.index", "accesses.of_pass",
})  # fmt: skip
"""What is read there is no loan: how far a job is, keys, rules, who may read; and the lines themselves."""


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with running_api(tmp_path / "data") as api:
        named = {"name": "a.txt", "media_type": "text/plain", "size": len(DOCUMENT), "sha256": DIGEST}
        path = f"/v1/documents/{DIGEST}"
        assert api.request("PUT", path, DOCUMENT, media_type="text/plain").status_code == 201
        for value in (agreement(LOAN, api.bank, documents=[named]), repayment(LOAN), agreement(OTHER, api.bank)):
            assert api.submit(value).status_code == 201
        yield api


def lines(api: Api, path: str = LIST, by: LenderKit | None = None) -> list[dict[str, Any]]:
    answer = api.get(path, by=by)
    assert answer.status_code == 200, answer.data
    return answer.get_json()["accesses"]  # type: ignore[no-any-return]


def kinds(found: list[dict[str, Any]]) -> list[str]:
    return [item["kind"] for item in reversed(found)]


def auditor(api: Api, **grant: Any) -> LenderKit:
    secret = new_api_key()
    made = api.services.access.add_organisation("Sample Audit", "auditor", NOW)
    digest = hash_secret(secret)
    api.services.access.add_api_key(ApiKey(key_id(digest), made.number, "first", ROLES["auditor"], NOW), digest)
    body = {"auditor": made.number, "expires_at": "2040-01-01T00:00:00.000Z", **grant}
    assert api.request("POST", "/v1/grants", orjson.dumps(body)).status_code == 201
    return replace(api.bank, api_key=secret, lender=Lender(made.number, made.name))


def borrower(api: Api) -> LenderKit:
    body = orjson.dumps({"loan": LOAN, "expires_at": "2040-01-01T00:00:00.000Z"})
    return replace(api.bank, api_key=api.request("POST", "/v1/passes", body).get_json()["secret"])


# --- every way in


def test_every_endpoint_that_answers_with_loans_is_known() -> None:
    reading = {name for name, item in SCOPES.items() if OPERATIONS.get(_operation(name)) and _is_get(name)}
    assert reading - KINDS.keys() == NO_LOAN
    assert NO_LOAN.isdisjoint(KINDS)


def _operation(endpoint: str) -> str:
    first, *rest = endpoint.replace(".", "_").split("_")
    return first + "".join(part.capitalize() for part in rest)


def _is_get(endpoint: str) -> bool:
    return OPERATIONS[_operation(endpoint)].method == "GET"


def test_every_reading_operation_leaves_one_line_of_its_kind(tmp_path: Path) -> None:
    with example_api(tmp_path / "data") as api:
        log, missing = api.services.access_log, {}
        for endpoint, kind in KINDS.items():
            if endpoint.startswith("pages.") or endpoint == "loans.accesses":
                continue
            before = sum(head.number for head in log.heads())
            _, answer = replay(api, _operation(endpoint))
            answer.close()
            found = [item.access.kind for head in log.heads() for item in log.accesses(head.lender, LAST, 1)]
            count = sum(head.number for head in log.heads()) - before
            if (count, found[:1]) != (1, [kind]):
                missing[endpoint] = (count, found, answer.status_code)
        assert missing == {}


def test_a_line_says_who_what_when_and_how(api: Api) -> None:
    began = now()
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    record = api.get(f"/v1/loans/{LOAN}").get_json()["records"][1]["id"]
    headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    assert api.request("GET", f"/v1/records/{record}/receipt", headers=headers).status_code == 200
    line, loan = lines(api)[:2]
    assert line["at"] >= loan["at"]
    told = {name: line[name] for name in ("organisation", "organisation_name", "way", "kind", "loan", "record")}
    assert told == {
        "organisation": api.bank.lender.number, "organisation_name": api.bank.lender.name, "way": "api-key",
        "kind": "receipt", "loan": LOAN, "record": record,
    }  # fmt: skip
    assert (line["by"], line["trace_id"], loan["record"]) == (key_id(hash_secret(api.bank.api_key)), trace, None)
    key = (api.bank.lender.number, record)
    assert line["entry"] == api.services.store.find_records([key])[key].index
    assert began <= api.services.access_log.accesses(api.bank.lender.number, LAST, 9)[-1].access.at <= now()


def test_an_auditor_s_reads_are_in_the_lender_s_lines(api: Api) -> None:
    reader = auditor(api)
    asked = f"?lender={api.bank.lender.number}"
    for path in (f"/v1/loans/{LOAN}/evidence.zip{asked}", f"/v1/records{asked}&type=repayment&loan={OTHER}"):
        api.get(path, by=reader).close()
    assert api.get(f"/v1/loans{asked}&state=active", by=reader).status_code == 200
    found = lines(api)
    assert {(item["organisation_name"], item["way"]) for item in found} == {("Sample Audit", "api-key")}
    assert [(item["kind"], item["loan"], item["query"]) for item in found] == [
        ("list", None, "state=active"), ("list", OTHER, "type=repayment"), ("package", LOAN, None),
    ]  # fmt: skip
    assert lines(api, by=api.other) == []
    assert api.get(LIST, by=reader).status_code == 403


def test_what_is_not_found_is_not_read(api: Api) -> None:
    assert api.get(f"/v1/loans/{LOAN}", by=api.other).status_code == 404
    assert api.get("/v1/loans/none").status_code == 404
    assert api.get(f"/v1/loans/{LOAN}?lender={api.bank.lender.number}", by=auditor(api, loan=OTHER)).status_code == 404
    assert api.services.access_log.heads() == []


def test_to_write_or_to_read_one_s_own_administration_is_no_line(api: Api) -> None:
    assert api.submit(repayment(LOAN)).status_code == 201
    assert api.request("PUT", f"/v1/loans/{LOAN}/hold").status_code == 200
    assert api.get(f"/v1/loans/{ADMINISTRATION}").status_code == 200
    assert lines(api) == []


def test_what_cannot_be_noted_is_not_read(api: Api) -> None:
    api.services.access_log.close()  # type: ignore[attr-defined]
    for path in api.folder.path.glob("accesses.db*"):
        path.unlink()
    api.folder.accesses.mkdir()
    answer = api.get(f"/v1/loans/{LOAN}")
    assert (answer.status_code, answer.get_json()["type"].rpartition(":")[2]) == (503, "unavailable")
    assert LOAN.encode() not in answer.data


# --- the loan's own lines


def test_the_lines_of_a_loan_are_of_it_its_records_and_its_documents(api: Api) -> None:
    record = api.get(f"/v1/loans/{LOAN}").get_json()["records"][0]["id"]
    for path in (f"/v1/loans/{OTHER}", "/v1/loans", f"/v1/records/{record}", f"/v1/documents/{DIGEST}/info"):
        assert api.get(path).status_code == 200
    api.get(f"/v1/documents/{DIGEST}").close()
    found = lines(api, f"/v1/loans/{LOAN}/accesses")
    assert kinds(found) == ["loan", "record", "document", "document"]
    assert [item["loan"] for item in found] == [None, None, LOAN, LOAN]
    assert kinds(lines(api, f"/v1/loans/{OTHER}/accesses")) == ["loan"]
    assert api.get("/v1/loans/none/accesses").status_code == 404
    assert api.get(f"/v1/loans/{LOAN}/accesses", by=api.other).status_code == 404


def test_a_loan_whose_number_ends_like_the_path(api: Api) -> None:
    assert api.submit(agreement("L/accesses", api.bank)).status_code == 201
    assert api.get("/v1/loans/L/accesses").get_json()["loan"] == "L/accesses"
    assert kinds(lines(api)) == ["loan"]


def test_pages_of_lines_go_on_where_the_one_before_ended(api: Api) -> None:
    log, lender = api.services.access_log, api.bank.lender.number
    assert api.get(f"/v1/loans/{LOAN}").status_code == 200
    [first] = log.accesses(lender, LAST, 1)
    log.note([first.access] * 130)
    answer = api.get(LIST).get_json()
    assert [item["number"] for item in answer["accesses"]] == list(range(131, 31, -1))
    rest = api.get(f"{LIST}?cursor={answer['next']}").get_json()
    assert ([item["number"] for item in rest["accesses"]], rest["next"]) == (list(range(31, 0, -1)), None)
    assert api.get(f"{LIST}?cursor=x").status_code == 422


def test_a_borrower_sees_who_read_his_loan_and_no_key(api: Api) -> None:
    reader, holder = auditor(api), borrower(api)
    for _ in range(2):
        assert api.get(f"/v1/loans/{LOAN}?lender={api.bank.lender.number}", by=reader).status_code == 200
    assert api.get(f"/v1/loans/{OTHER}").status_code == 200
    assert api.get("/v1/my-loan", by=holder).status_code == 200
    api.get(f"/v1/documents/{DIGEST}").close()
    answer = api.get("/v1/my-loan/accesses", by=holder)
    told = answer.get_json()
    assert (told["count"], told["reads_at"]) == (4, "writing-hosts")
    assert [(item["reader"]["role"], item["reader"]["name"], item["kind"]) for item in told["accesses"]] == [
        ("lender", "示范银行", "document"), ("borrower", None, "loan"), *[("auditor", "Sample Audit", "loan")] * 2,
    ]  # fmt: skip
    assert b"key_" not in answer.data
    [line] = [item for item in lines(api) if item["way"] == "pass"]
    assert line["organisation"] is None
    assert line["by"].startswith("pass_")


def test_the_borrower_s_page_says_who_has_looked(api: Api) -> None:
    assert api.get(f"/v1/loans/{LOAN}?lender={api.bank.lender.number}", by=auditor(api)).status_code == 200
    headers = {"Accept-Language": "en"}
    page = api.request("GET", "/loan/view", by=borrower(api), headers=headers).get_data(as_text=True)
    assert "This loan was read 2 times." in page
    assert "Sample Audit · the loan" in page
    chinese = api.request("GET", "/loan/view", by=borrower(api), headers={"Accept-Language": "zh"})
    assert "该贷款被查阅过 3 次。" in chinese.get_data(as_text=True)


# --- pages and the command line


def test_pages_are_noted_as_read_in_a_session(api: Api) -> None:
    client = api.app.test_client()
    token = client.get("/sign-in").get_data(as_text=True).partition('name="form_token" value="')[2].partition('"')[0]
    entered = client.post("/sign-in", data={"api_key": api.bank.api_key, "form_token": token})
    assert entered.status_code == 303
    for path in ("/lender", "/lender/loans?state=active", f"/lender/loan?number={LOAN}"):
        assert client.get(path).status_code == 200
    found = lines(api)
    assert {item["way"] for item in found} == {"session"}
    assert [(item["kind"], item["loan"], item["query"]) for item in reversed(found)] == [
        ("list", None, None), ("list", None, "state=active"), ("loan", LOAN, None),
    ]  # fmt: skip


def test_the_operator_s_audit_is_in_every_lender_s_lines(api: Api) -> None:
    result = CliRunner().invoke(main, ["audit", "--data", str(api.folder.path), "--json", "--workers", "1"])
    assert result.exit_code in (0, 2), result.output
    for kit in (api.bank, api.other):
        [line] = lines(api, by=kit)
        assert [line[name] for name in ("by", "way", "kind", "query", "organisation")] == [
            "operator", "command-line", "audit", "audit", None,
        ]  # fmt: skip


# --- hard to change, and without the loan


def test_the_lines_answered_can_be_checked_against_the_log_s_own_record(api: Api) -> None:
    for _ in range(3):
        assert api.get(f"/v1/loans/{LOAN}").status_code == 200
    cover = AccessCover(api.folder, lambda: now() + DAY + 1)
    assert AccessCover(api.folder, now).step() == 0
    assert (cover.step(), cover.step()) == (1, 0)
    history = api.services.store.loan_records(api.bank.lender.number, ADMINISTRATION)
    acts = [orjson.loads(item.payload) for item in history]
    [subject] = [item["subject"] for item in acts if item["act"] == "access_log.cover"]
    before = FIRST
    for line in reversed(lines(api)):
        told = ("hash", "organisation_name", "loan", "record")
        members = {name: value for name, value in line.items() if name not in told}
        before = sha256(before + canonical_json(members)).digest()
        assert line["hash"] == before.hex()
    assert subject == f"accesses_3_{before.hex()}"


def test_lines_go_when_their_time_is_over(api: Api) -> None:
    assert api.get(f"/v1/loans/{LOAN}").status_code == 200
    days = api.folder.settings().access_log_days
    AccessCover(api.folder, lambda: now() + (days - 1) * DAY).step()
    assert len(lines(api)) == 1
    AccessCover(api.folder, lambda: now() + (days + 1) * DAY).step()
    assert lines(api) == []


def test_nothing_of_an_erased_loan_is_in_the_lines(api: Api) -> None:
    record = api.get(f"/v1/loans/{LOAN}").get_json()["records"][0]["id"]
    assert api.get(f"/v1/records/{record}").status_code == 200
    api.get(f"/v1/documents/{DIGEST}").close()
    assert api.get(f"/v1/records?loan={LOAN}").status_code == 200
    values = [LOAN.encode(), record.encode(), bytes.fromhex(DIGEST), DIGEST.encode()]
    assert api.request("DELETE", f"/v1/loans/{LOAN}").status_code == 200
    names = [name for name in files_under(api.folder.path) if "accesses" in str(name)]
    assert names
    assert list(found_in(files_under(api.folder.path), values)) == []
    found = lines(api)
    assert kinds(found) == ["loan", "record", "document", "list"]
    assert {(item["loan"], item["record"]) for item in found} == {(None, None)}
    answer = api.get(f"/v1/loans/{LOAN}/accesses")
    assert (answer.status_code, answer.get_json()["type"].rpartition(":")[2]) == (410, "erased")
