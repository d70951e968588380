# SPDX-License-Identifier: Apache-2.0
"""kill -9 in the middle of 64 parallel submitters: what was acknowledged is there, once, and the audit is clean."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPException
from pathlib import Path
from random import Random

import pytest

from api.settings import DataFolder
from api.wiring import load_signer, open_store
from notary.canonical import canonical_json
from notary.receipts.receipt import parse_receipt
from notary.receipts.report import Verdict
from notary.records.administration import ADMINISTRATION
from tests.support.api import repayment
from tests.support.builders import record
from tests.support.cli import document, run
from tests.support.service import Service, ask, connection, new_service, processes_of
from verifier import make_verifier

SUBMITTERS = 64
ROUNDS = 3


class Submitter(threading.Thread):
    """Submits repayments of one loan, one after another, and remembers what was acknowledged and what was not."""

    def __init__(self, service: Service, api_key: str, loan: str) -> None:
        super().__init__()
        self._service, self._api_key, self._loan = service, api_key, loan
        self.sent: dict[str, bytes] = {}
        self.acknowledged: dict[str, bytes] = {}
        self.unexpected: list[tuple[int, bytes]] = []

    def run(self) -> None:
        """Go on until the service is gone."""
        try:
            with connection(self._service.url) as link:
                while self._submit(link):
                    pass
        except (OSError, HTTPException):
            return

    def _submit(self, link: object) -> bool:
        value = repayment(self._loan)
        body = self.sent[value["id"]] = canonical_json(value)
        answer = ask(link, "POST", "/v1/records", body, self._api_key)  # type: ignore[arg-type]
        if answer.status == 201:
            self.acknowledged[value["id"]] = answer.body
        elif answer.status != 503:
            self.unexpected.append((answer.status, answer.body))
        return answer.status == 201


def kill_all(service: Service) -> None:
    for pid in processes_of(service.folder):
        _kill(pid)


def kill_the_writer(service: Service) -> None:
    for pid in service.pids("api.writer"):
        _kill(pid)


def kill_the_supervisor(service: Service) -> None:
    assert service.process is not None
    _kill(service.process.pid)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with new_service(tmp_path / "data") as service:
        yield service


@pytest.mark.parametrize("kill", [kill_all, kill_the_writer, kill_the_supervisor])
def test_nothing_acknowledged_is_lost(service: Service, kill: Callable[[Service], None]) -> None:
    api_key = service.add_lender()
    random = Random(kill.__name__)
    acknowledged: dict[str, bytes] = {}
    sent: dict[str, bytes] = {}
    service.start()
    for number in range(ROUNDS):
        loans = [f"{number}-{i}" for i in range(SUBMITTERS)]
        agreements = [record("agreement", id=repayment("")["id"], loan=loan) for loan in loans]
        lines = b"\n".join(canonical_json(value) for value in agreements)
        answer = service.request("POST", "/v1/records:batch", lines, api_key, "application/x-ndjson")
        assert answer.body.count(b'"status":201') == SUBMITTERS, answer.body[:2000]
        sent |= {value["id"]: canonical_json(value) for value in agreements}

        submitters = [Submitter(service, api_key, loan) for loan in loans]
        for submitter in submitters:
            submitter.start()
        time.sleep(random.uniform(0.3, 1.5))
        kill(service)
        for submitter in submitters:
            submitter.join()
            assert submitter.unexpected == []
            acknowledged |= submitter.acknowledged
            sent |= submitter.sent
        assert service.process is not None
        assert service.process.wait() != 0
        service.wait_for_silence()
        service.start()
        check(service, api_key, acknowledged, sent)
        print(f"{kill.__name__} {number}: {len(acknowledged)} acknowledged, {len(sent)} sent")  # noqa: T201 - pytest -rP shows it
    assert service.stop() == 0
    assert len(acknowledged) > ROUNDS * SUBMITTERS


def check(service: Service, api_key: str, acknowledged: dict[str, bytes], sent: dict[str, bytes]) -> None:
    """Every acknowledged record stands where its receipt says, once; what stands there was sent; the audit is clean."""
    folder = DataFolder(service.folder)
    everything = [item for item, _ in open_store(folder).records()]
    assert [item.index for item in everything] == list(range(1, len(everything) + 1))
    # What the notary wrote itself, of the lender and its API key, is beside what was sent.
    stored = {item.record_id: item for item in everything if item.loan != ADMINISTRATION}
    assert len(everything) == len(stored) + 2
    assert acknowledged.keys() <= stored.keys() <= sent.keys()
    assert all(stored[name].payload == sent[name] for name in stored)
    verifier = make_verifier(load_signer(folder).verifier)
    for name, data in acknowledged.items():
        receipt = parse_receipt(data)
        assert (receipt.index, receipt.nonce) == (stored[name].index, stored[name].nonce)
    for name in sorted(acknowledged)[:20]:
        assert verifier.verify(acknowledged[name]).verdict is Verdict.VALID
        answer = service.request("GET", f"/v1/records/{name}/receipt", api_key=api_key)
        assert parse_receipt(answer.body).index == stored[name].index
        assert verifier.verify(answer.body).verdict is Verdict.VALID
        again = service.request("POST", "/v1/records", sent[name], api_key)
        assert (again.status, parse_receipt(again.body).index) == (200, stored[name].index)
    audited = run("audit", "--data", service.folder, "--json")
    assert audited.exit_code == 0, audited.output
    assert document(audited)["records"]["records"] == len(everything)


@pytest.mark.parametrize("after", [0.6, 1.2])
def test_a_supervisor_killed_while_it_starts_leaves_nothing_behind(service: Service, after: float) -> None:
    process = service.launch()
    time.sleep(after)
    process.kill()
    process.wait()
    service.wait_for_silence()
    service.start()
    assert service.stop() == 0
