# SPDX-License-Identifier: Apache-2.0
"""A finding: something odd in a loan's history, said so that a person understands it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from notary.history.book import Event
from notary.records.money import format_amount


class Severity(StrEnum):
    """How much a finding weighs."""

    NOTICE = "notice"
    """Worth a look; often harmless."""
    WARNING = "warning"
    """The records contradict each other or what was agreed."""
    SERIOUS = "serious"
    """Money, a person's rights or the supervisor may have been deceived."""


@dataclass(frozen=True)
class Finding:
    """One finding: `code` F1 to F22, the records that it rests on, by sequence and by id, and a sentence each."""

    code: str
    severity: Severity
    sequences: tuple[int, ...]
    record_ids: tuple[str, ...]
    zh: str
    en: str


def finding(code: str, severity: Severity, events: Iterable[Event], zh: str, en: str) -> Finding:
    """Return a finding that rests on these events, in their order in the loan."""
    rests = sorted({event.sequence: event for event in events}.values(), key=lambda event: event.sequence)
    sequences = tuple(event.sequence for event in rests)
    return Finding(code, severity, sequences, tuple(event.record.id for event in rests), zh, en)


def money(minor: int, currency: str) -> str:
    """Write a sum for a reader, like "CNY -12,000.00"."""
    whole, point, decimals = format_amount(abs(minor), currency).partition(".")
    return f"{currency} {'-' if minor < 0 else ''}{int(whole):,}{point}{decimals}"
