# SPDX-License-Identifier: Apache-2.0
"""Findings about time: F6 backdating, F14 categories that are too good, F22 silence."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from notary.history.case import Case
from notary.history.finding import Finding, Severity, finding
from notary.records import (
    Classification,
    OverdueNotice,
    Record,
    Repayment,
    Restructuring,
    Settlement,
    WriteOff,
)
from notary.records.classification import Category

SILENT_STAGES = ("active", "drawn", "overdue", "restructured")
"""Where a loan is while something is due."""
_RANKS: tuple[Category, ...] = ("normal", "special_mention", "substandard", "doubtful", "loss")
_CHINESE = dict(zip(_RANKS, ("正常", "关注", "次级", "可疑", "损失"), strict=True))
_NOT_SILENT: tuple[type[Record], ...] = (Repayment, OverdueNotice, Restructuring, WriteOff, Settlement)


def backdated(case: Case) -> Iterator[Finding]:
    """F6: a record came long after what it speaks of, or speaks of the future."""
    earliest, latest = -case.policy.future_seconds, case.policy.backdated_days * 86_400
    for event in case.book.events:
        _, received_at, record = event
        occurred = record.occurred_at
        seconds = received_at // 1000 - int(datetime.fromisoformat(occurred).timestamp())
        if earliest <= seconds <= latest:
            continue
        if seconds > latest:
            days = seconds // 86_400
            yield finding(
                "F6", Severity.WARNING, [event],
                f"记录所述事件发生于 {occurred[:10]}，{days} 天后才提交公证。",
                f"The record speaks of {occurred[:10]} and was submitted {days} days later.",
            )  # fmt: skip
        else:
            yield finding(
                "F6", Severity.WARNING, [event],
                f"记录所述时间 {occurred} 晚于收到时间。",
                f"The record speaks of {occurred}, which is after it was received.",
            )  # fmt: skip


def category_too_good(case: Case) -> Iterator[Finding]:
    """F14: the risk category is better than the days past due allow."""
    book, policy = case.book, case.policy
    for event, classified in book.all(Classification):
        on = date.fromisoformat(classified.effective_from)
        measured = case.at(event.sequence)
        days = measured[1].days_past_due(on, event.sequence) if measured else 0
        rests = [event, measured[0].source] if measured and days else [event]
        stated = classified.days_past_due or 0
        if stated > days:
            days, rests = stated, [event]
        given = classified.category
        wanted = next((category for limit, category in policy.category_days if days > limit), _RANKS[0])
        if _RANKS.index(given) < _RANKS.index(wanted):
            yield finding(
                "F14", Severity.SERIOUS, rests,
                f"贷款逾期 {days} 天，应至少归为{_CHINESE[wanted]}类，却被分为{_CHINESE[given]}类。",
                f"The loan is {days} days past due, which makes it {wanted} at least, but was classified as {given}.",
            )  # fmt: skip


class Silence(NamedTuple):
    """A loan in silence: about which instalment (the plan's record by sequence, and the row's number), and F22."""

    instalment: tuple[int, int]
    finding: Finding


def silent(case: Case) -> Iterator[Finding]:
    """F22: an instalment and the days of grace passed, and neither a repayment nor an overdue record came."""
    if found := silence(case):
        yield found.finding


def silence(case: Case) -> Silence | None:
    """Return whether a loan is silent, which may come with time alone."""
    book, policy = case.book, case.policy
    if book.state.stage not in SILENT_STAGES or book.state.balance <= 0:
        return None
    plan, row = case.plan, case.progress.oldest_open() if case.progress else None
    if plan is None or row is None or row.due + timedelta(days=policy.grace_days) >= book.day:
        return None
    due = row.due.isoformat()
    for kind in _NOT_SILENT:
        found = book.last(kind)
        if found and found[0].received.date().isoformat() >= due:
            return None
    days = (book.day - row.due).days
    told = finding(
        "F22", Severity.SERIOUS, [plan.source],
        f"第 {row.number} 期应于 {due} 还款，已过 {days} 天，既无还款也无逾期记录。",
        f"Instalment {row.number} was due on {due}, {days} days ago; neither a repayment nor an overdue record came.",
    )  # fmt: skip
    return Silence((plan.source.sequence, row.number), told)
