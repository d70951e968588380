# SPDX-License-Identifier: Apache-2.0
"""The contract of the `Store` port, held against every store."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from notary.errors import CorruptLogError, ForkError, NotaryError, NotFoundError, UnavailableError
from notary.log.anchors import AnchorState, LogHead
from notary.log.tiles import Tile
from notary.parties.validity import Validity
from notary.ports.audit import LoanHistory
from notary.ports.drafts import Draft
from notary.ports.log import Batch
from notary.ports.parties import Lender, PartyKey, PartyRoot
from notary.ports.policies import PolicyVersion
from notary.ports.records import Loan, StoredRecord
from notary.ports.store import Store
from notary.privacy.data_key import DataKey
from tests.support.builders import (
    DATA_KEY,
    EVIDENCE,
    NOW,
    add_lender,
    anchor_of,
    head_of,
    log_signer,
    record_id,
    stored_record,
)
from tests.support.stores import Opener

SIGNER = log_signer()
API_KEY = sha256(b"api key").digest()


def head(size: int) -> LogHead:
    return head_of(size, sha256(b"root %d" % size).digest(), SIGNER)


def entry(index: int) -> bytes:
    return b"\x01" + sha256(b"entry %d" % index).digest() * 2


def loan(number: str, records: int = 1, lender: int = 1, state: str = "agreed") -> Loan:
    return Loan(lender, number, sha256(number.encode()).digest(), state, records, sha256(b"%d" % records).digest())


@pytest.fixture
def open_store(database: Opener) -> Iterator[Callable[[], Store]]:
    opened: list[Store] = []

    def open_one() -> Store:
        opened.append(database.store())
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    return open_store()


@pytest.fixture
def lender(store: Store) -> Lender:
    return add_lender(store, "示范银行", API_KEY, NOW)


def genesis() -> Batch:
    return Batch(head(1), [entry(0)], tiles={Tile(0, 0): b"tile of 1"})


def second() -> Batch:
    a, b = loan("A", 2), loan("B")
    return Batch(
        head(4),
        [entry(1), entry(2), entry(3)],
        [stored_record(1, 0, a), stored_record(2, 0, b), stored_record(3, 1, a)],
        [a, b],
        {Tile(0, 0): b"tile of 4", Tile(1, 0): b"above"},
    )


@pytest.fixture
def filled(store: Store, lender: Lender) -> Store:
    assert lender.number == 1
    store.commit(None, genesis())
    store.commit(head(1), second())
    return store


def contents(store: Store) -> object:
    """Return all that the log holds."""
    tiles = []
    for tile in (Tile(0, 0), Tile(0, 1), Tile(1, 0)):
        try:
            tiles.append(store.read_tiles([tile]))
        except NotFoundError:
            tiles.append([])
    loans = store.find_loans([(1, number) for number in "ABCD"])
    return store.head(), list(store.entries(0, 1000)), list(store.records()), loans, tiles


# --- the log


def test_a_new_store_is_empty(store: Store) -> None:
    assert store.head() is None
    assert list(store.entries(0, 10)) == []
    assert list(store.records()) == []
    assert store.anchors() == []
    assert store.find_records([(1, record_id(1))]) == {}
    assert store.find_loans([(1, "A")]) == {}
    assert store.loan_records(1, "A") == []
    assert store.party_keys(1, ["kid"]) == {}
    assert store.anchor_over(0) is None
    for missing in (
        lambda: store.read_tiles([Tile(0, 0)]),
        lambda: store.record_at(0),
        lambda: store.lender(1),
    ):
        with pytest.raises(NotFoundError):
            missing()


def test_all_of_a_commit_can_be_read(filled: Store) -> None:
    batch = second()
    assert filled.head() == batch.head
    assert list(filled.entries(0, 4)) == [entry(index) for index in range(4)]
    assert filled.read_tiles([Tile(1, 0), Tile(0, 0), Tile(1, 0)]) == [b"above", b"tile of 4", b"above"]
    assert [filled.record_at(index) for index in (1, 2, 3)] == batch.records
    assert filled.find_loans([(1, "A"), (1, "B")]) == {(1, "A"): batch.loans[0], (1, "B"): batch.loans[1]}


def test_all_of_a_commit_is_there_after_opening_again(filled: Store, open_store: Callable[[], Store]) -> None:
    before = contents(filled)
    filled.close()
    assert contents(open_store()) == before
    assert contents(filled) == before


@pytest.mark.parametrize(
    ("start", "stop", "wanted"),
    [(0, 0, []), (1, 3, [1, 2]), (3, 100, [3]), (4, 9, []), (2, 1, []), (0, 4, [0, 1, 2, 3])],
)
def test_entries_are_given_as_far_as_there_are_any(filled: Store, start: int, stop: int, wanted: list[int]) -> None:
    assert list(filled.entries(start, stop)) == [entry(index) for index in wanted]


def test_a_tile_that_is_not_there_is_an_error_even_among_others(filled: Store) -> None:
    assert filled.read_tiles([]) == []
    for tiles in ([Tile(0, 1)], [Tile(0, 0), Tile(2, 0)]):
        with pytest.raises(NotFoundError):
            filled.read_tiles(tiles)


def test_records_are_found_by_lender_and_id(filled: Store) -> None:
    records = second().records
    found = filled.find_records([(1, record_id(3)), (1, record_id(9)), (2, record_id(1)), (1, record_id(1))])
    assert found == {(1, record_id(3)): records[2], (1, record_id(1)): records[0]}


@pytest.mark.parametrize(
    "spelling", ["", "nonsense", record_id(0xABC).upper(), record_id(1).replace("-", ""), f"{{{record_id(1)}}}"]
)
def test_an_id_that_is_written_otherwise_is_not_found(filled: Store, spelling: str) -> None:
    assert filled.find_records([(1, spelling), (1, record_id(1))]).keys() == {(1, record_id(1))}


def test_loans_are_found_by_lender_and_number(filled: Store) -> None:
    assert filled.find_loans([(1, "B"), (1, "b"), (1, "C"), (2, "A"), (1, "")]) == {(1, "B"): loan("B")}
    assert filled.find_loans([]) == {}
    assert filled.find_records([]) == {}


def test_a_commit_may_bring_a_loan_up_to_date(filled: Store) -> None:
    longer = loan("A", 3)._replace(state="active")
    filled.commit(head(4), Batch(head(5), [entry(4)], [stored_record(4, 2, longer)], [longer]))
    assert filled.find_loans([(1, "A"), (1, "B")]) == {(1, "A"): longer, (1, "B"): loan("B")}
    assert [record.index for record in filled.loan_records(1, "A")] == [1, 3, 4]


def test_records_are_listed_by_lender_and_loan_within_indexes(filled: Store) -> None:
    def listed(start: int, stop: int, limit: int = 9, loan: str | None = None) -> list[int]:
        return [item.index for item in filled.lender_records(1, start, stop, limit, loan=loan)]

    assert (listed(0, 4), listed(2, 4), listed(0, 3), listed(0, 4, 2)) == ([1, 2, 3], [2, 3], [1, 2], [1, 2])
    assert (listed(0, 4, loan="A"), listed(2, 4, loan="A"), listed(0, 4, 1, "A")) == ([1, 3], [3], [1])
    assert (listed(3, 4, loan="B"), listed(0, 4, loan="C")) == ([], [])
    assert (listed(3, 4, loan="A"), listed(0, 3, loan="A")) == ([3], [1])
    assert filled.lender_records(2, 0, 4, 9) == filled.lender_records(1, 0, 4, 9, record_type="offer") == []
    assert filled.lender_records(1, 1, 2, 1) == [filled.record_at(1)]


def test_the_indexes_of_a_period(filled: Store) -> None:
    assert filled.received_span(1, NOW, NOW + 10) == (1, 4)
    assert filled.received_span(1, NOW + 2, NOW + 3) == (2, 3)
    assert filled.received_span(1, NOW + 4, NOW + 9) == filled.received_span(2, NOW, NOW + 10) == (0, 0)


def test_loans_are_listed_as_they_began(filled: Store) -> None:
    found = filled.lender_loans(1, 0, 9)
    assert [(item.first, item.began_at, item.last, item.loan) for item in found] == [
        (1, NOW + 1, 3, loan("A", 2)), (2, NOW + 2, 2, loan("B")),
    ]  # fmt: skip
    assert filled.lender_loans(1, 0, 1) == found[:1]
    assert filled.lender_loans(1, found[1].number, 9) == found[1:]
    assert filled.lender_loans(2, 0, 9) == []


def test_the_sizes_that_anchors_cover(filled: Store) -> None:
    assert filled.anchored_sizes() == (0, 0)
    for size, state in ((3, AnchorState.FINAL), (4, AnchorState.MINED), (5, AnchorState.REORGED)):
        filled.save_anchor(anchor_of(head(size), state=state))
    assert filled.anchored_sizes() == (3, 4)
    filled.save_anchor(anchor_of(head(6)))
    assert filled.anchored_sizes() == (6, 6)


def test_two_lenders_may_use_the_same_ids_and_numbers(filled: Store) -> None:
    other = add_lender(filled, "Example Bank", sha256(b"other").digest(), NOW)
    assert other.number != 1
    theirs = loan("A", 1, other.number)
    mine, record = filled.loan_records(1, "A"), stored_record(4, 0, theirs, number=1)
    filled.commit(head(4), Batch(head(5), [entry(4)], [record], [theirs]))
    assert filled.find_records([(other.number, record_id(1)), (1, record_id(1))]) == {
        (other.number, record_id(1)): record,
        (1, record_id(1)): mine[0],
    }
    assert filled.loan_records(other.number, "A") == [record]
    assert filled.loan_records(1, "A") == mine


@pytest.mark.parametrize("expected", [None, head(1), head(3), head(5), replace(head(4), root=bytes(32))])
def test_a_stale_head_is_a_fork_and_changes_nothing(filled: Store, expected: LogHead | None) -> None:
    before = contents(filled)
    new = loan("C")
    with pytest.raises(ForkError):
        filled.commit(expected, Batch(head(5), [entry(4)], [stored_record(4, 0, new)], [new], {Tile(0, 0): b"new"}))
    assert contents(filled) == before
    filled.commit(head(4), Batch(head(5), [entry(4)], [stored_record(4, 0, new)], [new]))


def test_a_second_writer_is_a_fork(filled: Store, open_store: Callable[[], Store]) -> None:
    other = open_store()
    assert other.head() == filled.head() == head(4)
    other.commit(head(4), Batch(head(5), [entry(4)]))
    with pytest.raises(ForkError):
        filled.commit(head(4), Batch(head(6), [entry(4), entry(5)]))
    assert filled.head() == head(5)
    assert list(filled.entries(4, 9)) == [entry(4)]


def test_a_loan_that_another_process_goes_on_with_is_found_as_that_left_it(
    filled: Store, open_store: Callable[[], Store]
) -> None:
    other, grown = open_store(), [loan("A", 3, state="active"), loan("A", 4, state="settled")]
    assert other.find_loans([(1, "A"), (1, "B")]) == {(1, "A"): loan("A", 2), (1, "B"): loan("B")}
    for size, now in enumerate(grown, 5):
        filled.commit(
            head(size - 1), Batch(head(size), [entry(size - 1)], [stored_record(size - 1, size - 3, now)], [now])
        )
        # Twice: the second time as it is remembered.
        for _ in range(2):
            assert other.find_loans([(1, "A"), (1, "B")]) == {(1, "A"): now, (1, "B"): loan("B")}
    last = loan("A", 5, state="settled")
    other.commit(head(6), Batch(head(7), [entry(6)], [stored_record(6, 4, last)], [last]))
    assert filled.find_loans([(1, "A")]) == {(1, "A"): last}


@pytest.mark.parametrize("same", [True, False])
def test_a_loan_that_is_erased_meanwhile_is_not_remembered_as_it_was(
    filled: Store, open_store: Callable[[], Store], same: bool
) -> None:
    before = filled.find_loans([(1, "A"), (1, "B")])
    assert filled.find_loans([(1, "A")]) == {(1, "A"): before[1, "A"]}
    (filled if same else open_store()).begin_erasure(1, "A", "erasure_1")
    after = filled.find_loans([(1, "A"), (1, "B")])
    assert (after[1, "A"].erasure, after[1, "B"]) == ("erasure_1", before[1, "B"])


def test_a_loan_that_is_erased_after_it_was_found_takes_no_record(
    filled: Store, open_store: Callable[[], Store]
) -> None:
    filled.find_loans([(1, "A"), (1, "B")])
    filled.commit(head(4), Batch(head(5), [entry(4)], [stored_record(4, 2, loan("A", 3))], [loan("A", 3)]))
    open_store().begin_erasure(1, "B", "erasure_1")
    with pytest.raises(UnavailableError):
        filled.commit(head(5), Batch(head(6), [entry(5)], [stored_record(5, 1, loan("B", 2))], [loan("B", 2)]))
    assert filled.head() == head(5)
    assert filled.find_loans([(1, "A"), (1, "B")])[1, "B"].erasure == "erasure_1"


def bad_batches() -> dict[str, Batch]:
    new, a = loan("C"), loan("A", 3)
    good = stored_record(4, 0, new)
    return {
        "an entry that is there": Batch(head(5), [entry(3), entry(4)], [good], [new], {Tile(0, 0): b"new"}),
        "a record id that is there": Batch(head(5), [entry(4)], [good._replace(record_id=record_id(1))], [new]),
        "a sequence that is there": Batch(head(5), [entry(4)], [stored_record(4, 1, a)], [a], {Tile(0, 1): b"new"}),
        "a record without a loan": Batch(head(6), [entry(4), entry(5)], [good, stored_record(5, 0, loan("D"))], [new]),
        "a record without an entry": Batch(head(5), [entry(4)], [good, stored_record(5, 1, new)], [new]),
        "two entries in one place": Batch(head(5), [entry(4)], [good, good._replace(record_id=record_id(8))], [new]),
        "a lender who is not there": Batch(head(5), [entry(4)], [], [loan("C", lender=9)]),
    }


@pytest.mark.parametrize("name", bad_batches())
def test_a_commit_is_all_or_nothing(filled: Store, name: str) -> None:
    before = contents(filled)
    with pytest.raises(CorruptLogError):
        filled.commit(head(4), bad_batches()[name])
    assert contents(filled) == before
    filled.commit(head(4), Batch(head(5), [entry(4)]))
    assert filled.head() == head(5)


def test_a_turn_gives_the_head_and_ends_with_its_commit(filled: Store) -> None:
    with filled.turn(head(4)) as known:
        assert known == head(4)
        assert filled.find_loans([(1, "B")]) == {(1, "B"): loan("B")}
        filled.commit(head(4), Batch(head(5), [entry(4)]))
        assert filled.head() == head(5)
    with filled.turn(head(5)) as known:
        assert known == head(5)
    filled.commit(head(5), Batch(head(6), [entry(5)]))
    assert filled.head() == head(6)


def test_readers_see_whole_commits_while_a_writer_commits(store: Store, lender: Lender) -> None:
    commits, each = 60, 3
    store.commit(None, genesis())
    done = threading.Event()
    faults: list[object] = []

    def read() -> None:
        try:
            while not done.is_set():
                entries = len(list(store.entries(0, 10_000)))
                records = [record.index for record, _ in store.records()]
                size = store.head().size  # type: ignore[union-attr]
                # Each call sees one state, a later call the same or a later one.
                if not (entries % each == 1 and records == list(range(1, len(records) + 1))):
                    faults.append((entries, records))
                if not (entries - 1 <= len(records) <= size - 1 and size % each == 1):
                    faults.append((entries, len(records), size))
        except NotaryError as error:
            faults.append(error)
        finally:
            store.close()

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        size = 1
        for number in range(commits):
            ours = loan(f"L{number}", each, lender.number)
            indexes = range(size, size + each)
            records = [stored_record(index, index - size, ours) for index in indexes]
            store.commit(head(size), Batch(head(size + each), [entry(i) for i in indexes], records, [ours]))
            size += each
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert faults == []
    assert store.head() == head(1 + commits * each)


def test_an_iterator_that_was_left_does_not_block_the_writer(filled: Store) -> None:
    records = filled.records()
    next(records)
    filled.commit(head(4), Batch(head(5), [entry(4)]))
    assert filled.head() == head(5)


# --- the records


def test_what_is_no_record_is_not_found(filled: Store) -> None:
    for index in (0, 4, -1, 2**40):
        with pytest.raises(NotFoundError):
            filled.record_at(index)


def test_the_records_of_a_loan_stand_by_sequence(filled: Store) -> None:
    assert [(item.sequence, item.index) for item in filled.loan_records(1, "A")] == [(0, 1), (1, 3)]
    assert filled.loan_records(1, "C") == filled.loan_records(2, "A") == []


def test_all_records_come_with_their_loans_by_index(filled: Store) -> None:
    batch = second()
    a, b = batch.loans
    assert list(filled.records()) == list(zip(batch.records, (a, b, a), strict=True))


def test_a_record_keeps_every_member(filled: Store) -> None:
    ours = loan("示范消贷字（2026）第000123号", 1)
    record = StoredRecord(
        4, 1, record_id(2**40), ours.number, 0, NOW, b"\x00\xff" * 16, b'{"a":"\xe4\xbd\xa0"}',
        '[{"protected":"e30","signature":"AA"}]', "repayment",
    )  # fmt: skip
    filled.commit(head(4), Batch(head(5), [entry(4)], [record], [ours]))
    assert filled.record_at(4) == record
    assert filled.loan_records(1, ours.number) == [record]


def test_a_lender_s_loans_come_in_the_order_in_which_they_began(filled: Store) -> None:
    other = add_lender(filled, "Example Bank", sha256(b"other").digest(), NOW)
    names = [f"{number % 7}-{number}" for number in range(2_100)]
    filled.commit(head(4), Batch(head(5), [entry(4)], [], [loan(name, 1, other.number) for name in names]))
    assert list(filled.loan_numbers(other.number)) == names
    assert list(filled.loan_numbers(1)) == ["A", "B"]
    assert list(filled.loan_numbers(99)) == []


# --- policies


def test_every_version_of_a_policy_is_kept_and_the_newest_is_in_force(store: Store, lender: Lender) -> None:
    other = add_lender(store, "Example Bank", sha256(b"other").digest(), NOW)
    assert store.policy_at(lender.number, NOW) is None
    first = store.set_policy(lender.number, "one", NOW, "a" * 16)
    assert first == PolicyVersion(1, "one", NOW, "a" * 16)
    second = store.set_policy(lender.number, "two", NOW + 5, "b" * 16)
    assert second == PolicyVersion(2, "two", NOW + 5, "b" * 16)
    moments = (NOW - 1, NOW, NOW + 4, NOW + 5, NOW + 99)
    assert [store.policy_at(lender.number, moment) for moment in moments] == [None, first, first, second, second]
    assert [store.policy(lender.number, version) for version in (1, 2)] == [first, second]
    assert store.lender(lender.number) == replace(lender, policy=2)
    # Another lender has none of it.
    assert store.lender(other.number) == other
    assert store.policy_at(other.number, NOW + 99) is None
    for missing in ((lender.number, 3), (other.number, 1)):
        with pytest.raises(NotFoundError):
            store.policy(*missing)


def test_the_same_policy_again_is_no_new_version(store: Store, lender: Lender) -> None:
    first = store.set_policy(lender.number, "one", NOW, "a" * 16)
    assert store.set_policy(lender.number, "one", NOW + 5, "b" * 16) == first
    store.set_policy(lender.number, "two", NOW + 6, "a" * 16)
    assert store.set_policy(lender.number, "one", NOW + 7, "a" * 16).version == 3


def test_a_clock_that_was_set_back_leaves_the_newest_policy_in_force(store: Store, lender: Lender) -> None:
    store.set_policy(lender.number, "one", NOW, "a" * 16)
    second = store.set_policy(lender.number, "two", NOW - 60_000, "a" * 16)
    assert second.set_at == NOW
    assert store.policy_at(lender.number, NOW) == second


def test_a_policy_of_a_lender_who_is_not_there_is_refused(store: Store, lender: Lender) -> None:
    with pytest.raises(CorruptLogError):
        store.set_policy(lender.number + 1, "one", NOW, "a" * 16)
    assert store.policy_at(lender.number + 1, NOW) is None


# --- lenders and keys


def test_lenders_are_numbered(store: Store) -> None:
    first = add_lender(store, "Same Name", API_KEY, NOW)
    other = add_lender(store, "Same Name", sha256(b"other").digest(), NOW)
    assert first.number != other.number
    assert [store.lender(item.number) for item in (first, other)] == [first, other]
    with pytest.raises(NotFoundError):
        store.lender(other.number + 1)


KEY = PartyKey("kid-1", "lender", '{"kty":"OKP"}', NOW, Validity(NOW + 1, NOW + 2))


def test_a_key_is_registered_once(store: Store, lender: Lender) -> None:
    assert store.add_key(lender.number, KEY) == (KEY, True)
    assert store.add_key(lender.number, KEY) == (KEY, False)
    for other in (replace(KEY, registered_at=NOW + 1, validity=Validity(NOW)), replace(KEY, party="borrower")):
        assert store.add_key(lender.number, other) == (KEY, False)
    assert store.party_keys(lender.number, ["kid-1"]) == {"kid-1": KEY}


def test_keys_are_found_by_lender_and_id(store: Store, lender: Lender) -> None:
    other = add_lender(store, "Example Bank", sha256(b"other").digest(), NOW)
    borrowers = replace(KEY, kid="kid-2", party="borrower", validity=Validity(NOW))
    theirs = replace(KEY, party="borrower")
    for number, key in ((lender.number, KEY), (lender.number, borrowers), (other.number, theirs)):
        assert store.add_key(number, key)[1]
    assert store.party_keys(lender.number, ["kid-2", "kid-3", "kid-1"]) == {"kid-1": KEY, "kid-2": borrowers}
    assert store.party_keys(other.number, ["kid-1", "kid-2"]) == {"kid-1": theirs}
    assert store.party_keys(other.number, []) == {}


def test_keys_are_listed_by_party_in_pages(store: Store, lender: Lender) -> None:
    other = add_lender(store, "Example Bank", sha256(b"other").digest(), NOW)
    keys = [replace(KEY, kid=f"kid-{n}", party="lender" if n % 2 else "borrower") for n in (4, 1, 3, 2, 5)]
    for key in keys:
        store.add_key(lender.number, key)
    store.add_key(other.number, KEY)

    def listed(party: str | None, after: str, limit: int) -> list[str]:
        return [key.kid for key in store.list_keys(lender.number, party, after, limit)]

    assert listed(None, "", 9) == ["kid-1", "kid-2", "kid-3", "kid-4", "kid-5"]
    assert listed(None, "", 2) == ["kid-1", "kid-2"]
    assert listed(None, "kid-2", 2) == ["kid-3", "kid-4"]
    assert listed("lender", "kid-1", 9) == ["kid-3", "kid-5"]
    assert listed("guarantor", "", 9) == []
    assert store.list_keys(other.number, None, "", 9) == [KEY]


def test_ids_come_in_the_order_of_their_bytes(store: Store, lender: Lender) -> None:
    kids = ["B", "Z-1", "_", "a", "a-1", "b", "é"]
    for kid in reversed(kids):
        store.add_key(lender.number, replace(KEY, kid=kid))
    assert [key.kid for key in store.list_keys(lender.number, None, "", 9)] == kids
    assert [key.kid for key in store.list_keys(lender.number, None, "Z-1", 9)] == kids[2:]


def test_another_key_ends_with_the_registration_of_a_new_one(store: Store, lender: Lender) -> None:
    open_ended = replace(KEY, validity=Validity(NOW))
    store.add_key(lender.number, open_ended)
    new = replace(KEY, kid="kid-2")
    assert store.add_key(lender.number, new, ("kid-1", NOW + 50)) == (new, True)

    def end() -> int | None:
        return store.party_keys(lender.number, ["kid-1"])["kid-1"].validity.valid_until

    assert end() == NOW + 50
    # The end may come nearer, and is never put off; a key that is another party's ends nothing.
    store.add_key(lender.number, new, ("kid-1", NOW + 60))
    assert end() == NOW + 50
    store.add_key(lender.number, replace(new, party="borrower"), ("kid-1", NOW + 30))
    assert end() == NOW + 50
    store.add_key(lender.number, new, ("kid-1", NOW + 40))
    assert end() == NOW + 40
    assert store.party_keys(lender.number, ["kid-2"]) == {"kid-2": new}


def test_a_revocation_moves_to_an_earlier_moment_only(store: Store, lender: Lender) -> None:
    store.add_key(lender.number, KEY)
    revoked = replace(KEY, validity=Validity(NOW + 1, NOW + 2, NOW + 100), revoked_at=NOW + 9)
    assert store.revoke_key(lender.number, "kid-1", NOW + 100, NOW + 9) == revoked
    for moment in (NOW + 100, NOW + 101):
        assert store.revoke_key(lender.number, "kid-1", moment, NOW + 10) == revoked
    earlier = replace(revoked, validity=Validity(NOW + 1, NOW + 2, NOW - 7), revoked_at=NOW + 11)
    assert store.revoke_key(lender.number, "kid-1", NOW - 7, NOW + 11) == earlier
    assert store.party_keys(lender.number, ["kid-1"]) == {"kid-1": earlier}
    # Registering it again does not bring it back.
    assert store.add_key(lender.number, KEY) == (earlier, False)


def test_only_what_is_there_is_revoked(store: Store, lender: Lender) -> None:
    other = add_lender(store, "Example Bank", sha256(b"other").digest(), NOW)
    store.add_key(other.number, KEY)
    store.add_root(other.number, ROOT)
    with pytest.raises(NotFoundError):
        store.revoke_key(lender.number, "kid-1", NOW, NOW)
    assert store.revoke_root(lender.number, ROOT.fingerprint, NOW, NOW) == []
    assert store.party_keys(other.number, ["kid-1"]) == {"kid-1": KEY}
    assert store.roots(other.number) == [ROOT]


ROOT = PartyRoot("ab" * 32, "lender", b"DER", "Sample Bank", Validity(NOW, NOW + 10))


def test_a_root_is_registered_once_for_an_organization(store: Store, lender: Lender) -> None:
    assert store.roots(lender.number) == []
    second = replace(ROOT, fingerprint="00" * 32, party="borrower", organization=None, validity=Validity(NOW + 1))
    for_others = replace(ROOT, party="borrower", organization=None, validity=Validity(NOW + 2))
    for root in (ROOT, second, for_others):
        assert store.add_root(lender.number, root) == (root, True)
    assert store.add_root(lender.number, replace(ROOT, party="guarantor")) == (ROOT, False)
    assert store.add_root(lender.number, replace(for_others, party="guarantor")) == (for_others, False)
    assert store.roots(lender.number) == [ROOT, second, for_others]
    assert store.roots(lender.number + 1) == []


def test_a_root_is_revoked_for_all_organizations(store: Store, lender: Lender) -> None:
    others = replace(ROOT, organization=None)
    second = replace(ROOT, fingerprint="00" * 32, validity=Validity(NOW + 1))
    for root in (ROOT, others, second):
        store.add_root(lender.number, root)
    told = {"validity": Validity(NOW, NOW + 10, NOW + 5), "revoked_at": NOW + 6}
    revoked = [replace(others, **told), replace(ROOT, **told)]
    assert store.revoke_root(lender.number, ROOT.fingerprint, NOW + 5, NOW + 6) == revoked
    assert store.revoke_root(lender.number, ROOT.fingerprint, NOW + 6, NOW + 7) == revoked
    assert store.roots(lender.number) == [*revoked, second]
    [earlier, _] = store.revoke_root(lender.number, ROOT.fingerprint, NOW - 1, NOW + 8)
    assert (earlier.validity.revoked_from, earlier.revoked_at) == (NOW - 1, NOW + 8)


# --- half-signed records


def draft(number: int, lender: int = 1, **changes: Any) -> Draft:
    made = Draft(lender, record_id(number), b'{"loan":"L-%d"}' % number, '[{"a":1}]', '{"a":"lender"}', NOW, NOW + 1000)
    return replace(made, **changes)


def test_a_batchs_id_stands_for_one_statement(store: Store, lender: Lender) -> None:
    other = add_lender(store, "Second Bank", sha256(b"another key").digest(), NOW)
    one, two = sha256(b"one").digest(), sha256(b"two").digest()
    assert [store.claim_batch(lender.number, record_id(1), digest) for digest in (one, one, two)] == [
        True,
        True,
        False,
    ]
    assert store.claim_batch(lender.number, record_id(2), two)
    assert store.claim_batch(other.number, record_id(1), two)
    assert store.claim_batch(lender.number, record_id(1), one)


def test_of_many_who_claim_a_batchs_id_at_once_one_does(open_store: Callable[[], Store]) -> None:
    lender = add_lender(open_store(), "示范银行", API_KEY, NOW)
    digests = [sha256(b"%d" % number).digest() for number in range(8)]
    outcomes: list[bool] = []

    def claim(digest: bytes) -> None:
        outcomes.append(open_store().claim_batch(lender.number, record_id(1), digest))

    threads = [threading.Thread(target=claim, args=(digest,)) for digest in digests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False] * 7 + [True]


def test_a_draft_is_kept_until_it_is_removed(store: Store, lender: Lender) -> None:
    assert store.draft(lender.number, record_id(1), NOW) is None
    assert store.add_draft(draft(1)) is True
    assert store.add_draft(draft(1, payload=b'{"loan":"other"}')) is False
    assert store.draft(lender.number, record_id(1), NOW) == draft(1)
    assert store.remove_draft(lender.number, record_id(2)) is False
    assert store.remove_draft(lender.number, record_id(1)) is True
    assert store.remove_draft(lender.number, record_id(1)) is False
    assert store.draft(lender.number, record_id(1), NOW) is None


def test_drafts_belong_to_one_lender(store: Store, lender: Lender) -> None:
    other = add_lender(store, "Example Bank", sha256(b"other").digest(), NOW)
    assert store.add_draft(draft(1))
    assert store.add_draft(draft(1, other.number, payload=b'{"loan":"theirs"}'))
    assert store.draft(other.number, record_id(1), NOW) == draft(1, other.number, payload=b'{"loan":"theirs"}')
    assert store.remove_draft(other.number, record_id(1))
    assert store.draft(lender.number, record_id(1), NOW) == draft(1)
    assert store.drafts(other.number, "", 9, NOW) == []


def test_a_draft_is_signed_as_it_was_seen_or_not_at_all(store: Store, lender: Lender) -> None:
    store.add_draft(draft(1))
    signed = draft(1, signatures='[{"b":2}]', signers='{"b":"borrower"}')
    assert store.sign_draft(draft(1), signed) is True
    for before in (draft(1), draft(2)):
        assert store.sign_draft(before, replace(before, signatures='[{"c":3}]')) is False
    assert store.draft(lender.number, record_id(1), NOW) == signed
    assert signed.signed == {"b": "borrower"}


def test_drafts_are_listed_in_pages(store: Store, lender: Lender) -> None:
    for number in (3, 1, 2):
        store.add_draft(draft(number))
    assert store.drafts(lender.number, "", 9, NOW) == [draft(1), draft(2), draft(3)]
    assert store.drafts(lender.number, "", 2, NOW) == [draft(1), draft(2)]
    assert store.drafts(lender.number, record_id(2), 9, NOW) == [draft(3)]


def test_a_draft_that_has_expired_is_not_there_and_makes_room(store: Store, lender: Lender) -> None:
    store.add_draft(draft(1))
    assert store.draft(lender.number, record_id(1), NOW + 999) == draft(1)
    assert store.draft(lender.number, record_id(1), NOW + 1000) is None
    assert store.drafts(lender.number, "", 9, NOW + 999) == [draft(1)]
    assert store.drafts(lender.number, "", 9, NOW + 1000) == []
    later = draft(1, payload=b'{"loan":"again"}', created_at=NOW + 1000, expires_at=NOW + 2000)
    assert store.add_draft(replace(later, created_at=NOW + 999)) is False
    assert store.add_draft(later) is True
    assert store.draft(lender.number, record_id(1), NOW + 1000) == later


def test_of_many_who_sign_a_draft_at_once_one_does(open_store: Callable[[], Store]) -> None:
    store = open_store()
    add_lender(store, "示范银行", API_KEY, NOW)
    store.add_draft(draft(1))
    signed: list[bool] = []

    def sign(number: int) -> None:
        mine = open_store()
        signed.append(mine.sign_draft(draft(1), draft(1, signatures=f'["{number}"]')))
        mine.close()

    threads = [threading.Thread(target=sign, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(signed) == [False] * 7 + [True]


# --- anchors


def test_an_anchor_keeps_every_member(store: Store) -> None:
    full = anchor_of(head(7))
    bare = replace(
        anchor_of(head(9)), state=AnchorState.PENDING, nonce=None, transaction_hash=None, block_number=None,
        block_hash=None, block_time=None, evidence=None,
    )  # fmt: skip
    for anchor in (full, bare):
        store.save_anchor(anchor)
    assert store.anchors() == [full, bare]
    assert store.anchors()[0].evidence == EVIDENCE


def test_saving_an_anchor_again_replaces_it(store: Store) -> None:
    anchor = anchor_of(
        head(7), state=AnchorState.SENT, evidence=None, block_number=None, block_hash=None, block_time=None
    )
    store.save_anchor(anchor)
    final = anchor_of(head(7), transaction_hash="0x" + "09" * 32)
    store.save_anchor(final)
    assert store.anchors() == [final]


def test_an_anchor_is_one_by_chain_registry_log_and_size(store: Store) -> None:
    anchor = anchor_of(head(7))
    others = [
        replace(anchor, chain_id=1),
        replace(anchor, registry="0x" + "00" * 20),
        replace(anchor, log_id="0x" + "00" * 32),
        replace(anchor, size=8),
    ]
    for item in (anchor, *others):
        store.save_anchor(item)
    assert len(store.anchors()) == 5


def test_anchors_are_given_by_state_smallest_size_first(store: Store) -> None:
    states = [AnchorState.FINAL, AnchorState.MINED, AnchorState.LOST, AnchorState.FINAL, AnchorState.PENDING]
    for size, state in zip((30, 5, 20, 1, 10), states, strict=True):
        store.save_anchor(anchor_of(head(size), state=state))
    assert [anchor.size for anchor in store.anchors()] == [1, 5, 10, 20, 30]
    assert [anchor.size for anchor in store.anchors(AnchorState.FINAL)] == [1, 30]
    assert [anchor.size for anchor in store.anchors(AnchorState.MINED, AnchorState.LOST)] == [5, 20]
    assert store.anchors(AnchorState.REORGED) == []


def test_the_anchor_over_an_entry_is_the_smallest_final_one_else_the_smallest_mined_one(store: Store) -> None:
    for size, state in {
        10: AnchorState.LOST, 20: AnchorState.MINED, 30: AnchorState.FINAL, 40: AnchorState.FINAL,
        50: AnchorState.MINED, 60: AnchorState.MINED, 70: AnchorState.SENT, 80: AnchorState.PENDING,
        90: AnchorState.REORGED, 100: AnchorState.REPLACED,
    }.items():  # fmt: skip
        store.save_anchor(anchor_of(head(size), state=state))
    over = {index: store.anchor_over(index) for index in (0, 19, 20, 29, 30, 39, 40, 49, 50, 59, 60, 99)}
    assert {index: anchor and anchor.size for index, anchor in over.items()} == {
        0: 30, 19: 30, 20: 30, 29: 30, 30: 40, 39: 40, 40: 50, 49: 50, 50: 60, 59: 60, 60: None, 99: None,
    }  # fmt: skip


# --- the audit


def test_what_an_audit_reads_of_an_empty_store(store: Store) -> None:
    assert list(store.numbered_entries(0, 10)) == []
    assert store.last_loan() == 0
    assert list(store.loan_histories(0, 10)) == []
    assert list(store.entries_without_record(0, 10)) == []


def test_entries_come_with_their_indexes(filled: Store) -> None:
    assert list(filled.numbered_entries(1, 3)) == [(1, entry(1)), (2, entry(2))]
    assert list(filled.numbered_entries(3, 9)) == [(3, entry(3))]


def test_loans_come_with_their_records_and_entries(filled: Store) -> None:
    batch = second()
    (a, b), (first, of_b, last) = batch.loans, batch.records
    histories = [
        LoanHistory("row 1 of loans", 1, a, [(first, entry(1)), (last, entry(3))]),
        LoanHistory("row 2 of loans", 1, b, [(of_b, entry(2))]),
    ]
    assert filled.last_loan() == 2
    assert list(filled.loan_histories(1, 3)) == histories
    assert list(filled.loan_histories(2, 3)) == histories[1:]
    assert list(filled.loan_histories(1, 2)) == histories[:1]
    assert list(filled.loan_histories(3, 9)) == []


def test_a_loan_without_records_is_there_all_the_same(filled: Store) -> None:
    lonely = loan("C")
    filled.commit(head(4), Batch(head(5), [entry(4)], [], [lonely]))
    assert list(filled.loan_histories(3, 4)) == [LoanHistory("row 3 of loans", 1, lonely, [])]


def test_entries_that_no_loan_has_a_record_for(filled: Store) -> None:
    filled.commit(head(4), Batch(head(6), [entry(4), entry(5)], [], []))
    assert list(filled.entries_without_record(0, 6)) == [0, 4, 5]
    assert list(filled.entries_without_record(1, 5)) == [4]


def test_keys_are_wrapped_anew_where_they_stand(filled: Store, open_store: Callable[[], Store]) -> None:
    # One organisation and two loans; the key that wraps here is the same before and after.
    assert filled.rewrap(DataKey(DATA_KEY).id) == 3
    assert filled.rewrap(bytes(8)) == 0
    assert open_store().loan_records(1, "A") == filled.loan_records(1, "A") != []
