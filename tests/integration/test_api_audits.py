# SPDX-License-Identifier: Apache-2.0
"""`/v1/audits` over an anchored log: each kind, who may ask for it, what is kept, and a worker that is killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from werkzeug.test import TestResponse

from api.access.auth import hash_secret, new_api_key
from api.audits.audit import Order
from api.audits.files import KEEP, MAX_LEDGER, MAX_OPEN, AuditFiles
from api.audits.running import carry_out
from api.audits.worker import AuditWorker
from api.clock import now
from chain.rpc import Rpc
from notary.access import ROLES, ApiKey, key_id
from notary.audit.tie_out import COLUMNS
from notary.encoding import format_time
from notary.errors import JobError, UnavailableError
from notary.privacy.data_key import DataKey
from tests.support.anchored import Anchored, anchored_log
from tests.support.api import PROBLEM, Api, LenderKit
from tests.support.service import ROOT, until
from tests.support.spellings import found_in

Json = dict[str, Any]

SAMPLE = {"kind": "sample", "types": ["repayment"], "mode": "attribute", "confidence": "0.95", "tolerable": "0.05"}


@pytest.fixture(scope="module")
def anchored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anchored]:
    with anchored_log(tmp_path_factory.mktemp("audits") / "data") as made:
        Rpc(made.rpc).call("anvil_mine", "0x2")
        yield made


@pytest.fixture
def api(anchored: Anchored) -> Iterator[Api]:
    yield anchored.api
    for audit in anchored.api.services.audits.all_of():
        if not audit.is_over:
            anchored.api.services.audits.cancel(audit.organisation, audit.id, now())


def organisation(api: Api, role: str) -> LenderKit:
    """Register an organisation; its kit has the keys of the bank, which nothing here uses."""
    secret = new_api_key()
    digest = hash_secret(secret)
    made = api.services.access.add_organisation(role, role, now())
    api.services.access.add_api_key(ApiKey(key_id(digest), made.number, "first", ROLES[role], now()), digest)
    return replace(api.bank, lender=replace(api.bank.lender, number=made.number), api_key=secret)


def grant(api: Api, auditor: LenderKit, **limits: Any) -> str:
    asked = {"auditor": auditor.lender.number, "expires_at": format_time(now() + 3_600_000), **limits}
    answer = api.request("POST", "/v1/grants", orjson.dumps(asked))
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def order(api: Api, by: LenderKit | None = None, **members: Any) -> TestResponse:
    return api.request("POST", "/v1/audits", orjson.dumps(members), by=by)


def ordered(api: Api, by: LenderKit | None = None, **members: Any) -> str:
    answer = order(api, by, **members)
    assert (answer.status_code, answer.json["state"]) == (201, "waiting"), answer.text
    return str(answer.json["id"])


def tie_out(api: Api, *rows: str) -> str:
    audit = str(order(api, kind="tie-out", types=["repayment"]).json["id"])
    assert put_ledger(api, audit, *rows).json["state"] == "waiting"
    return audit


def put_ledger(api: Api, audit: str, *rows: str, **more: Any) -> TestResponse:
    body = "\n".join([",".join(COLUMNS), *rows, ""]).encode()
    return api.request("PUT", f"/v1/audits/{audit}/ledger", body, **{"media_type": "text/csv", **more})


def work(api: Api) -> None:
    worker = AuditWorker(api.folder, api.services.audits)
    while worker.round():
        pass


def report(api: Api, audit: str, by: LenderKit | None = None) -> Json:
    work(api)
    shown = api.get(f"/v1/audits/{audit}", by=by).json
    assert shown["state"] == "done", shown
    assert shown["done"] == shown["total"] > 0
    answer = api.get(f"/v1/audits/{audit}/report", by=by)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    return dict(answer.json)


def refused(answer: TestResponse, status: int, slug: str, *words: str) -> None:
    assert (answer.status_code, answer.mimetype) == (status, PROBLEM), answer.text
    assert answer.json["type"].endswith(f":{slug}")
    for word in words:
        assert word in answer.text


def test_the_log_is_audited_without_any_record(api: Api) -> None:
    auditor = organisation(api, "auditor")
    found = report(api, ordered(api, auditor, kind="log"), auditor)
    assert (found["format"], found["verdict"], found["records"]) == ("loan-notary/audit@1", "valid", None)
    assert found["entries"] == api.services.log.head().size
    assert found["anchors"]["on_chain"] == 2
    assert str(api.folder.path) not in orjson.dumps(found).decode()


def test_a_lender_audits_its_own_records_and_no_others(api: Api) -> None:
    found = report(api, ordered(api, kind="records"))
    assert (found["verdict"], found["lender"]) == ("valid", api.bank.lender.number)
    assert found["records"]["loans"] == 2
    other = report(api, ordered(api, api.other, kind="records"), api.other)
    assert (other["verdict"], other["records"]["loans"]) == ("valid", 0)
    refused(order(api, kind="records", lender=api.other.lender.number), 404, "not-found")


def test_an_auditor_needs_all_of_a_lenders_loans(api: Api) -> None:
    auditor, lender = organisation(api, "auditor"), api.bank.lender.number
    asked = {"kind": "records", "lender": lender}
    refused(order(api, auditor, kind="records"), 422, "invalid-input", "is required")
    refused(order(api, auditor, **asked), 404, "not-found")
    grant(api, auditor, loan="A-1")
    grant(api, auditor, began_from=format_time(now() - 1000))
    refused(order(api, auditor, **asked), 404, "not-found")
    whole = grant(api, auditor)
    audit = ordered(api, auditor, **asked)
    # Its two loans, and the administration of its grants.
    assert report(api, audit, auditor)["records"]["loans"] == 3
    api.request("POST", f"/v1/grants/{whole}/revocation", b"{}")
    refused(api.get(f"/v1/audits/{audit}/report", by=auditor), 404, "not-found")
    assert audit not in api.get("/v1/audits", by=auditor).text
    refused(order(api, auditor, **asked), 404, "not-found")


def test_an_operator_audits_the_log_and_no_loans(api: Api) -> None:
    operator = organisation(api, "operator")
    refused(order(api, operator, kind="records", lender=api.bank.lender.number), 403, "forbidden")
    refused(order(api, operator, kind="tie-out", types=["repayment"], lender=1), 403, "forbidden")
    assert report(api, ordered(api, operator, kind="log"), operator)["verdict"] == "valid"


def test_a_sample_is_drawn_and_its_results_are_evaluated(api: Api) -> None:
    audit = ordered(api, **SAMPLE)
    drawn = report(api, audit)
    assert (drawn["format"], drawn["population"], len(drawn["items"])) == ("loan-notary/sample@1", {"items": 297}, 59)
    assert drawn["wanted"]["lender"] == api.bank.lender.number
    results = "\n".join(["index,deviation", *(f"{item['index']},no" for item in drawn["items"])]).encode()
    path = f"/v1/audits/{audit}/evaluation"
    said = api.request("POST", path, results, media_type="text/csv")
    assert (said.status_code, said.json["deviations"], said.json["tolerable"]) == (200, 0, True)
    refused(api.request("POST", path, b"index,deviation\n", media_type="text/csv"), 422, "invalid-input")
    refused(api.request("POST", path, b"\xff\xfe", media_type="text/csv"), 422, "invalid-input")
    refused(api.request("POST", path, b"{}"), 415, "unsupported-media-type")
    finite = report(api, ordered(api, **SAMPLE, population="finite"))
    assert len(finite["items"]) == 53
    later = drawn["seed"]["number"] + 1
    assert report(api, ordered(api, **SAMPLE, seed_block=later))["seed"]["number"] == later


def test_a_sample_that_cannot_be_drawn_ends_with_the_reason(api: Api) -> None:
    audit = ordered(api, **SAMPLE | {"tolerable": "0.001"})
    work(api)
    shown = api.get(f"/v1/audits/{audit}").json
    assert (shown["state"], shown["problem"]["type"]) == ("failed", "urn:loan-notary:problem:invalid-input")
    assert "ask for --finite" in shown["problem"]["detail"]
    refused(api.get(f"/v1/audits/{audit}/report"), 409, "job-refused", "failed")
    refused(api.request("POST", f"/v1/audits/{audit}/cancellation", b"{}"), 409, "job-refused")


def test_an_audit_waits_for_a_block_that_is_still_to_come(api: Api, anchored: Anchored) -> None:
    far = int(Rpc(anchored.rpc).call("eth_blockNumber"), 16) + 1000
    audit = ordered(api, **SAMPLE, seed_block=far)
    with pytest.raises(Exception, match="still to come"):
        AuditWorker(api.folder, api.services.audits).round()
    assert api.get(f"/v1/audits/{audit}").json["state"] == "running"
    assert api.request("POST", f"/v1/audits/{audit}/cancellation", b"{}").json["state"] == "cancelled"
    assert not AuditWorker(api.folder, api.services.audits).round()


def test_a_ledger_is_held_against_the_log(api: Api) -> None:
    records = api.get("/v1/records?loan=A-1&type=repayment&limit=2").json["records"]
    rows = []
    for item in records:
        value = api.get(f"/v1/records/{item['id']}").json["record"]
        rows.append(f"A-1,repayment,{item['id']},,{value['value_date']},{value['amount']['currency']},1.00")
    found = report(api, tie_out(api, *rows))
    assert (found["format"], found["matched"], found["mismatched"]) == ("loan-notary/tie-out@1", 0, 2)
    assert found["missing_in_the_ledger"] == 295
    assert len(found["differences"]) == 297


def test_a_ledger_that_cannot_be_read_is_named_by_its_line(api: Api) -> None:
    audit = tie_out(api, "A-1,repayment,,,2026-01-01,CNY,1.00")
    work(api)
    shown = api.get(f"/v1/audits/{audit}").json
    assert shown["state"] == "failed"
    assert shown["problem"]["detail"].endswith("line 2 has neither id nor reference")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"kind": "tie-out"}, "/confidence"),
        ({"kind": "all"}, "/kind"),
        ({"kind": 7}, "/kind"),
        ({"kind": "log"}, "/confidence"),
        ({"types": []}, "/types"),
        ({"types": "repayment"}, "/types"),
        ({"types": ["reminder"]}, ""),
        ({"mode": "monetary"}, ""),
        ({"mode": "both"}, "/mode"),
        ({"tolerable": 5}, "/tolerable"),
        ({"tolerable": "-1"}, "/tolerable"),
        ({"confidence": "1e9"}, "/confidence"),
        ({"expected": -1}, "/expected"),
        ({"expected": True}, "/expected"),
        ({"currency": "XXX"}, ""),
        ({"population": "some"}, "/population"),
        ({"seed_block": 0}, "/seed_block"),
        ({"lender": "1"}, "/lender"),
    ],
)
def test_what_is_not_well_formed_is_refused_with_its_place(api: Api, changes: Json, pointer: str) -> None:
    answer = order(api, **SAMPLE | changes)
    refused(answer, 422, "invalid-input")
    assert answer.json["errors"][0]["pointer"] == pointer
    assert not [audit for audit in api.services.audits.all_of() if not audit.is_over]


def test_a_tie_out_waits_for_its_ledger_and_takes_one(api: Api) -> None:
    audit = str(order(api, kind="tie-out", types=["repayment"]).json["id"])
    path = f"/v1/audits/{audit}"
    assert api.get(path).json["state"] == "open"
    assert not AuditWorker(api.folder, api.services.audits).round()
    refused(put_ledger(api, audit, media_type="application/json"), 415, "unsupported-media-type")
    refused(put_ledger(api, audit, headers={"Content-Digest": f"sha-256=:{'A' * 43}=:"}), 422, "wrong-digest")
    refused(put_ledger(api, audit, by=api.other), 404, "not-found")
    refused(put_ledger(api, audit, "x" * MAX_LEDGER), 413, "request-entity-too-large")
    for body in (
        b"null",
        b"",
        b"id\n",
        b"\xff" * 10_000,
        ",".join(COLUMNS[1:]).encode(),
        b"\n" + ",".join(COLUMNS).encode(),
    ):
        headless = api.request("PUT", f"{path}/ledger", body, media_type="text/csv")
        refused(headless, 422, "invalid-input", "line 1 must be the header loan,type,id")
    assert not list(api.folder.audits.glob("*/new-*"))
    assert api.get(path).json["state"] == "open"
    assert put_ledger(api, audit).json["state"] == "waiting"
    assert put_ledger(api, audit).json["state"] == "waiting"
    refused(put_ledger(api, audit, "A-1"), 409, "job-refused", "another ledger")
    work(api)
    refused(put_ledger(api, audit), 409, "job-refused", "done")
    refused(put_ledger(api, ordered(api, kind="log")), 409, "job-refused", "takes no ledger")


def test_an_audit_of_somebody_else_is_as_if_it_were_not_there(api: Api) -> None:
    audit = ordered(api, kind="log")
    for method, path in (("GET", ""), ("GET", "/report"), ("POST", "/cancellation"), ("POST", "/evaluation")):
        media_type = "text/csv" if path == "/evaluation" else "application/json"
        body = b"{}" if method == "POST" else None
        answer = api.request(method, f"/v1/audits/{audit}{path}", body, by=api.other, media_type=media_type)
        refused(answer, 404, "not-found", "you have no audit of this id")
    refused(api.get("/v1/audits/..%2f..%2fkeys"), 404, "not-found")
    assert audit not in api.get("/v1/audits", by=api.other).text
    assert audit in api.get("/v1/audits").text


def test_only_so_many_wait_and_old_ones_go(tmp_path: Path) -> None:
    files = AuditFiles(tmp_path / "audits", DataKey(bytes(32)))
    files.tidy()
    made = [files.create(1, Order("log"), 1000) for _ in range(MAX_OPEN)]
    with pytest.raises(JobError, match="not over"):
        files.create(1, Order("log"), 1000)
    assert files.create(2, Order("log"), 1000).state == "waiting"
    files.end(made[0], 2000, {"a": 1}, None)
    files.cancel(1, made[1].id, 2000)
    files.end(made[1], 3000, {"a": 1}, None)
    assert files.find(1, made[1].id).state == "cancelled"
    assert not made[1].report.exists()
    with pytest.raises(JobError, match="has ended"):
        files.cancel(1, made[0].id, 3000)
    files.sweep(1000 + KEEP)
    assert len(files.all_of(1)) == MAX_OPEN
    files.sweep(1001 + KEEP)
    assert {audit.id for audit in files.all_of(1)} == {made[2].id, made[3].id}
    left = tmp_path / "audits" / "1" / "new-left"
    left.mkdir()
    files.tidy()
    assert not left.exists()


def test_an_audit_that_was_cut_short_by_a_kill_is_done_by_the_next_worker(api: Api) -> None:
    files = api.services.audits
    audit = files.find(api.bank.lender.number, ordered(api, kind="records"))
    assert files.save_progress(audit, 5, 1, 2)
    command = [sys.executable, "-m", "api.audits.worker", str(api.folder.path), str(os.getpid())]
    worker = subprocess.Popen(command, cwd=ROOT)
    try:
        until(lambda: files.find(audit.organisation, audit.id).state == "done", "the audit is done")
    finally:
        worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0
    assert files.find(audit.organisation, audit.id).started_at == 5
    assert orjson.loads(audit.read_report())["verdict"] == "valid"


def test_an_audit_whose_files_cannot_be_used_waits(api: Api) -> None:
    files = api.services.audits
    audit = files.find(api.bank.lender.number, tie_out(api))
    away = audit.ledger.rename(audit.folder / "away")
    audit.ledger.mkdir()
    worker = AuditWorker(api.folder, files)
    with pytest.raises(UnavailableError):
        worker.round()
    with pytest.raises(UnavailableError):
        audit.read_report()
    audit.ledger.rmdir()
    away.rename(audit.ledger)
    assert report(api, audit.id)["matched"] == 0


def test_what_an_audit_has_done_so_far_is_sealed(api: Api) -> None:
    files, seen = api.services.audits, [b""]
    audit = files.find(api.bank.lender.number, ordered(api, kind="records"))

    def note(_: int) -> None:
        seen.append(audit.parts_done.read_bytes())

    assert carry_out(audit, api.folder, lambda _: note)["verdict"] == "valid"
    assert seen[-1].count(b"\n") > 1
    assert not list(found_in({audit.parts_done: seen[-1]}, [b"audit-state@1", b'"checkpoint"', b'{"part":["']))
    files.cancel(audit.organisation, audit.id, now())


def test_a_cancelled_audit_ends_while_it_runs(api: Api) -> None:
    files = api.services.audits
    audit = files.find(api.bank.lender.number, ordered(api, kind="log"))
    files.cancel(audit.organisation, audit.id, now())
    # What the worker notes of it from now on tells it to stop.
    assert not files.save_progress(audit, 5, 1, 2)
    assert not AuditWorker(api.folder, files).round()
