# SPDX-License-Identifier: Apache-2.0
"""Erasing a loan: nothing of it is left anywhere, and everything else goes on as before."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from api.access.auth import hash_secret, new_api_key
from api.audits.auditing import Audit, Target
from notary.access import ROLES, ApiKey, key_id
from notary.encoding import parse_b64url
from notary.log.entries import loan_tag
from notary.log.signed_note import parse_verifier
from notary.ports.parties import Lender
from notary.ports.records import Hold
from notary.receipts.report import Verdict
from notary.records.administration import ADMINISTRATION
from tests.support.api import Api, LenderKit, agreement, answers, repayment, running_api
from tests.support.builders import NOW, record
from tests.support.spellings import files_under, found_in

LOAN, OTHER = "个贷-2026-要删除的-0007", "L-kept"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with running_api(tmp_path / "data") as api:
        yield api


def submit(api: Api, *values: dict[str, Any]) -> list[bytes]:
    """Submit records and return their receipts."""
    found = []
    for value in values:
        answer = api.submit(value)
        assert answer.status_code == 201, answer.data
        found.append(answer.data)
    return found


def erase(api: Api, loan: str = LOAN) -> dict[str, Any]:
    answer = api.request("DELETE", f"/v1/loans/{loan}")
    assert answer.status_code == 200, answer.data
    return answer.get_json()  # type: ignore[no-any-return]


def audit(api: Api) -> Any:
    """Audit the whole database and its records."""
    target = Target("data", str(api.folder.path))
    return Audit(target, parse_verifier(api.services.log_key), None, 1).run(lambda _: lambda _: None)


def openings(api: Api, loan: str) -> list[bytes]:
    """Return all values that open a loan's entries, or name them: nonces, tags, the loan's key, ids, payloads."""
    lender = api.bank.lender.number
    found = api.services.store.find_loans([(lender, loan)])[lender, loan]
    records = api.services.store.loan_records(lender, loan)
    values = [found.key, loan.encode()]
    for item in records:
        values += [item.nonce, item.payload[:200], item.record_id.encode(), UUID(item.record_id).bytes]
        payload = orjson.loads(item.payload)
        values += [payload[name].encode() for name in ("reference", "payee_ref") if name in payload]
    return values


def test_nothing_of_an_erased_loan_is_left_in_any_file(api: Api) -> None:
    others = [repayment(OTHER) for _ in range(30)]
    submit(api, agreement(OTHER, api.bank), agreement(LOAN, api.bank), repayment(LOAN), *others[:15])
    submit(api, repayment(LOAN, reference="REF-TO-BE-ERASED-1"), *others[15:])
    lender = api.bank.lender.number
    values = openings(api, LOAN)
    found = api.services.store.find_loans([(lender, LOAN)])[lender, LOAN]
    tags = [loan_tag(found.key, number) for number in range(3)]
    with closing(sqlite3.connect(api.folder.database)) as connection:
        [(wrapped,)] = connection.execute(
            "SELECT wrapped FROM loan_keys JOIN records USING (loan_id) WHERE entry_index = ?",
            (api.services.store.loan_records(lender, LOAN)[0].index,),
        )
    erased = erase(api)
    files = files_under(api.folder.path)
    assert list(found_in(files, [*values, wrapped])) == []
    # The public log is bytes that nobody can tell from random ones without the loan's key: each tag stands there once.
    data = b"".join(files.values())
    assert [data.count(tag) for tag in tags] == [1, 1, 1]
    assert len(erased["entries"]) == 3


def test_the_audit_reports_erased_entries_as_erased(api: Api) -> None:
    submit(api, agreement(OTHER, api.bank), agreement(LOAN, api.bank), repayment(OTHER), repayment(LOAN))
    before = audit(api)
    assert before.verdict is Verdict.VALID
    assert before.members()["records"]["erased"] == 0
    erase(api)
    report = audit(api)
    assert (report.verdict, report.findings.ordered(), report.unknown) == (Verdict.VALID, [], ())
    members = report.members()["records"]
    assert (members["records"] + members["erased"], members["erased"]) == (report.job.size - 1, 2)


def named(data: bytes) -> dict[str, Any]:
    """Return what a record says of a document."""
    return {"name": "a.txt", "media_type": "text/plain", "size": len(data), "sha256": sha256(data).hexdigest()}


def test_the_documents_of_an_erased_loan_go_but_those_that_another_loan_has_too(api: Api) -> None:
    own, shared, unnamed = (f"the words of document {number}".encode() for number in range(3))
    for data in (own, shared, unnamed):
        path = f"/v1/documents/{sha256(data).hexdigest()}"
        assert api.request("PUT", path, data, media_type="text/plain").status_code == 201
    reply = b"evidence over the document"
    address = f"/v1/documents/{sha256(own).hexdigest()}/attachments/{sha256(reply).hexdigest()}"
    assert api.request("PUT", address, reply, media_type="application/timestamp-reply").status_code == 201
    submit(api, agreement(LOAN, api.bank, documents=[named(own), named(shared)]))
    submit(api, agreement(OTHER, api.bank, documents=[named(shared)]))
    place = api.services.files.find(api.bank.lender.number, named(own)["sha256"]).path
    with place.open("rb") as held:
        erase(api)
        # Not only its name is gone: whoever still has the file open reads nothing of it.
        assert held.read().strip(b"\0") == b""
    digest = bytes.fromhex(named(own)["sha256"])
    assert list(found_in(files_under(api.folder.path), [own, digest, digest.hex().encode(), reply])) == []
    assert problem(api.get(f"/v1/documents/{named(own)['sha256']}")) == MISSING
    for data in (shared, unnamed):
        with api.get(f"/v1/documents/{named(data)['sha256']}") as answer:
            assert answer.data == data


# --- answers about an erased loan


def make_grant(api: Api, auditor: int, **more: Any) -> None:
    body = {"auditor": auditor, "expires_at": "2040-01-01T00:00:00.000Z", **more}
    assert api.request("POST", "/v1/grants", orjson.dumps(body)).status_code == 201


def new_auditor(api: Api) -> LenderKit:
    secret = new_api_key()
    made = api.services.access.add_organisation("Auditors", "auditor", NOW)
    digest = hash_secret(secret)
    key = ApiKey(key_id(digest), made.number, "first", ROLES["auditor"], NOW)
    api.services.access.add_api_key(key, digest)
    return replace(api.bank, api_key=secret, lender=Lender(made.number, made.name))


def problem(response: Any) -> tuple[int, str]:
    return response.status_code, response.get_json()["type"].rpartition(":")[2]


ERASED, MISSING = (410, "erased"), (404, "not-found")


def test_what_was_erased_is_said_to_be_to_whoever_could_read_it(api: Api) -> None:
    value = agreement(LOAN, api.bank)
    submit(api, value, agreement(OTHER, api.bank))
    whole, one, other_loan = new_auditor(api), new_auditor(api), new_auditor(api)
    make_grant(api, whole.lender.number)
    make_grant(api, one.lender.number, loan=LOAN)
    make_grant(api, other_loan.lender.number, loan=OTHER)
    body = orjson.dumps({"loan": LOAN, "expires_at": "2040-01-01T00:00:00.000Z"})
    borrower = replace(api.bank, api_key=api.request("POST", "/v1/passes", body).get_json()["secret"])
    erase(api)
    own = [f"/v1/loans/{LOAN}", f"/v1/loans/{LOAN}/receipt", f"/v1/loans/{LOAN}/evidence.zip"]
    own += [f"/v1/records/{value['id']}{rest}" for rest in ("", "/receipt", "/receipt.cose", "/certificate.pdf")]
    for path in own:
        assert problem(api.get(path)) == ERASED, path
        assert problem(api.get(path, by=api.other)) == MISSING, path
        asked = f"{path}?lender={api.bank.lender.number}"
        assert problem(api.get(asked, by=whole)) == problem(api.get(asked, by=one)) == ERASED, path
        assert problem(api.get(asked, by=other_loan)) == MISSING, path
    for path in ("/v1/my-loan", f"/v1/my-loan/records/{value['id']}/receipt", "/v1/my-loan/evidence.zip"):
        assert problem(api.get(path, by=borrower)) == ERASED, path


def test_an_erased_loan_is_in_no_list_and_takes_nothing_more(api: Api) -> None:
    value = agreement(LOAN, api.bank)
    submit(api, value, agreement(OTHER, api.bank))
    erase(api)
    assert [item["loan"] for item in api.get("/v1/loans").get_json()["loans"] if item["loan"][:4] != "urn:"] == [OTHER]
    assert LOAN not in {item["loan"] for item in api.get("/v1/records").get_json()["records"]}
    assert api.get("/v1/findings").data.count(LOAN.encode()) == 0
    assert problem(api.submit(repayment(LOAN))) == problem(api.submit(value)) == ERASED
    [line] = answers(api.batch(orjson.dumps(repayment(LOAN))))
    assert (line["status"], line["type"].rpartition(":")[2]) == ERASED
    for path, more in (("/v1/passes", {}), ("/v1/grants", {"auditor": new_auditor(api).lender.number})):
        body = orjson.dumps({"loan": LOAN, "expires_at": "2040-01-01T00:00:00.000Z", **more})
        assert problem(api.request("POST", path, body)) == ERASED


def test_to_erase_again_says_the_same(api: Api) -> None:
    submit(api, agreement(LOAN, api.bank))
    first = erase(api)
    assert erase(api) == first
    assert first["erased_at"] is not None
    acts = [orjson.loads(item.payload) for item in api.services.store.loan_records(1, ADMINISTRATION)]
    assert [(item["subject"], item["entries"]) for item in acts if item["act"] == "loan.erase"] == [
        (first["erasure"], first["entries"])
    ]


def test_only_the_lender_with_the_scope_erases(api: Api) -> None:
    submit(api, agreement(LOAN, api.bank))
    path = f"/v1/loans/{LOAN}"
    assert problem(api.request("DELETE", path, by=api.other)) == MISSING
    assert problem(api.request("DELETE", path, by=new_auditor(api))) == (403, "forbidden")
    assert problem(api.request("DELETE", "/v1/loans/none")) == MISSING
    assert problem(api.request("DELETE", f"/v1/loans/{ADMINISTRATION}")) == MISSING
    assert api.get(path).status_code == 200


def test_receipts_that_were_fetched_before_go_on_verifying(api: Api) -> None:
    [before] = submit(api, agreement(LOAN, api.bank))
    history = api.get(f"/v1/loans/{LOAN}/receipt").data
    erase(api)
    for document in (before, history):
        assert api.request("POST", "/v1/verify", document).get_json()["verdict"] == "valid"


def test_the_log_says_what_was_erased_in_a_receipt_that_verifies(api: Api) -> None:
    submit(api, agreement(LOAN, api.bank), repayment(LOAN))
    made = erase(api)
    history = api.get(f"/v1/loans/{ADMINISTRATION}/receipt").data
    assert api.request("POST", "/v1/verify", history).get_json()["verdict"] == "valid"
    records = [orjson.loads(parse_b64url(item["envelope"]["payload"])) for item in orjson.loads(history)["records"]]
    assert records[-1]["entries"] == made["entries"]
    assert LOAN not in str(records)


def test_a_kept_answer_about_an_erased_loan_is_not_given_again(api: Api) -> None:
    body, key = orjson.dumps(agreement(LOAN, api.bank)), {"Idempotency-Key": "once"}
    assert api.request("POST", "/v1/records", body, headers=key).status_code == 201
    assert api.request("POST", "/v1/records", body, headers=key).status_code == 201
    made = orjson.dumps({"name": "another", "scopes": ["records:read"]})
    first = api.request("POST", "/v1/api-keys", made, headers=key).get_json()
    erase(api)
    assert problem(api.request("POST", "/v1/records", body, headers=key)) == ERASED
    # What says nothing of any loan is kept on.
    assert api.request("POST", "/v1/api-keys", made, headers=key).get_json() == first


# --- what stands in the way


def test_a_held_loan_is_not_erased(api: Api) -> None:
    submit(api, agreement(LOAN, api.bank))
    path = f"/v1/loans/{LOAN}"
    for _ in range(2):
        assert [item["by"] for item in api.request("PUT", f"{path}/hold").get_json()["holds"]] == ["lender"]
    assert problem(api.request("DELETE", path)) == (409, "held")
    assert api.services.erasures.set_hold(1, LOAN, Hold("operator", NOW))
    assert [item["by"] for item in api.request("DELETE", f"{path}/hold").get_json()["holds"]] == ["operator"]
    assert problem(api.request("DELETE", path)) == (409, "held")
    assert api.services.erasures.lift_hold(1, LOAN, "operator")
    erase(api)
    assert problem(api.request("PUT", f"{path}/hold")) == ERASED
    acts = [orjson.loads(item.payload) for item in api.services.store.loan_records(1, ADMINISTRATION)]
    assert [item["act"] for item in acts] == ["loan.hold", "loan.release", "loan.erase"]
    assert LOAN not in str(acts)


def test_an_erasure_waits_for_jobs(api: Api) -> None:
    submit(api, agreement(LOAN, api.bank))
    job = api.request("POST", "/v1/jobs", b"{}").get_json()["id"]
    assert problem(api.request("DELETE", f"/v1/loans/{LOAN}")) == (409, "job-refused")
    # What is in the way says nothing of a loan that is not there.
    assert problem(api.request("DELETE", f"/v1/loans/{LOAN}/receipt")) == MISSING
    assert api.get(f"/v1/loans/{LOAN}").status_code == 200
    assert api.request("POST", f"/v1/jobs/{job}/cancel").status_code == 200
    erase(api)
    assert problem(api.get(f"/v1/jobs/{job}")) == MISSING


def test_an_erasure_that_was_cut_short_is_brought_to_its_end(api: Api) -> None:
    submit(api, agreement(LOAN, api.bank), agreement(OTHER, api.bank))
    begun = api.services.erasures.begin_erasure(1, LOAN, "erasure_1")
    assert problem(api.submit(repayment(LOAN))) == ERASED
    assert problem(api.get(f"/v1/loans/{LOAN}")) == ERASED
    # The audit cannot tell of an erasure that the log names and that did not come to its end.
    api.services.administration.note(1, NOW, "loan.erase", "operator", begun.id, entries=begun.entries)
    report = audit(api)
    assert (report.verdict, [place for place, _ in report.unknown]) == (
        Verdict.CANNOT_TELL, [f"entry {index}" for index in begun.entries],
    )  # fmt: skip
    [done] = api.services.eraser.resume("operator")
    assert (done.id, done.entries) == ("erasure_1", begun.entries)
    assert done.erased_at is not None
    assert api.services.eraser.resume("operator") == []
    assert audit(api).verdict is Verdict.VALID


def test_a_reader_of_the_write_ahead_log_lets_the_erasure_be_asked_for_again(api: Api) -> None:
    submit(api, agreement(LOAN, api.bank))
    with closing(sqlite3.connect(api.folder.database, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM records").fetchone()
        assert problem(api.request("DELETE", f"/v1/loans/{LOAN}")) == (503, "unavailable")
        assert problem(api.get(f"/v1/loans/{LOAN}")) == ERASED
    erase(api)
    assert api.folder.database.with_name("notary.db-wal").stat().st_size == 0


# --- retention


def test_settled_loans_are_due_when_the_lender_s_policy_says_so(tmp_path: Path) -> None:
    moment = NOW
    with running_api(tmp_path / "data", clock=lambda: moment) as api:
        for loan in (LOAN, OTHER):
            submit(api, agreement(loan, api.bank), record("disbursement", id=str(uuid4()), loan=loan))
        money = {name: {"currency": "CNY", "amount": "0.00"} for name in ("outstanding", "waived")}
        paid = {"currency": "CNY", "amount": "1.00"}
        submit(api, record("settlement", id=str(uuid4()), loan=LOAN, amount=paid, **money))
        assert api.get("/v1/retention").get_json()["due"] == []
        policy = orjson.dumps({"retention_days": 0})
        assert api.request("PUT", "/v1/policy", policy).get_json()["retention_days"] == 0
        due = api.get("/v1/retention").get_json()
        assert (due["retention_days"], [item["loan"] for item in due["due"]]) == (0, [LOAN])
        assert api.get("/v1/retention", by=api.other).get_json()["due"] == []
        api.request("PUT", f"/v1/loans/{LOAN}/hold")
        assert [item["holds"][0]["by"] for item in api.get("/v1/retention").get_json()["due"]] == ["lender"]
        api.request("DELETE", f"/v1/loans/{LOAN}/hold")
        erase(api)
        assert api.get("/v1/retention").get_json()["due"] == []
        assert api.request("PUT", "/v1/policy", orjson.dumps({"retention_days": 36_501})).status_code == 422
