# SPDX-License-Identifier: Apache-2.0
"""The records of a sample loan, in the order in which its lender submits them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from random import Random
from typing import Any
from uuid import UUID

from api.samples.loans import Loan, Payment, moment
from notary.canonical import canonical_json
from notary.records.money import format_amount

Json = dict[str, Any]


@dataclass(frozen=True)
class SampleRecord:
    """A record's canonical bytes, the moment at which its lender submits it, and the roles that sign it."""

    told_at: datetime
    payload: bytes
    signers: tuple[str, ...]


def records_of(loan: Loan, lender_kid: str, document: bytes, random: Random) -> tuple[SampleRecord, ...]:
    """Return all records of a loan whose agreement is the PDF `document`."""
    records: list[SampleRecord] = []
    for occurred_at, body, signers in _bodies(loan, lender_kid, document, random):
        record = {
            **body,
            "id": uuid7(occurred_at, random),
            "loan": loan.number,
            "occurred_at": f"{occurred_at:%Y-%m-%dT%H:%M:%SZ}",
        }
        if loan.fixed_order:
            record["sequence"] = len(records)
            if records:
                record["previous"] = sha256(records[-1].payload).hexdigest()
        records.append(SampleRecord(occurred_at, canonical_json(record), signers))
    return tuple(records)


def uuid7(at: datetime, random: Random) -> str:
    """Return a UUID of version 7 (RFC 9562 section 5.7): 48 bits of milliseconds, then 74 drawn bits."""
    milliseconds = int(at.timestamp() * 1000)
    value = milliseconds << 80 | 7 << 76 | random.getrandbits(12) << 64 | 2 << 62 | random.getrandbits(62)
    return str(UUID(int=value))


def rate(value: Decimal, unit: str = "per_annum") -> Json:
    """Return a rate as a record holds it."""
    text = f"{value:f}"
    return {"value": text.rstrip("0").rstrip(".") if "." in text else text, "unit": unit}


def _bodies(
    loan: Loan, lender_kid: str, document: bytes, random: Random
) -> Iterator[tuple[datetime, Json, tuple[str, ...]]]:
    profile, terms, lender = loan.profile, loan.terms, ("lender",)
    yield loan.agreed, agreement(loan, lender_kid, document), ("lender", "borrower")
    yield (
        moment(random, terms.disbursed, profile),
        disbursement(loan, terms.principal, terms.disbursed, 1, random),
        lender,
    )
    for payment in loan.payments:
        yield moment(random, payment.paid, profile), repayment(loan, payment, random), lender
    if loan.settled is not None:
        yield moment(random, loan.settled, profile), _settlement(loan, loan.settled, random), lender


def money(loan: Loan, minor: int) -> Json:
    """Return a sum in the loan's currency as a record holds it."""
    return {"currency": loan.profile.currency, "amount": format_amount(minor, loan.profile.currency)}


def reference(day: date, random: Random) -> str:
    """Return the reference of a payment."""
    return f"{day:%Y%m%d}{random.randrange(10**10):010}"


def agreement(loan: Loan, lender_kid: str, document: bytes) -> Json:
    """Return the body of the agreement whose PDF is `document`."""
    profile, terms = loan.profile, loan.terms
    fees = [{"kind": "origination", "amount": money(loan, terms.fee)}] if terms.fee else []
    members = ("/principal", "/rate", "/repayment_method", "/penalty_rate", "/governing_law")
    clauses = zip(members, profile.clauses, strict=True)
    return {
        "type": "agreement",
        "documents": [
            {
                "name": loan.document_name,
                "media_type": "application/pdf",
                "size": len(document),
                "sha256": sha256(document).hexdigest(),
            }
        ],
        "parties": [
            {"role": "lender", "name": profile.lender, "key": lender_kid},
            {"role": "borrower", "subject_ref": loan.subject_ref, "key": loan.borrower.public.kid},
        ],
        "principal": money(loan, terms.principal),
        "rate": {"kind": "fixed", "rate": rate(terms.annual_rate)},
        "day_count": "30/360",
        "compounding": "none",
        "repayment_method": "equal_instalments",
        "first_due": loan.schedule[0].due.isoformat(),
        "maturity": loan.schedule[-1].due.isoformat(),
        "fees": fees,
        "apr": rate(loan.apr),
        "governing_law": profile.governing_law,
        "frequency": "P1M",
        "instalment_count": terms.months,
        "penalty_rate": rate(profile.penalty_per_day, "per_day"),
        "rounding": "half_up",
        "business_day": "none",
        "calendar": profile.calendar,
        "purpose": loan.purpose,
        "clauses": [{"member": member, "clause": clause, "page": 1} for member, clause in clauses],
    }


def disbursement(loan: Loan, minor: int, day: date, number: int, random: Random) -> Json:
    """Return the body of the payment of a sum on a day, the loan's `number`-th."""
    return {
        "type": "disbursement",
        "amount": money(loan, minor),
        "value_date": day.isoformat(),
        "rail": loan.profile.disbursement_rail,
        "reference": reference(day, random),
        "payee_ref": loan.account_ref,
        "drawdown": number,
    }


def repayment(loan: Loan, payment: Payment, random: Random) -> Json:
    """Return the body of the payment of one instalment."""
    row = payment.instalment
    split = {"principal": money(loan, row.principal), "interest": money(loan, row.interest)}
    if payment.penalty:
        split["penalty"] = money(loan, payment.penalty)
    return {
        "type": "repayment",
        "amount": money(loan, row.total + payment.penalty),
        "value_date": payment.paid.isoformat(),
        "split": split,
        "rail": payment.rail,
        "reference": reference(payment.paid, random),
        "payer_ref": loan.account_ref,
        "instalments": [row.number],
    }


def _settlement(loan: Loan, day: date, random: Random) -> Json:
    body: Json = {"type": "settlement", "value_date": day.isoformat(), "outstanding": money(loan, 0)}
    if not loan.payoff:
        return body | {"amount": money(loan, 0)}
    # What the row of that day asks for, and all principal that would have been left after it.
    row = loan.schedule[len(loan.payments)]
    rail = loan.profile.repayment_rails[0]
    return body | {"amount": money(loan, row.total + row.balance), "rail": rail, "reference": reference(day, random)}
