# SPDX-License-Identifier: Apache-2.0
"""What the API answers with, as types. Each is the JSON object itself; a newer notary may add members.

Moments are RFC 3339 in UTC, like `2026-01-31T08:30:00.000Z`.
"""

from typing import Any, TypedDict


class Key(TypedDict):
    """A party's public key and when it counts."""

    kid: str
    party: str
    jwk: dict[str, str]
    registered_at: str
    valid_from: str
    valid_until: str | None
    revoked_from: str | None
    revoked_at: str | None


class Root(TypedDict):
    """A certification authority that vouches for a party's keys; `certificate` is base64 of DER."""

    fingerprint: str
    party: str
    organization: str | None
    certificate: str
    valid_from: str
    valid_until: str | None
    revoked_from: str | None
    revoked_at: str | None


class FindingRecord(TypedDict):
    """A record that a finding rests on."""

    sequence: int
    id: str


class RecordFinding(TypedDict):
    """What is odd: code (F1 and on), weight, and a sentence in Chinese and English."""

    code: str
    severity: str
    records: list[FindingRecord]
    zh: str
    en: str


class Finding(RecordFinding):
    """A finding with the number of its loan."""

    loan: str


class RecordLine(TypedDict):
    """A record in its loan's timeline."""

    id: str
    type: str
    sequence: int
    index: int
    occurred_at: str
    received_at: str
    assurance: str
    state: str


class ListedRecord(RecordLine):
    """A record in a list of them."""

    loan: str


class ListedLoan(TypedDict):
    """A loan in a list of them."""

    loan: str
    state: str
    records: int
    began_at: str


class RecordView(RecordLine):
    """A record as it was taken."""

    loan: str
    record: dict[str, Any]
    envelope: dict[str, Any]
    findings: list[RecordFinding]
    documents: list[dict[str, Any]]


class Signed(TypedDict):
    """A party that has signed a draft."""

    party: str
    kid: str


class Draft(TypedDict):
    """A record that waits for signatures."""

    id: str
    loan: str
    type: str
    signed: list[Signed]
    missing: list[str]
    created_at: str
    expires_at: str


class WholeDraft(Draft):
    """A draft with what there is to sign."""

    record: dict[str, Any]
    envelope: dict[str, Any]


class Attachment(TypedDict):
    """A signature or timestamp over a document, and what was found in it."""

    sha256: str
    kind: str
    received_at: str
    checks: list[dict[str, str | None]]


class Document(TypedDict):
    """A document that was deposited, and what was found in it."""

    sha256: str
    sm3: str
    size: int
    media_type: str
    received_at: str
    checks: list[dict[str, str | None]]
    attachments: list[Attachment]


class JobPart(TypedDict):
    """A part of a job's file that has come."""

    number: int
    sha256: str
    size: int


class Job(TypedDict):
    """A bulk job: `open` while it is uploaded, `running`, then `done` or `cancelled`; how far it is, and how fast."""

    id: str
    state: str
    created_at: str
    started_at: str | None
    cancelled_at: str | None
    finished_at: str | None
    parts: list[JobPart]
    bytes: int
    bytes_read: int
    lines: int
    placed: int
    known: int
    refused: int
    lines_per_second: int | None
    seconds_left: int | None


class Webhook(TypedDict):
    """Where messages are sent."""

    id: str
    url: str
    events: list[str]
    state: str
    disabled_because: str | None
    created_at: str


class WebhookWithSecret(Webhook):
    """A webhook with its secret, which is shown this once."""

    secret: str


class Delivery(TypedDict):
    """A message and what became of it: `waiting`, `delivered` or `failed`."""

    id: str
    type: str
    state: str
    created_at: str
    attempts: int
    next_attempt_at: str | None
    delivered_at: str | None
    last_status: int | None
    last_detail: str | None


class WholeDelivery(Delivery):
    """A message with its body, which is JSON."""

    body: str


class ApiKey(TypedDict):
    """An API key, without the key itself."""

    id: str
    name: str
    scopes: list[str]
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    last_used_at: str | None


class NewApiKey(ApiKey):
    """An API key with the key itself, which is shown this once."""

    api_key: str


class ClientKey(TypedDict):
    """A public key with which an organisation asks for access tokens."""

    kid: str
    client_id: str
    jwk: dict[str, str]
    created_at: str
    revoked_at: str | None


class Grant(TypedDict):
    """Which loans of a lender an auditor may read, and until when."""

    id: str
    auditor: int
    lender: int
    loan: str | None
    began_from: str | None
    began_until: str | None
    created_at: str
    expires_at: str
    revoked_at: str | None


class Erasure(TypedDict):
    """What was erased: entries of the log that nobody can open any more."""

    erasure: str
    erased_at: str | None
    entries: list[int]


class Hold(TypedDict):
    """A legal hold, set `by` the lender or the operator."""

    by: str
    set_at: str


class DueLoan(TypedDict):
    """A loan that is due to be erased."""

    loan: str
    last_record_at: str
    due_at: str
    holds: list[Hold]


class Retention(TypedDict):
    """What is due to be erased; `retention_days` is the policy's, None where it has none."""

    retention_days: int | None
    as_of: str
    due: list[DueLoan]


class Access(TypedDict):
    """A read of the lender's loans: `by` is the id of the API key or pass, or `operator`.

    `loan` and `record` are None where many were read, or where they were erased since. FORMATS.md says what `hash` is
    made of.
    """

    number: int
    at: str
    organisation: int | None
    organisation_name: str | None
    by: str
    way: str
    kind: str
    loan: str | None
    loan_reference: str | None
    document_reference: str | None
    record: str | None
    entry: int | None
    query: str | None
    trace_id: str
    hash: str


class BorrowerAccesses(TypedDict):
    """How often a loan was read, and the newest reads as its borrower is told of them."""

    count: int
    accesses: list[dict[str, Any]]
    reads_at: str


class Pass(TypedDict):
    """A borrower's way to one loan."""

    id: str
    loan: str
    created_at: str
    expires_at: str
    revoked_at: str | None
    last_used_at: str | None


class NewPass(Pass):
    """A pass with its secret, which is shown this once; `link` is a path with the secret in the fragment."""

    secret: str
    link: str


class Organisation(TypedDict):
    """A lender, auditor or operator."""

    number: int
    name: str
    role: str


class NewOrganisation(Organisation):
    """An organisation with its first API key, which is shown this once."""

    api_key: str


class Audit(TypedDict):
    """An audit: `state` is open, waiting, running, done, failed or cancelled; `problem` says why it failed."""

    id: str
    kind: str
    lender: int | None
    state: str
    created_at: str
    started_at: str | None
    finished_at: str | None
    cancelled_at: str | None
    done: int
    total: int | None
    seconds_left: int | None
    problem: dict[str, Any] | None


class Anchor(TypedDict):
    """A checkpoint in a contract on a chain; `root` is base64."""

    chain_id: int
    registry: str
    log_id: str
    size: int
    root: str
    checkpoint: str
    state: str
    transaction_hash: str
    block_number: int | None
    block_hash: str | None
    block_time: int | None
    gas_used: int | None
    timestamps: list[dict[str, str]]
