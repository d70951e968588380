# SPDX-License-Identifier: Apache-2.0
"""What must hold after every fault, of a service that has come up again and has nothing to do."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from api.audits.auditing import Audit, Chain, Target
from api.databases import open_store
from api.keys.log_keys import load_signer
from api.settings import DataFolder
from chain.deployment import Deployment
from chain.history import NodeHistory
from chain.rpc import Rpc
from notary.hashing import leaf_hashes
from notary.log.anchors import AnchorState
from notary.log.checkpoint import open_checkpoint
from notary.log.right_edge import RightEdge
from notary.ports.records import StoredRecord
from notary.receipts.receipt import parse_receipt
from notary.receipts.report import Verdict
from notary.records.administration import ADMINISTRATION
from notary.stores.sqlite import SqliteStore
from tests.faults.load import Ledger
from tests.support.receiver import Got, Receiver
from tests.support.service import Service, until
from verifier import make_verifier

SAMPLE = 3
"""Records of each kind that are asked for over HTTP."""
IN_BLOCKS = (AnchorState.MINED, AnchorState.FINAL)


@dataclass
class Subject:
    """A data folder under test: its service, its lender, what was sent to it, and who is told.

    `setup` are the transactions that are no anchors, None until they were counted. `rewound` says that the embedded
    chain was killed, which may take it back by a second: then anchors are made again, and told again. `aged` says that
    by its clock a day has passed since some answers, which is as long as they are kept for their repeats.
    """

    service: Service
    api_key: str
    hook: str
    secret: str
    receiver: Receiver
    ledger: Ledger = field(default_factory=Ledger)
    setup: int | None = None
    rewound: bool = False
    aged: bool = False

    @property
    def folder(self) -> DataFolder:
        return DataFolder(self.service.folder)

    @contextmanager
    def store(self) -> Iterator[SqliteStore]:
        """Open the folder's database for a while."""
        store = open_store(self.folder)
        try:
            yield store
        finally:
            store.close()


def check_now(subject: Subject, random: Random) -> None:
    """Check what must hold as soon as the service is up again, whatever it still has to do; raises AssertionError."""
    assert subject.ledger.unexpected == []
    check_repeats(subject, random)
    check_records(subject)
    check_head(subject)


def check_all(subject: Subject, random: Random) -> None:
    """Wait until the service has nothing to do and check everything; raises AssertionError."""
    check_now(subject, random)
    check_jobs(subject)
    stored = check_records(subject)
    check_anchors(subject)
    check_messages(subject, stored)
    check_receipts(subject, random)
    check_audit(subject)


def check_repeats(subject: Subject, random: Random) -> None:
    """A key that was answered gives the same answer; one that was cut short is done now; a record is there once."""
    ledger, service = subject.ledger, subject.service
    answered = sorted(ledger.keyed & ledger.receipts.keys()) if not subject.aged else []
    for name in random.sample(answered, min(SAMPLE, len(answered))):
        again = service.request("POST", "/v1/records", ledger.sent[name], subject.api_key, idempotency_key=name)
        assert again.headers.get("idempotency-replayed") == "true", (name, again)
        # 200 where the first attempt was cut short after its commit.
        assert again.status in (200, 201), (name, again)
        assert again.body == ledger.receipts[name]
    for name in sorted(ledger.keyed - ledger.placed.keys()):
        late = service.request("POST", "/v1/records", ledger.sent[name], subject.api_key, idempotency_key=name)
        assert late.status in (200, 201), (name, late)
        ledger.acknowledge(name, late.body)
    for name in random.sample(sorted(ledger.receipts), min(SAMPLE, len(ledger.receipts))):
        again = service.request("POST", "/v1/records", ledger.sent[name], subject.api_key)
        assert (again.status, parse_receipt(again.body).index) == (200, ledger.placed[name]), name
    for key, first in ledger.tests.items():
        if first is None or (random.random() < 0.05 and not subject.aged):
            again = service.request(
                "POST", f"/v1/webhooks/{subject.hook}/test", b"", subject.api_key, idempotency_key=key
            )
            assert again.status == 202, (key, again)
            assert first in (None, again.body)
            ledger.tests[key] = again.body


def check_jobs(subject: Subject) -> None:
    """Every job that was started ends, and answers each of its lines once, in order."""
    for job, names in subject.ledger.jobs.items():

        def ended(job: str = job) -> bool:
            answer = subject.service.request("GET", f"/v1/jobs/{job}", api_key=subject.api_key)
            return bool(answer.json["finished_at"])

        until(ended, f"job {job} ends")
        results = subject.service.request("GET", f"/v1/jobs/{job}/results", api_key=subject.api_key).body
        lines = [json.loads(line) for line in results.splitlines()]
        assert [line["id"] for line in lines] == names
        assert {line["status"] for line in lines} <= {200, 201}, results
        subject.ledger.acknowledge_lines(results)
    subject.ledger.jobs.clear()


