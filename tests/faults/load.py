# SPDX-License-Identifier: Apache-2.0
"""Real submitters, and a ledger of what they sent and what the notary said to it."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, IncompleteRead
from random import Random
from typing import Any
from uuid import uuid4

from notary.canonical import canonical_json
from notary.receipts.receipt import parse_receipt
from tests.support.api import repayment
from tests.support.builders import record
from tests.support.service import Answer, Service, ask, connection

SUBMITTERS = 6
BATCH = 12
NDJSON = "application/x-ndjson"


@dataclass
class Ledger:
    """What was sent, by record id, and what came back; of all lives of one data folder.

    `placed` has the entry index of each record that was acknowledged, `receipts` the answers that were receipts.
    `keyed` are the records sent with an Idempotency-Key, which is their id. `tests` are the keys of test messages, with
    the answer or None. `jobs` are jobs that were started, with the ids of their lines.
    """

    sent: dict[str, bytes] = field(default_factory=dict)
    placed: dict[str, int] = field(default_factory=dict)
    receipts: dict[str, bytes] = field(default_factory=dict)
    keyed: set[str] = field(default_factory=set)
    tests: dict[str, bytes | None] = field(default_factory=dict)
    jobs: dict[str, list[str]] = field(default_factory=dict)
    unexpected: list[tuple[str, int, bytes]] = field(default_factory=list)

    def acknowledge(self, record_id: str, receipt: bytes) -> None:
        """Keep a receipt."""
        self.receipts[record_id] = receipt
        self.placed[record_id] = parse_receipt(receipt).index

    def acknowledge_lines(self, answer: bytes) -> bool:
        """Keep what the whole lines of a batch's answer say; tell whether all of them were placed."""
        lines = [json.loads(line) for line in answer.split(b"\n")[:-1]]
        placed = [line for line in lines if line["status"] in (200, 201)]
        self.placed.update({line["id"]: line["index"] for line in placed})
        others = [line for line in lines if line["status"] not in (200, 201, 503)]
        self.unexpected += [("line", line["status"], json.dumps(line).encode()) for line in others]
        return len(placed) == len(lines)


class Load:
    """Submitters at work on a service: `with Load(...)`; at the end each has noticed that the service is gone."""

    def __init__(self, service: Service, api_key: str, hook: str, ledger: Ledger, random: Random) -> None:
        self._service, self._api_key, self._hook, self._ledger = service, api_key, hook, ledger
        self._ending = threading.Event()
        works: list[Callable[[HTTPConnection, Random], bool]] = [self._submit] * SUBMITTERS
        self._threads = [
            threading.Thread(target=self._run, args=(work, Random(random.random())))
            for work in (*works, self._test_the_hook, self._upload)
        ]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def _run(self, work: Callable[[HTTPConnection, Random], bool], random: Random) -> None:
        try:
            with connection(self._service.url) as link:
                while not self._ending.is_set() and work(link, random):
                    pass
        except (OSError, HTTPException):
            return

    def _submit(self, link: HTTPConnection, random: Random) -> bool:
        """Begin a loan and go on with it: single records, some with a key, and batches."""
        loan = str(uuid4())
        if not self._single(link, record("agreement", id=str(uuid4()), loan=loan), keyed=True):
            return False
        for _ in range(random.randrange(4, 12)):
            if self._ending.is_set():
                return True
            if random.random() < 0.2:
                went_well = self._batch(link, [repayment(loan) for _ in range(BATCH)])
            else:
                went_well = self._single(link, repayment(loan), keyed=random.random() < 0.5)
            if not went_well:
                return False
        return True

    def _single(self, link: HTTPConnection, value: dict[str, Any], keyed: bool) -> bool:
        name = value["id"]
        body = self._ledger.sent[name] = canonical_json(value)
        if keyed:
            self._ledger.keyed.add(name)
        more = {"idempotency_key": name} if keyed else {}
        answer = ask(link, "POST", "/v1/records", body, self._api_key, **more)
        if self._expect(f"POST of {name}", answer, 201):
            self._ledger.acknowledge(name, answer.body)
            return True
        return False

    def _batch(self, link: HTTPConnection, values: list[dict[str, Any]]) -> bool:
        lines = {value["id"]: canonical_json(value) for value in values}
        self._ledger.sent |= lines
        try:
            answer = ask(link, "POST", "/v1/records:batch", b"\n".join(lines.values()), self._api_key, NDJSON)
        except IncompleteRead as error:
            self._ledger.acknowledge_lines(error.partial)
            raise
        return self._expect("batch", answer, 200) and self._ledger.acknowledge_lines(answer.body)

    def _test_the_hook(self, link: HTTPConnection, _: Random) -> bool:
        """Ask for a test message: something that is made anew each time."""
        key = str(uuid4())
        self._ledger.tests[key] = None
        answer = ask(
            link, "POST", f"/v1/webhooks/{self._hook}/test", b"", self._api_key, idempotency_key=key,
        )  # fmt: skip
        if self._expect("test of the webhook", answer, 202):
            self._ledger.tests[key] = answer.body
            return not self._ending.wait(0.2)
        return False

    def _upload(self, link: HTTPConnection, _: Random) -> bool:
        """Hand in one job."""
        loan = str(uuid4())
        values = [record("agreement", id=str(uuid4()), loan=loan), *(repayment(loan) for _ in range(40))]
        lines = {value["id"]: canonical_json(value) for value in values}
        answer = ask(link, "POST", "/v1/jobs", b"", self._api_key, idempotency_key=str(uuid4()))
        if not self._expect("new job", answer, 201):
            return False
        job = answer.json["id"]
        answer = ask(link, "PUT", f"/v1/jobs/{job}/parts/1", b"\n".join(lines.values()), self._api_key, NDJSON)
        if not self._expect("part of a job", answer, 201):
            return False
        self._ledger.sent |= lines
        answer = ask(link, "POST", f"/v1/jobs/{job}/start", b"", self._api_key, idempotency_key=str(uuid4()))
        if self._expect("start of a job", answer, 202):
            self._ledger.jobs[job] = list(lines)
        return False

    def _expect(self, what: str, answer: Answer, status: int) -> bool:
        if answer.status not in (status, 503):
            self._ledger.unexpected.append((what, answer.status, answer.body[:500]))
        return answer.status == status
