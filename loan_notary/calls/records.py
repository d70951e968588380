# SPDX-License-Identifier: Apache-2.0
"""Calls on records, half-signed records, and whole loans."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from loan_notary.answers import (
    Draft,
    Erasure,
    Finding,
    Hold,
    ListedLoan,
    ListedRecord,
    RecordView,
    Retention,
    WholeDraft,
)
from loan_notary.call import (
    JSON,
    NDJSON,
    Call,
    Page,
    delete,
    get,
    get_bytes,
    get_lines,
    json_lines,
    member,
    path,
    send_json,
)
from loan_notary.receipts import History, Receipt, State, read_history, read_receipt
from notary.envelope import Envelope
from notary.signed_batch import read_first_line

Submission = Mapping[str, Any] | Envelope | bytes
"""A record, an envelope, or either as JSON."""


def encode(item: Submission) -> bytes:
    """Return what is sent for a record or envelope, on one line if it is not bytes."""
    if isinstance(item, bytes):
        return item
    return item.encode() if isinstance(item, Envelope) else orjson.dumps(dict(item))


def submit(item: Submission, *, documents_required: bool = False) -> Call[Receipt]:
    """Submit a record or envelope. The same one again is no error and gives its receipt.

    Sign once and keep the envelope: signing again may give other bytes, which are refused as another record of the id.
    `documents_required` has it refused if a document that it names was not deposited.

    >>> client.submit(sign(agreement(), key, borrower)).state
    'recorded'
    """
    return Call("POST", path("records", **_documents(documents_required)), read_receipt, encode(item), JSON)


def submit_batch(lines: Sequence[bytes], *, documents_required: bool = False) -> Call[list[dict[str, Any]]]:
    """Submit records or envelopes, each on one line, in one request; `submit_many` does it for any number.

    Or the lines of `sign_batch`, whose first signs the others and is not answered by itself.

    >>> first = agreement()
    >>> [answer["status"] for answer in client.submit_batch(sign_batch([first], key))]
    [201]
    >>> from loan_notary.calls.records import encode
    >>> client.submit_batch([encode(agreement()), b"{}"])[1]["type"]
    'urn:loan-notary:problem:invalid-record'
    """

    def read(answer: bytes) -> list[dict[str, Any]]:
        answers = json_lines(answer)
        if len(answers) != wanted:
            raise ValueError(f"{len(answers)} answers to {wanted} records")
        return answers

    wanted = len(lines) - bool(lines and read_first_line(lines[0]))
    body = b"".join(line.replace(b"\n", b" ") + b"\n" for line in lines)
    return Call("POST", path("records:batch", **_documents(documents_required)), read, body, NDJSON)


def record(record_id: str, *, lender: int | None = None) -> Call[RecordView]:
    """Return a record as it was taken, with what is odd about it. An auditor names the lender.

    >>> client.record(recorded.record_id)["record"] == recorded.record
    True
    """
    return get(path("records", record_id, lender=lender))


def receipt(record_id: str, *, lender: int | None = None) -> Call[Receipt]:
    """Return a record's receipt as far as its anchors have come.

    >>> client.receipt(recorded.record_id).index == recorded.index
    True
    """
    return Call("GET", path("records", record_id, "receipt", lender=lender), read_receipt)


def records(
    *,
    loan: str | None = None,
    type: str | None = None,  # noqa: A002 - the name that the API and the records have for it
    state: State | None = None,
    received_from: str | None = None,
    received_until: str | None = None,
    limit: int = 1000,
    lender: int | None = None,
) -> Call[Page[ListedRecord]]:
    """List records, as of the first page. `limit` is the length of a page.

    >>> [line["id"] for line in client.records(loan=recorded.record["loan"])] == [recorded.record_id]
    True
    """
    chosen = {"loan": loan, "type": type, "state": state, "received_from": received_from}
    return _listed("records", path("records", **chosen, received_until=received_until, limit=limit, lender=lender))


def loans(
    *,
    state: str | None = None,
    code: str | None = None,
    received_from: str | None = None,
    received_until: str | None = None,
    limit: int = 1000,
    lender: int | None = None,
) -> Call[Page[ListedLoan]]:
    """List loans, as of the first page: those in a state of their life, or with a finding of a code.

    >>> recorded.record["loan"] in [line["loan"] for line in client.loans(state="agreed")]
    True
    """
    chosen = {"state": state, "code": code, "received_from": received_from, "received_until": received_until}
    return _listed("loans", path("loans", **chosen, limit=limit, lender=lender))


def tlog_proof(record_id: str, *, lender: int | None = None) -> Call[bytes]:
    """Return the proof of a record's entry as a C2SP tlog-proof.

    >>> client.tlog_proof(recorded.record_id).startswith(b"c2sp.org/tlog-proof@v1")
    True
    """
    return get_bytes(path("records", record_id, "proof.tlog-proof", lender=lender))


def cose_receipt(record_id: str, *, lender: int | None = None) -> Call[bytes]:
    """Return the proof of a record's entry as a COSE receipt (RFC 9942).

    >>> len(client.cose_receipt(recorded.record_id)) > 100
    True
    """
    return get_bytes(path("records", record_id, "receipt.cose", lender=lender))


def certificate(record_id: str, *, lender: int | None = None) -> Call[bytes]:
    """Return a certificate of a record, a PDF in Chinese and English whose QR code carries the proof.

    >>> client.certificate(recorded.record_id).startswith(b"%PDF-")
    True
    """
    return get_bytes(path("records", record_id, "certificate.pdf", lender=lender))


def submit_draft(envelope: Submission, *, documents_required: bool = False) -> Call[Draft | Receipt]:
    """Hand in a half-signed envelope: what it waits for, or its receipt once all have signed.

    >>> client.submit_draft(sign(agreement(), key))["missing"]
    ['borrower']
    """
    return Call("POST", path("drafts", **_documents(documents_required)), _draft_or_receipt, encode(envelope), JSON)


def drafts(after: str = "") -> Call[Page[Draft]]:
    """List the records that wait for signatures.

    >>> waiting = client.submit_draft(sign(agreement(), key))
    >>> waiting["id"] in [draft["id"] for draft in client.drafts()]
    True
    """

    def read(answer: bytes) -> Page[Draft]:
        members = orjson.loads(answer)
        return Page(members["drafts"], drafts(members["after"]) if members["after"] else None)

    return Call("GET", path("drafts", after=after), read)


def draft(record_id: str) -> Call[WholeDraft]:
    """Return a record that waits for signatures, with its envelope.

    >>> waiting = client.submit_draft(sign(agreement(), key))
    >>> envelope = add_signatures(client.draft(waiting["id"])["envelope"], borrower)
    >>> client.submit(envelope).record_id == waiting["id"]
    True
    """
    return get(path("drafts", record_id))


def sign_draft(
    record_id: str, signature: Mapping[str, str], *, documents_required: bool = False
) -> Call[Draft | Receipt]:
    """Add a signature, as `signature_over` makes it. The answer is as of `submit_draft`.

    >>> waiting = client.draft(client.submit_draft(sign(agreement(), key))["id"])
    >>> client.sign_draft(waiting["id"], signature_over(waiting["envelope"], borrower)).state
    'recorded'
    """
    address = path("drafts", record_id, "signatures", **_documents(documents_required))
    return Call("POST", address, _draft_or_receipt, orjson.dumps(dict(signature)), JSON)


def withdraw_draft(record_id: str) -> Call[None]:
    """Give up a record that waits for signatures.

    >>> client.withdraw_draft(client.submit_draft(sign(agreement(), key))["id"])
    """
    return delete(path("drafts", record_id))


def loan(number: str, *, as_of: str | None = None, lender: int | None = None) -> Call[dict[str, Any]]:
    """Return where a loan stands, now or at a moment, what is odd about it, and its records.

    >>> view = client.loan(recorded.record["loan"])
    >>> view["state"], [line["type"] for line in view["records"]]
    ('agreed', ['agreement'])
    """
    return get(path("loans", number, as_of=as_of, lender=lender))


def history(number: str, *, lender: int | None = None) -> Call[History]:
    """Return a loan's history receipt.

    >>> client.history(recorded.record["loan"]).records == [recorded.record]
    True
    """
    return Call("GET", path("loans", number, "receipt", lender=lender), read_history)


def evidence(number: str, *, lender: int | None = None) -> Call[bytes]:
    """Return a loan's evidence package, a ZIP file: history receipt, documents, proofs, verifier and explanations.

    >>> package = tmp_path / "evidence.zip"
    >>> package.write_bytes(client.evidence(recorded.record["loan"])) > 1000
    True
    >>> client.verify(package).verdict.value
    'valid'
    """
    return get_bytes(path("loans", number, "evidence.zip", lender=lender))


def findings(
    *, severities: Sequence[str] = (), codes: Sequence[str] = (), as_of: str | None = None, lender: int | None = None
) -> Call[list[Finding]]:
    """Return what is odd in all loans, or that of some severities and codes.

    >>> client.findings(codes=["F7"])
    []
    """
    return get_lines(path("findings", severity=severities, code=codes, as_of=as_of, lender=lender))


def policy(*, as_of: str | None = None) -> Call[dict[str, Any]]:
    """Return the lender's policy, now or at a moment.

    >>> client.policy()["version"] >= 0
    True
    """
    return get(path("policy", as_of=as_of))


def set_policy(policy: Mapping[str, Any]) -> Call[dict[str, Any]]:
    """Put a policy in force and return it whole.

    >>> client.set_policy({})["version"] >= 1
    True
    """
    return Call("PUT", path("policy"), orjson.loads, orjson.dumps(dict(policy)), JSON)


def _listed(name: str, address: str) -> Call[Page[Any]]:
    def read(answer: bytes) -> Page[Any]:
        members = orjson.loads(answer)
        return Page(members[name], _listed(name, members["next"]) if members["next"] else None)

    return Call("GET", address, read)


def _documents(required: bool) -> dict[str, str]:
    return {"documents": "required"} if required else {}


def _draft_or_receipt(answer: bytes) -> Draft | Receipt:
    members: Any = orjson.loads(answer)
    if "format" in members:
        return read_receipt(answer)
    waiting: Draft = members
    return waiting


def erase_loan(number: str) -> Call[Erasure]:
    """Erase a loan for good: nobody can open its records any more. Receipts that were fetched before go on verifying.

    >>> client.erase_loan(recorded.record["loan"])["entries"] == [recorded.index]
    True
    """
    return send_json("DELETE", path("loans", number))


def hold_loan(number: str) -> Call[list[Hold]]:
    """Put a loan under a legal hold, so that it cannot be erased; return all its holds.

    >>> [item["by"] for item in client.hold_loan(recorded.record["loan"])]
    ['lender']
    """
    return member(send_json("PUT", path("loans", number, "hold")), "holds")


def release_loan(number: str) -> Call[list[Hold]]:
    """Lift the lender's legal hold; return the holds that are left.

    >>> client.release_loan(recorded.record["loan"])
    []
    """
    return member(send_json("DELETE", path("loans", number, "hold")), "holds")


def retention() -> Call[Retention]:
    """List the settled loans that are due to be erased by the policy's `retention_days`.

    >>> client.retention()["due"]
    []
    """
    return get(path("retention"))
