# SPDX-License-Identifier: Apache-2.0
"""Every example in the client's docstrings, run against a notary; and every endpoint is called by one of them."""

import doctest
import json
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from inspect import Parameter, signature
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

import loan_notary
from api.access.auth import hash_secret, new_api_key
from api.audits.audit import Order
from api.clock import now
from loan_notary import Client, calls, connection, receipts, signing, webhook_messages
from notary.access import ROLES, ApiKey, key_id
from notary.audit.sample import Wanted
from tests.support.api import Api, agreement, running_api
from tests.support.certificates import YEAR, Authority
from tests.support.listening import listening

ROOT = Path(__file__).parents[2]
MODULES = (
    calls.access, calls.audits, calls.documents, calls.jobs, calls.log, calls.parties, calls.records, calls.webhooks,
    connection, receipts, signing, webhook_messages,
)  # fmt: skip
_METHODS = ("submit_many", "wait_for", "upload_job", "wait_for_job", "job_results", "download")
WITHOUT = {
    "/v1/verify",  # the client verifies by itself
    "/v1/oauth/token",  # asked for by whatever library signs the caller's assertions
    # For monitors and auditors.
    "/healthz",
    "/openapi.json",
    "/log/tile/<level>/<path:number>",
    "/log/tile/entries/<path:number>",
    "/log/consistency/<old>/<new>",
    "/log/consistency/<old>/<new>/receipt.cose",
}
"""Paths that no call is for."""


SAMPLE = {
    "format": "loan-notary/sample@1",
    "wanted": {"mode": "attribute", "confidence": "0.95", "tolerable": "0.05"},
    "items": [{"index": index} for index in range(59)],
}


def examples() -> list[doctest.DocTest]:
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = [test for module in MODULES for test in finder.find(module)]
    # Methods that only send a call have that call's docstring.
    found += [finder.find(getattr(Client, name), name)[0] for name in _METHODS]
    return [test for test in found if test.examples]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("client") / "data") as api:
        yield api


@pytest.fixture(scope="module")
def url(api: Api) -> Iterator[str]:
    with listening(api) as url:
        yield url


@pytest.fixture
def known(api: Api, url: str, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """What the examples take for granted."""
    bank, operator_key = api.bank, new_api_key()
    digest = hash_secret(operator_key)
    made = api.services.access.add_organisation("Operator", "operator", now())
    api.services.access.add_api_key(ApiKey(key_id(digest), made.number, "first", ROLES["operator"], now()), digest)
    pdf = tmp_path / "agreement.pdf"
    pdf.write_bytes(b"%PDF-1.7\n" + uuid4().bytes)
    with Client(url, bank.api_key) as client, Client(url, operator_key) as operator:
        yield {
            **{name: getattr(loan_notary, name) for name in loan_notary.__all__},
            "client": client,
            "client_with": partial(Client, url),
            "agreement": lambda: agreement(f"LN-{uuid4()}", bank),
            "recorded": client.submit(agreement(f"LN-{uuid4()}", bank)),
            "key": bank.key,
            "borrower": bank.borrower,
            "pdf": pdf,
            "tmp_path": tmp_path,
            "authority_pem": Authority.create(f"CA {uuid4()}", now() - YEAR, now() + YEAR).pem,
            "auditor": operator.add_organisation("Auditors", "auditor")["number"],
            "operator_key": operator_key,
            "audited": audit_with(api, {"format": "loan-notary/audit@1", "verdict": "valid"}),
            "sampled": audit_with(api, SAMPLE),
        }
    for audit in api.services.audits.all_of():
        if not audit.is_over:
            api.services.audits.cancel(audit.organisation, audit.id, now())
    # What the next example erases no job may still need.
    jobs = api.services.jobs
    for job in jobs.all_of(bank.lender.number):
        if job.state in ("open", "running"):
            jobs.cancel(bank.lender.number, job.id, now())


def audit_with(api: Api, report: dict[str, Any]) -> str:
    """Return the id of an audit of the bank's that is done and has this report; of a sample whatever it says."""
    files, number = api.services.audits, api.bank.lender.number
    wanted = Wanted("attribute", number, ("repayment",), Decimal("0.95"), Decimal("0.05"))
    made = files.create(number, Order("sample", number, wanted=wanted), now())
    files.end(made, now(), report, None)
    return made.id


def run(test: doctest.DocTest, names: dict[str, Any]) -> None:
    test.globs = dict(names)
    runner, said = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS), []
    # The server is a thread of this process; what it logs is none of the example's output.
    with capture_logs():
        runner.run(test, out=said.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)


@pytest.mark.parametrize("test", examples(), ids=lambda test: test.name.removeprefix("loan_notary."))
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_the_example_runs(test: doctest.DocTest, known: dict[str, Any]) -> None:
    run(test, known)


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_the_quick_start_runs(api: Api, url: str) -> None:
    record = json.loads((ROOT / "docs" / "quickstart" / "agreement.json").read_bytes())
    [test] = doctest.DocTestFinder(recurse=False).find(loan_notary, "loan_notary")
    run(test, {"notary_url": url, "api_key": api.other.api_key, "agreement": record})


def test_every_call_has_an_example() -> None:
    with_example = {test.name for test in examples()}
    for name in vars(Client):
        call = getattr(Client, name)
        if not name.startswith("_") and name not in ("send", "close", *_METHODS):
            assert f"{call.__module__}.{name}" in with_example


def test_every_endpoint_has_a_call(api: Api) -> None:
    given: dict[str, Any] = {
        "item": b"{}", "envelope": b"{}", "lines": [], "policy": {}, "key": {}, "events": [], "scopes": [],
        "auditor": 1, "data": b"", "file": Path(__file__), "signature": {}, "part": 1,
    }  # fmt: skip
    adapter, called = api.app.url_map.bind("notary"), set()
    for module in MODULES[:8]:
        for make in (make for name, make in vars(module).items() if name[0] != "_" and name in vars(Client)):
            wanted = [item for item in signature(make).parameters.values() if item.default is Parameter.empty]
            call = make(*(given.get(item.name, "x") for item in wanted))
            rule, _ = adapter.match(call.path.partition("?")[0], method=call.method, return_rule=True)
            called.add((call.method, rule.rule))
    served = {
        (method, rule.rule)
        for rule in api.app.url_map.iter_rules()
        if not rule.endpoint.startswith("pages.")
        for method in rule.methods or ()
    }
    missing = {
        (method, rule) for method, rule in served - called if method not in ("HEAD", "OPTIONS") and "//" not in rule
    }
    assert {rule for _, rule in missing} == WITHOUT
