# SPDX-License-Identifier: Apache-2.0
"""The client for `asyncio`."""

import asyncio
import math
import time
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import orjson

from loan_notary import calls
from loan_notary.answers import Document, Job
from loan_notary.async_connection import AsyncConnection
from loan_notary.batches import Batch, Lines
from loan_notary.call import Call, Page
from loan_notary.calls.records import Submission
from loan_notary.connection import (
    POLL_FIRST,
    POLL_GROWTH,
    POLL_LONGEST,
    UNFINISHED,
    JobReport,
    ignore,
)
from loan_notary.errors import StateTimeoutError
from loan_notary.receipts import LineAnswer, Receipt, State, read_line

P = ParamSpec("P")
T = TypeVar("T")


def _sends(make: Callable[P, Call[T]]) -> "Callable[Concatenate[AsyncClient, P], Awaitable[T]]":
    """Turn a function that makes a call into a method that sends it."""

    @wraps(make)
    async def method(self: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.send(make(*args, **kwargs))

    return method


def _lists(make: Callable[P, Call[Page[T]]]) -> "Callable[Concatenate[AsyncClient, P], AsyncIterator[T]]":
    """Turn a function that makes the call for a list's first page into a method that yields the whole list."""

    @wraps(make)
    async def method(self: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[T]:
        following: Call[Page[T]] | None = make(*args, **kwargs)
        while following is not None:
            page = await self.send(following)
            for item in page.items:
                yield item
            following = page.following

    return method


class AsyncClient(AsyncConnection):
    """Speaks to one notary from one event loop. Close it, or use it in an `async with`. Arguments as of `Client`."""

    async def submit_many(
        self,
        items: Iterable[Submission] | AsyncIterable[Submission],
        *,
        documents_required: bool = False,
    ) -> AsyncIterator[LineAnswer]:
        """Submit any number of records or envelopes and yield what became of each; see `Client.submit_many`."""
        async for batch in _batches(items):
            while (call := batch.call(documents_required)) is not None:
                await asyncio.sleep(batch.answered(await self.send(call), self._retries))
            for answer in batch.in_order():
                yield answer

    async def upload_job(self, job: Job, source: Path, report: JobReport = ignore) -> Job:
        """Upload what a job lacks of a file, and start it; see `Client.upload_job`. A thread reads the file."""
        uploads = calls.jobs.uploads(job, source)
        while (call := await asyncio.to_thread(next, uploads, None)) is not None:
            job = await self.send(call)
            report(job)
        return job

    async def wait_for_job(self, job_id: str, report: JobReport = ignore, timeout: float | None = None) -> Job:
        """Return a job once it is done or cancelled; see `Client.wait_for_job`."""
        deadline, pause = time.monotonic() + (timeout or math.inf), POLL_FIRST
        while (job := await self.job(job_id))["state"] in UNFINISHED:
            report(job)
            if time.monotonic() + pause > deadline:
                raise StateTimeoutError(job["state"], "done", timeout or 0.0)
            await asyncio.sleep(pause)
            pause = min(pause * POLL_GROWTH, POLL_LONGEST)
        report(job)
        return job

    async def job_results(self, job_id: str) -> AsyncIterator[LineAnswer]:
        """Yield what became of a job's lines, as far as it is; see `Client.job_results`."""
        rest = b""
        async for part in self._parts(calls.jobs.job_results(job_id)):
            *lines, rest = (rest + part).split(b"\n")
            for line in lines:
                members = orjson.loads(line)
                yield read_line(members, members["line"])

    async def wait_for(self, record: Receipt | str, state: State = "final", timeout: float = 600.0) -> Receipt:
        """Return a record's receipt once the record has come to a state. Raises `StateTimeoutError`."""
        record_id = record if isinstance(record, str) else record.record_id
        deadline, pause = time.monotonic() + timeout, POLL_FIRST
        while not (receipt := await self.receipt(record_id)).has_come(state):
            if time.monotonic() + pause > deadline:
                raise StateTimeoutError(receipt.state, state, timeout)
            await asyncio.sleep(pause)
            pause = min(pause * POLL_GROWTH, POLL_LONGEST)
        return receipt

    async def put_document(self, file: Path, media_type: str | None = None) -> Document:
        """Deposit a file; see `loan_notary.calls.documents.put_document`. A thread reads it."""
        return await self.send(await asyncio.to_thread(calls.documents.put_document, file, media_type))

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


async def _batches(items: Iterable[Submission] | AsyncIterable[Submission]) -> AsyncIterator[Batch]:
    """Cut records into batches, reading no more than one batch ahead."""
    lines, pending = Lines(), False
    async for item in items if isinstance(items, AsyncIterable) else _each(items):
        pending = True
        if lines.add(item):
            pending = False
            yield lines.take()
    if pending:
        yield lines.take()


async def _each(items: Iterable[Submission]) -> AsyncIterator[Submission]:
    for item in items:
        yield item
