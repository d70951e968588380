# SPDX-License-Identifier: Apache-2.0
"""All findings of one loan: one line for each check, in the order of their codes."""

from collections.abc import Callable, Iterator

from notary.history.case import Case
from notary.history.finding import Finding
from notary.history.findings_limits import beyond_the_decision, over_the_limit, without_consent
from notary.history.findings_payments import (
    booked_twice,
    paid_before_disbursed,
    paid_too_much,
    settled_with_balance,
    too_regular,
    written_in_a_burst,
    written_off_too_much,
)
from notary.history.findings_rates import interest_off, yearly_rate
from notary.history.findings_schedule import (
    balance_broken,
    principal_differs,
    restructured_balance,
    rows_out_of_order,
)
from notary.history.findings_time import backdated, category_too_good, silent

Check = Callable[[Case], Iterator[Finding]]

CHECKS: tuple[tuple[str, Check], ...] = (
    ("F1", principal_differs),
    ("F2", rows_out_of_order),
    ("F2 F20", booked_twice),
    ("F3", paid_too_much),
    ("F4", balance_broken),
    ("F5", paid_before_disbursed),
    ("F6", backdated),
    ("F7", over_the_limit),
    ("F8", beyond_the_decision),
    ("F9", yearly_rate),
    ("F10", interest_off),
    ("F11", settled_with_balance),
    ("F12", written_off_too_much),
    ("F13", restructured_balance),
    ("F14", category_too_good),
    ("F19", without_consent),
    ("F20", written_in_a_burst),
    ("F20", too_regular),
    ("F22", silent),
)
"""Each check with the codes that it finds."""


TIMED = frozenset({"F22"})
"""Codes of what may become odd by the passing of time alone."""


def findings(case: Case) -> tuple[Finding, ...]:
    """Return the findings of a loan at its book's moment; the same book and policy give the same ones.

    They are ordered by the newest record that they rest on, then by the order of `CHECKS`.
    """
    found = [item for _, check in CHECKS for item in check(case)]
    return tuple(sorted(found, key=lambda item: item.sequences[-1]))


def findings_of(case: Case, sequence: int) -> tuple[Finding, ...]:
    """Return the findings of a loan that rest on one record."""
    return tuple(item for item in findings(case) if sequence in item.sequences)
