# SPDX-License-Identifier: Apache-2.0
"""One loan of 360 instalments: checking each of its records, and its view with all findings."""

from collections.abc import Callable
from pathlib import Path
from statistics import mean
from time import process_time

from notary.canonical import canonical_json
from notary.history import DEFAULT_POLICY, Book, loan_view
from notary.lifecycle import LoanState, advance
from notary.records import Facts, parse_record
from tests.bench.figures import Figure, over_rounds
from tests.support.histories import Story, at, money, plan_rows, schedule_rows

TITLE = "A loan of 360 instalments"
INSTALMENTS = 360
ROUNDS = 15


def run(folder: Path) -> list[Figure]:  # noqa: ARG001 - every benchmark is given a folder
    """Measure processor time, so that other work on the machine counts less."""
    story = long_loan()
    values = [event.record.model_dump(mode="json", exclude_none=True) for event in story.events]
    facts = [event.record.facts().encode() for event in story.events]
    kinds = [event.record.type for event in story.events]
    as_of = at("2060-01-01")

    def validate() -> None:
        for value in values:
            parse_record(value).facts().encode()

    def live() -> None:
        state = LoanState().encode()
        for kind, text in zip(kinds, facts, strict=True):
            state = advance(LoanState.decode(state), kind, Facts.decode(text)).encode()

    payloads = [canonical_json(value) for value in values]
    count = len(payloads)
    return [
        over_rounds("validation and facts, mean of a record", _times(validate, count, 1e6), "µs", "<= 50"),
        over_rounds("life cycle, mean of a record", _times(live, count, 1e6), "µs", "<= 10"),
        over_rounds("view of the loan with findings", _times(lambda: _view(story, as_of), 1, 1e3), "ms", "< 2"),
        Figure("bytes of a record, mean", mean(map(len, payloads)), "bytes"),
    ]


def long_loan() -> Story:
    """Return a loan of thirty years, every instalment paid on its day."""
    rows = plan_rows(100_000_000, months=INSTALMENTS)
    terms = {"maturity": rows[-1].due.isoformat(), "instalment_count": INSTALMENTS}
    story = Story().agree(principal=money(100_000_000), **terms).pay_out(100_000_000).plan(rows=schedule_rows(rows))
    for row in rows:
        story.repay(row)
    return story


def _view(story: Story, as_of: int) -> None:
    assert loan_view(Book.of(story.events, as_of), DEFAULT_POLICY).findings == ()


def _times(work: Callable[[], None], parts: int, unit: float) -> list[float]:
    """Return what a part of some work took, round by round; the first round only warms the caches."""
    work()
    times = []
    for _ in range(ROUNDS):
        began = process_time()
        work()
        times.append((process_time() - began) / parts * unit)
    return times
