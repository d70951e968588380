# SPDX-License-Identifier: Apache-2.0
"""One sample loan after another, each with its whole history, all drawn from one seed.

The same seed gives the same loans on every machine. The keys follow from the seed as well, so they are fit for samples
only.
"""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from hashlib import sha256
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.samples.profiles import PROFILES, Profile
from api.samples.schedule import Terms, effective_rate, equal_instalments
from notary.finance import Instalment, rounded
from notary.schemes import PrivateKey, private_key

AS_OF = date(2026, 10, 31)
"""The day on which the samples' history ends."""


@dataclass(frozen=True)
class Payment:
    """Money that came in: on a day and rail, for an instalment, with a penalty where it was late."""

    instalment: Instalment
    paid: date
    penalty: int
    rail: str


@dataclass(frozen=True)
class Loan:
    """A loan's facts, of which its records and its document are written.

    `settled` is the day of the settlement, if there was one; `payoff` says that it came early and paid the rest.
    `fixed_order` is set where the lender gives its records `sequence` and `previous`.
    """

    profile: Profile
    number: str
    document_name: str
    purpose: str
    borrower: PrivateKey
    subject_ref: str
    account_ref: str
    agreed: datetime
    terms: Terms
    schedule: tuple[Instalment, ...]
    apr: Decimal
    payments: tuple[Payment, ...]
    settled: date | None
    payoff: bool
    fixed_order: bool


def sample_key(seed: int, label: str) -> PrivateKey:
    """Return the Ed25519 key of a label: its secret is HMAC-SHA256(seed, label)."""
    return private_key(Ed25519PrivateKey.from_private_bytes(derived(seed, f"key:{label}")))


def sample_loans(seed: int, as_of: date = AS_OF) -> Iterator[Loan]:
    """Yield loans without end."""
    random, serial = Random(seed), 0
    while True:
        serial += 1
        yield _loan(seed, random, serial, as_of)


def moment(random: Random, day: date, profile: Profile) -> datetime:
    """Return a moment of the lender's business hours on a day."""
    opening = datetime.combine(day, time(profile.opening_hour), UTC)
    return opening + timedelta(milliseconds=random.randrange(8 * 3_600_000))


def derived(seed: int, label: str) -> bytes:
    """Return 32 bytes that look random and follow from a seed and a label."""
    return hmac.digest(b"loan-notary/1 sample " + str(seed).encode(), label.encode(), sha256)


def _loan(seed: int, random: Random, serial: int, as_of: date) -> Loan:
    profile = random.choices(PROFILES, [profile.share for profile in PROFILES])[0]
    # Long enough ago that an instalment fell due: of a loan without any payment the notary says that it is silent.
    disbursed = as_of - timedelta(days=random.randrange(45, 1000))
    # Up to the 28th, a month of 30/360, which the agreement names, is the twelfth of a year that the schedule takes.
    disbursed = disbursed.replace(day=min(disbursed.day, 28))
    terms = _terms(random, profile, disbursed)
    schedule = equal_instalments(terms)
    payments, settled, payoff = _history(random, profile, terms, schedule, as_of)
    return Loan(
        profile=profile,
        number=profile.number.format(year=disbursed.year, serial=serial),
        document_name=profile.document_name.format(serial=serial),
        purpose=random.choice(profile.purposes),
        borrower=sample_key(seed, f"borrower:{serial}"),
        subject_ref=derived(seed, f"subject:{serial}").hex(),
        account_ref=derived(seed, f"account:{serial}").hex(),
        agreed=moment(random, disbursed - timedelta(days=random.randrange(1, 4)), profile),
        terms=terms,
        schedule=schedule,
        apr=effective_rate(terms, schedule[0].total),
        payments=payments,
        settled=settled,
        payoff=payoff,
        fixed_order=random.random() < 0.25,
    )


def _terms(random: Random, profile: Profile, disbursed: date) -> Terms:
    low, high, step = profile.principals
    # The square makes small loans more frequent than large ones.
    principal = low + int((high - low) * random.random() ** 2) // step * step
    lowest, highest = (int(rate * 10_000) for rate in profile.rates)
    rate = Decimal(random.randrange(lowest, highest + 1)) / 10_000
    return Terms(
        principal, rate, random.choice(profile.terms), disbursed, rounded(principal * profile.fee_rate, "half_up")
    )


def _history(
    random: Random, profile: Profile, terms: Terms, schedule: tuple[Instalment, ...], as_of: date
) -> tuple[tuple[Payment, ...], date | None, bool]:
    """Draw what was paid until `as_of`, and when the loan was settled, at its end or early."""
    early = random.randrange(3, terms.months) if random.random() < 0.15 else None
    rail = random.choice(profile.repayment_rails)
    payments: list[Payment] = []
    for row in schedule:
        late = random.randrange(1, 11) if random.random() < 0.06 else 0
        paid = row.due + timedelta(days=late)
        if paid >= as_of:
            return tuple(payments), None, False
        if row.number == early:
            return tuple(payments), row.due, True
        penalty = rounded(row.total * profile.penalty_per_day * late, "half_up")
        payments.append(Payment(row, paid, penalty, rail))
    return tuple(payments), payments[-1].paid + timedelta(days=1), False
