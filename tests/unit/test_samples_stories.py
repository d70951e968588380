# SPDX-License-Identifier: Apache-2.0
"""Sample stories: each is a legal history, and shows exactly the findings that it is told for."""

from datetime import UTC, datetime, time
from itertools import islice

import pytest

from api.samples import STORIES, SampleHistory, sample_histories, story_history
from api.samples.loans import AS_OF
from api.samples.stories.assigned import ASSIGNEE
from notary.canonical import parse_canonical
from notary.envelope import MAX_PAYLOAD
from notary.history import DEFAULT_POLICY, Book, Event, LoanView, loan_view
from notary.records import parse_record

SEEDS = range(1, 13)
END = int(datetime.combine(AS_OF, time(), UTC).timestamp() * 1000)
EXPECTED: dict[str, tuple[str, list[tuple[str, tuple[str, ...]]]]] = {
    "early-payer": ("settled", []),
    "defaulter": ("recovered", []),
    "assigned": ("active", []),
    "over-limit": ("drawn", [("F7", ("disbursement",))]),
    "backdated": ("active", [("F6", ("agreement",))]),
    "over-repaid": ("active", [("F3", ("repayment",))]),
    "silent": ("active", [("F22", ("schedule",))]),
}
"""For each story: the loan's last stage, and its findings with the types of the records that they rest on."""


def view_of(history: SampleHistory, as_of: int = END) -> LoanView:
    """Return where the loan stands if each record was received a second after it was submitted."""
    events = [
        Event(
            sequence,
            int(item.told_at.timestamp() * 1000) + 1000,
            parse_record(parse_canonical(item.payload, limit=MAX_PAYLOAD)),
        )
        for sequence, item in enumerate(history.records)
    ]
    return loan_view(Book.of(events, as_of), DEFAULT_POLICY)


def types(history: SampleHistory) -> list[str]:
    return [str(parse_canonical(item.payload, limit=MAX_PAYLOAD)["type"]) for item in history.records]


def test_every_story_is_expected_to_end_somehow() -> None:
    assert EXPECTED.keys() == STORIES.keys()
    assert all(story.summary and len(story.summary) < 80 for story in STORIES.values())


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", STORIES)
def test_a_story_ends_as_it_should_with_its_findings_and_no_others(name: str, seed: int) -> None:
    history = story_history(name, seed)
    view, told = view_of(history), types(history)
    stage, wanted = EXPECTED[name]
    found = [(item.code, tuple(told[sequence] for sequence in item.sequences)) for item in view.findings]
    assert (view.state.stage, found) == (stage, wanted)
    assert view.records == len(history.records)
    # It was submitted in order, and nothing of it lies ahead of the samples' end.
    moments = [item.told_at for item in history.records]
    assert moments == sorted(moments)
    assert moments[-1].timestamp() * 1000 < END


def test_what_the_stories_end_with() -> None:
    views = {name: view_of(story_history(name, 1)) for name in STORIES}
    assert views["early-payer"].account.outstanding == 0
    assert views["over-repaid"].account.outstanding == -88_888
    assert views["defaulter"].account.capitalised > 0
    assert views["defaulter"].account.written_off > views["defaulter"].account.recovered > 0
    assert [item.holder.name for item in views["assigned"].state.holdings] == [ASSIGNEE]
    limit, used = views["over-limit"].limit, views["over-limit"].account.disbursed
    assert limit is not None
    assert used > limit
    assert views["silent"].days_past_due > DEFAULT_POLICY.grace_days


def test_the_assigned_loan_is_paid_to_the_bank_and_then_to_the_new_holder() -> None:
    told = types(story_history("assigned", 1))
    sold = told.index("assignment")
    assert told[3:sold] == ["repayment"] * 4
    assert told[sold + 1 :] == ["repayment"] * len(told[sold + 1 :]) != []


def test_the_defaulter_s_whole_way() -> None:
    told = types(story_history("defaulter", 1))
    assert list(dict.fromkeys(told)) == [
        "agreement", "disbursement", "schedule", "repayment", "reminder", "overdue_notice", "classification",
        "restructuring", "write_off", "recovery",
    ]  # fmt: skip


def test_the_same_seed_tells_the_same_story() -> None:
    for name in STORIES:
        first, again, other = (story_history(name, seed) for seed in (3, 3, 4))
        assert (first.records, first.document) == (again.records, again.document)
        assert (first.records == other.records, first.document == other.document) == (False, False)


def test_ordinary_loans_have_no_findings() -> None:
    ordinary = (history for history in sample_histories(3000, 7) if history.story is None)
    for history in islice(ordinary, 100):
        assert view_of(history).findings == (), history.loan.number


def test_a_portfolio_holds_each_story_once_and_whole() -> None:
    told = [history for history in sample_histories(400, 7) if history.story is not None]
    assert [history.story for history in told] == list(STORIES)
    assert [history.records for history in told] == [story_history(name, 7).records for name in STORIES]