def check_records(subject: Subject) -> dict[str, StoredRecord]:
    """What was acknowledged is where its answer says, once; what is there was sent, whole. Return what is there."""
    ledger = subject.ledger
    with subject.store() as store:
        everything = [item for item, _ in store.records()]
    assert [item.index for item in everything] == list(range(1, len(everything) + 1))
    submitted = [item for item in everything if item.loan != ADMINISTRATION]
    stored = {item.record_id: item for item in submitted}
    assert len(stored) == len(submitted)
    missing = ledger.placed.keys() - stored.keys()
    assert not missing, f"acknowledged and not there: {sorted(missing)[:5]}"
    invented = stored.keys() - ledger.sent.keys()
    assert not invented, f"there and never sent: {sorted(invented)[:5]}"
    for name, item in stored.items():
        assert item.payload == ledger.sent[name], name
        assert ledger.placed.get(name, item.index) == item.index, name
    for name, data in ledger.receipts.items():
        assert parse_receipt(data).nonce == stored[name].nonce, name
    return stored


def check_head(subject: Subject) -> None:
    """The entries hash to the newest checkpoint, which the log's key has signed."""
    signer = load_signer(subject.folder)
    with subject.store() as store:
        head = store.head()
        assert head is not None
        entries = list(store.entries(0, head.size))
    signed = open_checkpoint(head.checkpoint, signer.verifier)
    edge = RightEdge(0, [])
    edge.extend(leaf_hashes(entries))
    assert (head.size, head.root) == (signed.size, signed.root) == (edge.size, edge.root())


def check_anchors(subject: Subject) -> None:
    """The chain has each anchor once and in order, no transaction was wasted, and the whole log is anchored."""
    with subject.store() as store:

        def is_anchored() -> bool:
            newest, head = store.newest_anchor(), store.head()
            assert head is not None
            return newest is not None and (newest.state, newest.size) == (AnchorState.FINAL, head.size)

        until(is_anchored, "the log is anchored for good")
        kept = {anchor.size: anchor for anchor in store.anchors(*IN_BLOCKS)}
    deployment = Deployment.load(subject.folder.deployment)
    found = NodeHistory(subject.service.node_url, deployment).anchors()
    sizes = [anchor.size for anchor in found]
    assert sizes == sorted(set(sizes))
    for anchor in found:
        assert (kept[anchor.size].root, kept[anchor.size].block_time) == (anchor.root, anchor.time), anchor
    assert kept.keys() == set(sizes), f"anchors that the chain does not have: {sorted(kept.keys() - set(sizes))}"
    sent = Rpc(subject.service.node_url).transaction_count(deployment.operator)
    if subject.setup is None:
        subject.setup = sent - len(found)
    assert sent == subject.setup + len(found), "a transaction was sent that anchored nothing"


def check_messages(subject: Subject, stored: dict[str, StoredRecord]) -> None:
    """Every record is told of, under one message id of each kind; nothing is told that is not."""
    messages: dict[str, Got] = {}
    asked = {json.loads(answer)["id"] for answer in subject.ledger.tests.values() if answer is not None}

    def told(kind: str) -> list[str]:
        return [name for got in messages.values() if got.message["type"] == kind for name in got.ids]

    def all_is_told() -> bool:
        messages.update({got.headers["webhook-id"]: got for got in list(subject.receiver.got)})
        return asked <= messages.keys() and all(
            stored.keys() <= set(told(kind)) for kind in ("record.recorded", "record.final")
        )

    until(all_is_told, "everything is told")
    for got in list(subject.receiver.got):
        assert got.body == messages[got.headers["webhook-id"]].body, "two bodies under one message id"
        assert got.is_signed_with(subject.secret)
    tests = {name for name, got in messages.items() if got.message["type"] == "webhook.test"}
    assert tests == asked, "a test message was made twice"
    for kind in ("record.recorded", "record.anchored", "record.final"):
        names = told(kind)
        assert {name for name in names if name not in stored} <= _administrative(subject), kind
        assert len(names) == len(set(names)) or (subject.rewound and kind != "record.recorded"), kind


def _administrative(subject: Subject) -> set[str]:
    with subject.store() as store:
        return {item.record_id for item, _ in store.records() if item.loan == ADMINISTRATION}


def check_receipts(subject: Subject, random: Random) -> None:
    """The receipts given out are valid, and so are today's, which are final."""
    verifier = make_verifier(load_signer(subject.folder).verifier)
    names = sorted(subject.ledger.receipts)
    for name in random.sample(names, min(SAMPLE, len(names))):
        assert verifier.verify(subject.ledger.receipts[name]).verdict is Verdict.VALID
        answer = subject.service.request("GET", f"/v1/records/{name}/receipt", api_key=subject.api_key)
        assert verifier.verify(answer.body).verdict is Verdict.VALID, answer.body
        assert parse_receipt(answer.body).state == "final"


def check_audit(subject: Subject) -> None:
    """The full audit, with the chain, finds nothing and leaves nothing open."""
    folder = subject.folder
    chain = Chain(subject.service.node_url, Deployment.load(folder.deployment))
    target = Target("data", str(folder.path))
    report = Audit(target, load_signer(folder).verifier, chain, workers=1).run(lambda _: lambda _: None)
    assert report.verdict is Verdict.VALID, _shown(report.findings.listed, report.unknown)


def _shown(*parts: Any) -> str:
    return "\n".join(map(str, parts))[:4000]
