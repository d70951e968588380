# SPDX-License-Identifier: Apache-2.0
"""What a lender's overview counts: records of today and how far they have come, waits for the chain, findings."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from api.clock import now
from api.wiring import Services
from notary.history import Book, Case, findings, read_events
from notary.listing import Lists, Wanted
from notary.ports.parties import Lender
from notary.ports.records import StoredRecord
from notary.records.administration import ADMINISTRATION

MOST_RECORDS, MOST_LOANS, MOST_WAITS = 5000, 200, 300
"""Records that are counted, loans whose findings are computed, records whose wait is looked up."""
DAY = 86_400_000
_PAGE = 1000
WAITS = ((5, "< 5 s"), (15, "< 15 s"), (60, "< 1 min"), (300, "< 5 min"), (3600, "< 1 h"), (None, "≥ 1 h"))
"""Seconds below which a wait belongs to a bar, and the bar's name."""


@dataclass(frozen=True)
class Overview:
    """The numbers of a lender's overview.

    Attributes:
        today: records received since midnight, UTC; `more` if there are more than were counted.
        states, kinds: how many of them have come how far, and are of which type.
        waits: records by how long they waited for a block, as `WAITS` names it.
        severities, codes: findings in the loans that had records today.
        latest: the newest records.
    """

    today: int
    more: bool
    states: dict[str, int]
    kinds: list[tuple[str, int]]
    waits: list[tuple[str, int]]
    severities: dict[str, int]
    codes: list[tuple[str, int]]
    latest: tuple[StoredRecord, ...]


def overview(services: Services, lender: Lender) -> Overview:
    """Count now."""
    moment = now()
    lists = Lists(services.store)
    wanted = Wanted(received_from=moment - moment % DAY)
    place = lists.begin_records(lender, wanted, moment)
    records: list[StoredRecord] = []
    following, begun = place, place
    while len(records) < MOST_RECORDS:
        page = lists.records(lender, wanted, following, _PAGE, lambda loan: loan != ADMINISTRATION)
        records += page.items
        if page.following is None:
            break
        following = page.following
    touched = list(dict.fromkeys(record.loan for record in reversed(records)))[:MOST_LOANS]
    found = list(_findings(services, lender, touched, moment))
    return Overview(
        today=len(records),
        more=page.following is not None,
        states=dict(Counter(begun.state(record.index) for record in records)),
        kinds=Counter(record_type(record) for record in records).most_common(8),
        waits=_waits(services, records[-MOST_WAITS:]),
        severities=dict(Counter(severity for _, severity in found)),
        codes=Counter(code for code, _ in found).most_common(12),
        latest=tuple(reversed(records[-8:])),
    )


def record_type(record: StoredRecord) -> str:
    """Return a stored record's type."""
    [event] = read_events([record])
    return event.record.type


def _findings(services: Services, lender: Lender, loans: Sequence[str], moment: int) -> Iterator[tuple[str, str]]:
    _, policy = services.policies.at(lender, moment)
    for loan in loans:
        events = read_events(services.store.loan_records(lender.number, loan))
        for item in findings(Case(Book.of(events, moment), policy.thresholds)):
            yield item.code, item.severity.value


def _waits(services: Services, records: Sequence[StoredRecord]) -> list[tuple[str, int]]:
    counted = dict.fromkeys((name for _, name in WAITS), 0)
    anchor = None
    for record in records:
        if anchor is None or record.index >= anchor.size:
            anchor = services.store.anchor_over(record.index)
        if anchor is None:
            break
        if anchor.block_time is None:
            continue
        seconds = max(0, anchor.block_time - record.received_at // 1000)
        counted[next(name for limit, name in WAITS if limit is None or seconds < limit)] += 1
    return list(counted.items())
