# SPDX-License-Identifier: Apache-2.0
"""Rows that are sealed with their organisation's keys: grants, loan passes, drafts, messages of webhooks."""

from collections.abc import Sequence
from typing import Any

import orjson

from notary.access import Grant, LoanPass
from notary.ports.drafts import Draft
from notary.privacy.vault import OwnerKeys
from notary.webhooks import Delivery

_GRANT, _PASS, _DRAFT, _DELIVERY = "grant", "pass", "draft", "delivery"


def grant_row(grant: Grant, owner: OwnerKeys) -> tuple[Any, ...]:
    """Return the values that the statement `add_grant` takes."""
    loan = grant.loan
    sealed = (None, None) if loan is None else (owner.loan(loan), owner.seal(_GRANT, grant.id, loan.encode()))
    period = (grant.began_from, grant.began_until, grant.created_at, grant.expires_at, grant.revoked_at)
    return grant.id, grant.auditor, grant.lender, *sealed, *period


def open_grant(row: Sequence[Any], owner: OwnerKeys) -> Grant:
    """Return the grant of a row that the statement `grants` gave. Raises `CorruptLogError`."""
    identity, auditor, lender, sealed, *rest = row
    loan = None if sealed is None else _number(owner, _GRANT, identity, sealed)
    return Grant(identity, auditor, lender, loan, *rest)


def pass_row(loan_pass: LoanPass, sha256: bytes, owner: OwnerKeys) -> tuple[Any, ...]:
    """Return the values that the statement `add_pass` takes."""
    sealed = owner.seal(_PASS, loan_pass.id, loan_pass.loan.encode())
    times = (loan_pass.created_at, loan_pass.expires_at, loan_pass.revoked_at, loan_pass.last_used_at)
    return sha256, loan_pass.id, loan_pass.lender, owner.loan(loan_pass.loan), sealed, *times


def open_pass(row: Sequence[Any], owner: OwnerKeys) -> LoanPass:
    """Return the pass of a row that the statement `passes` gave. Raises `CorruptLogError`."""
    identity, lender, sealed, *rest = row
    return LoanPass(identity, lender, _number(owner, _PASS, identity, sealed), *rest)


def draft_row(draft: Draft, owner: OwnerKeys) -> tuple[Any, ...]:
    """Return the values that the statement `add_draft` takes."""
    loan = str(orjson.loads(draft.payload)["loan"])
    return draft.lender, draft.record_id, owner.loan(loan), seal_draft(draft, owner), draft.created_at, draft.expires_at


def seal_draft(draft: Draft, owner: OwnerKeys) -> bytes:
    """Return the column `sealed` of a draft's row."""
    plain = orjson.dumps([draft.payload.decode(), draft.signatures, draft.signers])
    return owner.seal(_DRAFT, draft.record_id, plain)


def open_draft(row: Sequence[Any], owner: OwnerKeys) -> Draft:
    """Return the draft of a row that the statement `draft` gave. Raises `CorruptLogError`."""
    lender, record_id, sealed, created_at, expires_at = row
    payload, signatures, signers = orjson.loads(owner.open(_DRAFT, record_id, sealed))
    return Draft(lender, record_id, payload.encode(), signatures, signers, created_at, expires_at)


def delivery_row(item: Delivery, owner: OwnerKeys) -> tuple[Any, ...]:
    """Return the values that the statement `save_delivery` takes."""
    body = owner.seal(_DELIVERY, item.id, item.body.encode())
    return (
        item.id, item.type, body, item.created_at, item.next_at, item.attempts, item.delivered_at, item.status,
        item.detail, item.webhook,
    )  # fmt: skip


def open_delivery(row: Sequence[Any], owner: OwnerKeys) -> Delivery:
    """Return the message of a row: the columns of `deliveries` but its number. Raises `CorruptLogError`."""
    identity, webhook, kind, sealed, *rest = row
    return Delivery(identity, webhook, kind, owner.open(_DELIVERY, identity, sealed).decode(), *rest)


def _number(owner: OwnerKeys, kind: str, identity: str, sealed: bytes) -> str:
    # Nothing is left of the number of an erased loan.
    return owner.open(kind, identity, sealed).decode() if sealed else ""
