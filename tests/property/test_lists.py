# SPDX-License-Identifier: Apache-2.0
"""Lists that are read while a writer appends and anchors: as if all had been read at the first page."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from notary.errors import RefusedError
from notary.history import DEFAULT_POLICY
from notary.listing import STATES, Lists, Place, Wanted
from notary.log.anchors import AnchorState
from notary.log.submission import Placed
from notary.ports.parties import Lender
from notary.stores.sqlite import SqliteStore
from tests.support.builders import NOW, VAULT, NotaryKit, add_lender, anchor_of, kit_over, submission

KINDS = ("agreement", "data_consent", "disbursement")
WRITES = st.lists(
    st.tuples(st.integers(1, 2), st.sampled_from("ABCD"), st.sampled_from(KINDS), st.integers(-3, 3)),
    min_size=3,
    max_size=8,
)
"""Records by lender, loan, type, and how much earlier or later than the last one they were received."""
MAYBE_TIME = st.none() | st.integers(NOW - 3, NOW + 40)


@dataclass(frozen=True)
class Case:
    """A list: what is there at first, what is asked for, and what is written and anchored before each further page."""

    before: list[tuple[int, str, str, int]]
    wanted: Wanted
    limit: int
    meanwhile: list[tuple[list[tuple[int, str, str, int]], AnchorState | None]]


CASES = st.builds(
    Case,
    WRITES,
    st.builds(
        Wanted,
        loan=st.none() | st.sampled_from("ABCD"),
        type=st.none() | st.sampled_from(KINDS),
        state=st.none() | st.sampled_from(STATES),
        received_from=MAYBE_TIME,
        received_until=MAYBE_TIME,
    ),
    st.integers(1, 4),
    st.lists(
        st.tuples(WRITES, st.none() | st.sampled_from([AnchorState.MINED, AnchorState.FINAL])), min_size=1, max_size=6
    ),
)
LENDER = Lender(1, "示范银行")


class Notary:
    """A log in a database of its own, and what was placed in it."""

    def __init__(self, folder: Path) -> None:
        self.kit: NotaryKit = kit_over(SqliteStore.create(folder / "notary.db", VAULT))
        add_lender(self.kit.store, "Second Bank", b"2" * 32, NOW)
        self.lists = Lists(self.kit.store)
        self.made = 0
        self.placed: list[tuple[int, int, str, str, int]] = []
        """Index, lender, loan, type and moment of what is in the log."""

    def write(self, writes: list[tuple[int, str, str, int]]) -> None:
        items = []
        for lender, loan, kind, moved in writes:
            self.made += 1
            items.append(submission(self.made, loan, kind, lender, received_at=NOW + self.made + moved))
        for item, outcome in zip(items, self.kit.sequencer.append(items) if items else (), strict=True):
            if isinstance(outcome, Placed):
                self.placed.append((outcome.index, item.lender, item.loan, item.type, item.received_at))
            else:
                assert isinstance(outcome, RefusedError)

    def anchor(self, state: AnchorState | None) -> None:
        head = self.kit.store.head()
        if state is not None and head is not None:
            self.kit.store.save_anchor(anchor_of(head, state=state))

    def close(self) -> None:
        self.kit.store.close()


def expected(notary: Notary, place: Place, wanted: Wanted) -> list[int]:
    """Return the indexes of what fits, found without any list."""
    return [
        index
        for index, lender, loan, kind, moment in sorted(notary.placed)
        if lender == LENDER.number
        and wanted.loan in (None, loan)
        and wanted.type in (None, kind)
        and wanted.state in (None, place.state(index))
        and wanted.fits(moment)
    ]


@settings(max_examples=50)
@given(CASES)
def test_records_are_listed_as_they_were_at_the_first_page(case: Case) -> None:
    with tempfile.TemporaryDirectory() as folder:
        notary = Notary(Path(folder))
        notary.write(case.before)
        notary.anchor(case.meanwhile[0][1])
        place = notary.lists.begin_records(LENDER, case.wanted, NOW)
        wanted = expected(notary, place, case.wanted)
        found: list[int] = []
        following: Place | None = place
        pages = 0
        while following is not None:
            assert following[:4] == place[:4]
            page = notary.lists.records(LENDER, case.wanted, following, case.limit, lambda _: True)
            assert len(page.items) <= case.limit
            found += [item.index for item in page.items]
            writes, anchored = case.meanwhile[pages % len(case.meanwhile)]
            notary.write(writes)
            notary.anchor(anchored)
            following, pages = page.following, pages + 1
        notary.close()
        assert found == wanted


@settings(max_examples=40)
@given(CASES)
def test_loans_are_listed_as_they_were_at_the_first_page(case: Case) -> None:
    with tempfile.TemporaryDirectory() as folder:
        notary = Notary(Path(folder))
        notary.write(case.before)
        began: dict[str, list[int]] = {}
        for _, lender, loan, _, moment in sorted(notary.placed):
            if lender == LENDER.number:
                began.setdefault(loan, []).append(moment)
        only = Wanted(received_from=case.wanted.received_from, received_until=case.wanted.received_until)
        wanted = [(loan, len(moments), moments[0]) for loan, moments in began.items() if only.fits(moments[0])]
        place: Place | None = notary.lists.begin_loans(NOW)
        found, pages = [], 0
        while place is not None:
            page = notary.lists.loans(LENDER, only, place, case.limit, lambda _: True, DEFAULT_POLICY)
            found += [(item.loan, item.records, item.began_at) for item in page.items]
            # Loans that begin meanwhile; the records made here have too little in them to be read as a history.
            notary.write([item for item in case.meanwhile[pages % len(case.meanwhile)][0] if item[1] not in began])
            place, pages = page.following, pages + 1
        notary.close()
        assert found == wanted
