# SPDX-License-Identifier: Apache-2.0
"""The client that waits for each answer."""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import orjson

from loan_notary import calls
from loan_notary.answers import Job
from loan_notary.batches import batches
from loan_notary.call import Call, Page
from loan_notary.calls.records import Submission
from loan_notary.connection import (
    POLL_FIRST,
    POLL_GROWTH,
    POLL_LONGEST,
    UNFINISHED,
    JobReport,
    ignore,
    lines_in,
)
from loan_notary.errors import StateTimeoutError
from loan_notary.receipts import LineAnswer, Receipt, State, read_line
from loan_notary.sync_connection import SyncConnection

P = ParamSpec("P")
T = TypeVar("T")


def _sends(make: Callable[P, Call[T]]) -> "Callable[Concatenate[Client, P], T]":
    """Turn a function that makes a call into a method that sends it."""

    @wraps(make)
    def method(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.send(make(*args, **kwargs))

    return method


def _lists(make: Callable[P, Call[Page[T]]]) -> "Callable[Concatenate[Client, P], Iterator[T]]":
    """Turn a function that makes the call for a list's first page into a method that yields the whole list."""

    @wraps(make)
    def method(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        following: Call[Page[T]] | None = make(*args, **kwargs)
        while following is not None:
            page = self.send(following)
            yield from page.items
            following = page.following

    return method


class Client(SyncConnection):
    """Speaks to one notary; safe for use from several threads. Close it, or use it in a `with`.

    `transport` is another way to the notary than a socket, such as `httpx.WSGITransport` in tests.
    """

    def submit_many(self, items: Iterable[Submission], *, documents_required: bool = False) -> Iterator[LineAnswer]:
        """Submit any number of records or envelopes and yield what became of each, in order, in constant memory.

        One that is refused does not sink the others. If it ends with an error, do it again with the same records:
        those that were taken are known.

        >>> [answer.error is None for answer in client.submit_many([agreement(), {"type": "nonsense"}])]
        [True, False]
        """
        for batch in batches(items):
            while (call := batch.call(documents_required)) is not None:
                time.sleep(batch.answered(self.send(call), self._retries))
            yield from batch.in_order()

    def upload_job(self, job: Job, source: Path, report: JobReport = ignore) -> Job:
        """Upload what a job lacks of a file with a record or envelope a line, and start it; goes on after an error.

        `report` is called with the job after each step. Raises `InvalidInputError` for a file that was changed.

        >>> file = tmp_path / "records.ndjson"
        >>> _ = file.write_bytes(b"".join(line + b"\\n" for line in sign_batch([agreement()], key)))
        >>> client.upload_job(client.create_job(), file)["state"]
        'running'
        """
        for call in calls.jobs.uploads(job, source):
            job = self.send(call)
            report(job)
        return job

    def wait_for_job(self, job_id: str, report: JobReport = ignore, timeout: float | None = None) -> Job:
        """Return a job once it is done or cancelled; `report` is called whenever it was looked at.

        Raises `StateTimeoutError` after `timeout` seconds, if there are any.

        >>> client.wait_for_job(client.cancel_job(client.create_job()["id"])["id"])["state"]
        'cancelled'
        """
        deadline, pause = time.monotonic() + (timeout or math.inf), POLL_FIRST
        while (job := self.job(job_id))["state"] in UNFINISHED:
            report(job)
            if time.monotonic() + pause > deadline:
                raise StateTimeoutError(job["state"], "done", timeout or 0.0)
            time.sleep(pause)
            pause = min(pause * POLL_GROWTH, POLL_LONGEST)
        report(job)
        return job

    def job_results(self, job_id: str) -> Iterator[LineAnswer]:
        """Yield what became of a job's lines, as far as it is, in order and in constant memory.

        The signature of a signed file has no answer, unless it was refused.

        >>> list(client.job_results(client.create_job()["id"]))
        []
        """
        for line in lines_in(self._parts(calls.jobs.job_results(job_id))):
            members = orjson.loads(line)
            yield read_line(members, members["line"])

    def wait_for(self, record: Receipt | str, state: State = "final", timeout: float = 600.0) -> Receipt:
        """Return a record's receipt once the record has come to a state. Raises `StateTimeoutError`.

        >>> client.wait_for(recorded, "recorded").index == recorded.index
        True
        """
        record_id = record if isinstance(record, str) else record.record_id
        deadline, pause = time.monotonic() + timeout, POLL_FIRST
        while not (receipt := self.receipt(record_id)).has_come(state):
            if time.monotonic() + pause > deadline:
                raise StateTimeoutError(receipt.state, state, timeout)
            time.sleep(pause)
            pause = min(pause * POLL_GROWTH, POLL_LONGEST)
        return receipt

    submit = _sends(calls.records.submit)
    submit_batch = _sends(calls.records.submit_batch)
    record = _sends(calls.records.record)
    receipt = _sends(calls.records.receipt)
    records = _lists(calls.records.records)
    loans = _lists(calls.records.loans)
    tlog_proof = _sends(calls.records.tlog_proof)
    certificate = _sends(calls.records.certificate)
    cose_receipt = _sends(calls.records.cose_receipt)
    submit_draft = _sends(calls.records.submit_draft)
    drafts = _lists(calls.records.drafts)
    draft = _sends(calls.records.draft)
    sign_draft = _sends(calls.records.sign_draft)
    withdraw_draft = _sends(calls.records.withdraw_draft)
    loan = _sends(calls.records.loan)
    history = _sends(calls.records.history)
    evidence = _sends(calls.records.evidence)
    findings = _sends(calls.records.findings)
    policy = _sends(calls.records.policy)
    set_policy = _sends(calls.records.set_policy)
    erase_loan = _sends(calls.records.erase_loan)
    hold_loan = _sends(calls.records.hold_loan)
    release_loan = _sends(calls.records.release_loan)
    retention = _sends(calls.records.retention)

    register_key = _sends(calls.parties.register_key)
    keys = _lists(calls.parties.keys)
    key = _sends(calls.parties.key)
    revoke_key = _sends(calls.parties.revoke_key)
    register_root = _sends(calls.parties.register_root)
    roots = _sends(calls.parties.roots)
    revoke_root = _sends(calls.parties.revoke_root)

    put_document = _sends(calls.documents.put_document)
    document = _sends(calls.documents.document)
    document_info = _sends(calls.documents.document_info)
    attach = _sends(calls.documents.attach)
    attachment = _sends(calls.documents.attachment)

    add_webhook = _sends(calls.webhooks.add_webhook)
    webhooks = _sends(calls.webhooks.webhooks)
    webhook = _sends(calls.webhooks.webhook)
    change_webhook = _sends(calls.webhooks.change_webhook)
    remove_webhook = _sends(calls.webhooks.remove_webhook)
    rotate_webhook_secret = _sends(calls.webhooks.rotate_webhook_secret)
    send_test_message = _sends(calls.webhooks.send_test_message)
    deliveries = _lists(calls.webhooks.deliveries)
    delivery = _sends(calls.webhooks.delivery)
    replay_delivery = _sends(calls.webhooks.replay_delivery)

    create_api_key = _sends(calls.access.create_api_key)
    api_keys = _sends(calls.access.api_keys)
    rotate_api_key = _sends(calls.access.rotate_api_key)
    revoke_api_key = _sends(calls.access.revoke_api_key)
    add_client_key = _sends(calls.access.add_client_key)
    client_keys = _sends(calls.access.client_keys)
    revoke_client_key = _sends(calls.access.revoke_client_key)
    make_grant = _sends(calls.access.make_grant)
    grants = _sends(calls.access.grants)
    revoke_grant = _sends(calls.access.revoke_grant)
    mint_pass = _sends(calls.access.mint_pass)
    passes = _sends(calls.access.passes)
    revoke_pass = _sends(calls.access.revoke_pass)
    accesses = _lists(calls.access.accesses)
    loan_accesses = _lists(calls.access.loan_accesses)
    my_loan = _sends(calls.access.my_loan)
    my_loan_accesses = _sends(calls.access.my_loan_accesses)
    submit_my_loan = _sends(calls.access.submit_my_loan)
    my_loan_receipt = _sends(calls.access.my_loan_receipt)
    my_loan_certificate = _sends(calls.access.my_loan_certificate)
    my_loan_evidence = _sends(calls.access.my_loan_evidence)
    add_organisation = _sends(calls.access.add_organisation)
    organisations = _sends(calls.access.organisations)

    audit_log = _sends(calls.audits.audit_log)
    audit_records = _sends(calls.audits.audit_records)
    draw_sample = _sends(calls.audits.draw_sample)
    tie_out = _sends(calls.audits.tie_out)
    put_ledger = _sends(calls.audits.put_ledger)
    audits = _sends(calls.audits.audits)
    audit = _sends(calls.audits.audit)
    audit_report = _sends(calls.audits.audit_report)
    cancel_audit = _sends(calls.audits.cancel_audit)
    evaluate_sample = _sends(calls.audits.evaluate_sample)

    create_job = _sends(calls.jobs.create_job)
    job = _sends(calls.jobs.job)
    put_part = _sends(calls.jobs.put_part)
    start_job = _sends(calls.jobs.start_job)
    cancel_job = _sends(calls.jobs.cancel_job)

    anchors = _lists(calls.log.anchors)
    checkpoint = _sends(calls.log.checkpoint)
    key_history = _sends(calls.log.key_history)
    readiness = _sends(calls.log.readiness)
