# SPDX-License-Identifier: Apache-2.0
"""Findings about schedules: F1 principal, F2 numbers and dates, F4 balances, F13 restructured balances."""

from collections.abc import Iterator
from itertools import pairwise

from notary.history.book import Book, Event
from notary.history.case import Case
from notary.history.finding import Finding, Severity, finding, money
from notary.records import Disbursement, Restructuring, Schedule


def principal_differs(case: Case) -> Iterator[Finding]:
    """F1: the rows' principal is not what was disbursed, or for a later schedule, what was left."""
    book, policy = case.book, case.policy
    schedules = book.all(Schedule)
    draws = book.all(Disbursement)
    restructured = {record.new_schedule for _, record in book.all(Restructuring)}
    for number, (event, schedule) in enumerate(schedules):
        # The new schedule of a restructuring is measured by F13.
        if schedule.id in restructured:
            continue
        end = schedules[number + 1][0].sequence if number + 1 < len(schedules) else len(book.events)
        later = [(drawn, record) for drawn, record in draws if event.sequence < drawn.sequence < end]
        rests = [event, *(drawn for drawn, _ in later)]
        if number == 0:
            rests = [event, *(drawn for drawn, _ in draws if drawn.sequence < end)]
        wanted = book.balances[event.sequence] + sum(record.amount.minor for _, record in later)
        planned = sum(row.principal for row in schedule.instalments)
        if wanted and abs(planned - wanted) > policy.unit_tolerance:
            given, owed = money(planned, book.currency), money(wanted, book.currency)
            yield finding(
                "F1", Severity.WARNING, rests,
                f"还款计划的本金合计为 {given}，而已发放且未还的本金为 {owed}。",
                f"The schedule's principal sums to {given}, but {owed} were paid out and not yet paid back.",
            )  # fmt: skip


def rows_out_of_order(case: Case) -> Iterator[Finding]:
    """F2: a schedule's instalments are not numbered without gaps, or their dates do not rise."""
    book = case.book
    for place, (event, schedule) in enumerate(book.all(Schedule)):
        rows = schedule.rows
        numbers = [row.no for row in rows]
        # A schedule that replaces another may go on counting.
        start = 1 if place == 0 else numbers[0]
        if numbers != list(range(start, start + len(numbers))):
            yield finding(
                "F2", Severity.WARNING, [event],
                f"还款计划的期数不是从 {start} 起连续编号。",
                f"The schedule's instalments are not numbered from {start} without gaps.",
            )  # fmt: skip
        for earlier, later in pairwise(rows):
            if later.due <= earlier.due:
                yield finding(
                    "F2", Severity.WARNING, [event],
                    f"第 {later.no} 期的应还日 {later.due} 不晚于第 {earlier.no} 期的 {earlier.due}。",
                    f"Instalment {later.no} is due on {later.due}, not after instalment {earlier.no} on {earlier.due}.",
                )  # fmt: skip
                break


def balance_broken(case: Case) -> Iterator[Finding]:
    """F4: a row's balance is not the one before it less its principal, or the last one is not 0."""
    book, policy = case.book, case.policy
    for event, schedule in book.all(Schedule):
        rows = schedule.instalments
        balance = sum(row.principal for row in rows)
        for row in rows:
            balance -= row.principal
            if abs(row.balance - balance) > policy.unit_tolerance:
                stated, right = money(row.balance, book.currency), money(balance, book.currency)
                yield finding(
                    "F4", Severity.WARNING, [event],
                    f"第 {row.number} 期后的剩余本金写为 {stated}，按各期本金应为 {right}。",
                    f"The balance after instalment {row.number} is given as {stated}; by the rows it is {right}.",
                )  # fmt: skip
                break


def restructured_balance(case: Case) -> Iterator[Finding]:
    """F13: the new schedule's principal is not the old balance, plus what was capitalised, less what was waived."""
    book, policy = case.book, case.policy
    schedules = {schedule.id: (event, schedule) for event, schedule in book.all(Schedule)}
    for event, restructuring in book.all(Restructuring):
        found = schedules.get(restructuring.new_schedule)
        if found is None:
            continue
        old = book.balances[event.sequence]
        wanted = old + restructuring.capitalised.minor - restructuring.waived.minor
        planned = sum(row.principal for row in found[1].instalments)
        if abs(planned - wanted) > policy.unit_tolerance:
            yield _restructured(book, [event, found[0]], planned, wanted)


def _restructured(book: Book, rests: list[Event], planned: int, wanted: int) -> Finding:
    given, right = money(planned, book.currency), money(wanted, book.currency)
    return finding(
        "F13", Severity.WARNING, rests,
        f"重组后还款计划的本金为 {given}，而原余额加资本化利息减豁免额为 {right}。",
        f"The new schedule's principal is {given}; the old balance plus capitalised less waived is {right}.",
    )  # fmt: skip
