# SPDX-License-Identifier: Apache-2.0
"""Findings about payments: F2 twice, F3 too much, F5 too early, F11 payoff, F12 write-off, F20 patterns."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from notary.finance.dates import is_month_end
from notary.history.book import Event
from notary.history.case import Case
from notary.history.finding import Finding, Severity, finding, money
from notary.records import Disbursement, Repayment, Settlement, WriteOff
from notary.records.money import EXPONENTS


def booked_twice(case: Case) -> Iterator[Finding]:
    """F2, F20: one payment on the rail was recorded more than once, for the same instalment or for several."""
    payments = case.standing
    if len({(payment.rail, payment.reference) for _, payment in payments}) == len(payments):
        return
    groups: dict[tuple[str, str], list[tuple[Event, Repayment]]] = defaultdict(list)
    for event, payment in payments:
        groups[payment.rail, payment.reference].append((event, payment))
    for (rail, reference), group in groups.items():
        if len(group) == 1:
            continue
        numbers = [number for _, payment in group for number in payment.instalments or (0,)]
        rests = [event for event, _ in group]
        if len(set(numbers)) < len(numbers):
            yield finding(
                "F2", Severity.WARNING, rests,
                f"同一期的同一笔支付（{rail} {reference}）记录了 {len(group)} 次。",
                f"One payment ({rail} {reference}) is recorded {len(group)} times for the same instalment.",
            )  # fmt: skip
        else:
            yield finding(
                "F20", Severity.NOTICE, rests,
                f"{len(group)} 笔还款使用同一支付流水号（{rail} {reference}）。",
                f"{len(group)} repayments carry the same payment reference ({rail} {reference}).",
            )  # fmt: skip


def paid_too_much(case: Case) -> Iterator[Finding]:
    """F3: more principal was paid back than paid out, and it was not put right since.

    It rests on the record that took the balance below zero last, and on what was paid since.
    """
    book = case.book
    if book.state.balance >= 0 or not case.account.disbursed:
        return
    first = next(event for event in reversed(book.events) if book.balances[event.sequence] >= 0)
    more = [event for event, _ in book.all(Repayment) if event.sequence > first.sequence]
    excess = money(-book.state.balance, book.currency)
    yield finding(
        "F3", Severity.WARNING, [first, *more],
        f"已还本金比发放的本金多 {excess}，且未见冲正。",
        f"{excess} more principal was paid back than was paid out, and no reversal followed.",
    )  # fmt: skip


def paid_before_disbursed(case: Case) -> Iterator[Finding]:
    """F5: a repayment was recorded, or has its value date, before the first payment out."""
    book = case.book
    draws = book.all(Disbursement)
    sequence, day = (draws[0][0].sequence, draws[0][1].value_date) if draws else (len(book.events), "9999")
    for event, payment in book.all(Repayment):
        if event.sequence > sequence and payment.value_date >= day:
            continue
        rests = [event, draws[0][0]] if draws else [event]
        yield finding(
            "F5", Severity.WARNING, rests,
            f"{payment.value_date} 的还款早于放款。",
            f"The repayment of {payment.value_date} comes before any disbursement.",
        )  # fmt: skip


def settled_with_balance(case: Case) -> Iterator[Finding]:
    """F11: the loan was settled with something left and not waived."""
    book, policy = case.book, case.policy
    for event, settlement in book.all(Settlement):
        owed = max(0, book.balances[event.sequence])
        left = max(settlement.outstanding.minor, owed - sum(settlement.cleared()))
        if left > policy.unit_tolerance:
            text = money(left, book.currency)
            yield finding(
                "F11", Severity.SERIOUS, [event],
                f"贷款已结清，但仍有 {text} 未还且未豁免。",
                f"The loan was settled although {text} were left and not waived.",
            )  # fmt: skip


def written_off_too_much(case: Case) -> Iterator[Finding]:
    """F12: more was written off than was outstanding."""
    book = case.book
    for event, write_off in book.all(WriteOff):
        owed = max(0, book.balances[event.sequence])
        if write_off.amount.minor > owed:
            given, balance = money(write_off.amount.minor, book.currency), money(owed, book.currency)
            yield finding(
                "F12", Severity.SERIOUS, [event],
                f"核销 {given}，而未还本金只有 {balance}。",
                f"{given} were written off, but only {balance} of principal were outstanding.",
            )  # fmt: skip


def written_in_a_burst(case: Case) -> Iterator[Finding]:
    """F20: repayments of many weeks were all received within an hour, as if written after the event."""
    book, policy = case.book, case.policy
    payments = book.all(Repayment)
    size = policy.burst_records
    for place in range(len(payments) - size + 1):
        if payments[place + size - 1][0].received_at - payments[place][0].received_at > policy.burst_seconds * 1000:
            continue
        group = payments[place : place + size]
        days = [payment.value_date for _, payment in group]
        spread = (date.fromisoformat(max(days)) - date.fromisoformat(min(days))).days
        if spread > policy.burst_days:
            yield finding(
                "F20", Severity.NOTICE, [event for event, _ in group],
                f"{size} 笔还款在一小时内集中记录，而付款日期相隔 {spread} 天。",
                f"{size} repayments were recorded within an hour, though they were paid over {spread} days.",
            )  # fmt: skip
            return


def too_regular(case: Case) -> Iterator[Finding]:
    """F20: every repayment is a round sum, or was paid on the last day of a month."""
    book, policy = case.book, case.policy
    payments = case.standing
    if len(payments) < policy.pattern_records:
        return
    rests = [event for event, _ in payments]
    unit = 100 * 10 ** EXPONENTS[book.currency]
    if all(payment.amount.minor % unit == 0 for _, payment in payments):
        yield finding(
            "F20", Severity.NOTICE, rests,
            f"全部 {len(payments)} 笔还款金额都是整百数。",
            f"All {len(payments)} repayments are round sums of whole hundreds.",
        )  # fmt: skip
    if all(is_month_end(date.fromisoformat(payment.value_date)) for _, payment in payments):
        yield finding(
            "F20", Severity.NOTICE, rests,
            f"全部 {len(payments)} 笔还款都在月末最后一天。",
            f"All {len(payments)} repayments were paid on the last day of a month.",
        )  # fmt: skip
