# SPDX-License-Identifier: Apache-2.0
"""The sequencer on a real store: places, refusals, failures, and starting again."""

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from notary.canonical import canonical_json
from notary.errors import (
    CorruptLogError,
    DuplicateRecordError,
    ForkError,
    LogWentBackError,
    SequenceError,
    TransitionError,
    UnavailableError,
)
from notary.hashing import leaf_hash
from notary.log.anchors import LogHead
from notary.log.checkpoint import open_checkpoint
from notary.log.entries import GENESIS, RecordEntry, loan_tag
from notary.log.merkle import InclusionProof, verify_inclusion
from notary.log.sequencer import Sequencer
from notary.log.submission import Placed, Submission
from notary.log.tiles import Tile
from notary.ports.log import Batch
from notary.privacy.cipher import NONCE_SIZE
from notary.stores.sqlite import SqliteStore
from tests.support import reference_tree
from tests.support.builders import (
    CREATED,
    ORIGIN,
    VAULT,
    NotaryKit,
    add_lender,
    head_of,
    history,
    in_batches,
    kit_over,
    log_signer,
    placed,
    record_id,
    submission,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "notary.db"


@pytest.fixture
def kit(path: Path) -> Iterator[NotaryKit]:
    kit = kit_over(SqliteStore.create(path, VAULT))
    yield kit
    kit.store.close()


def head(kit: NotaryKit) -> LogHead:
    found = kit.store.head()
    assert found is not None
    return found


def entries(kit: NotaryKit) -> list[bytes]:
    return list(kit.store.entries(0, 10**9))


def check_proof(kit: NotaryKit, item: Submission, place: Placed) -> None:
    """The answer alone shows that the record is in the log."""
    checkpoint = open_checkpoint(place.checkpoint, kit.signer.verifier)
    leaf = leaf_hash(RecordEntry(place.tag, item.commitment).encode())
    verify_inclusion(InclusionProof(place.index, checkpoint.size, place.proof), leaf, checkpoint.root)


def check_log(kit: NotaryKit) -> None:
    """The whole log hashes to its checkpoint, and its records open its entries."""
    stored = entries(kit)
    found = head(kit)
    signed = open_checkpoint(found.checkpoint, kit.signer.verifier)
    assert (signed.size, signed.root) == (found.size, found.root) == (len(stored), reference_tree.mth(stored))
    records = list(kit.store.records())
    assert [record.index for record, _ in records] == list(range(1, len(stored)))
    for record, loan in records:
        tag = loan_tag(loan.key, record.sequence)
        assert stored[record.index][1:33] == tag


# --- beginning


def test_a_new_log_holds_its_genesis_entry(kit: NotaryKit) -> None:
    assert entries(kit) == [
        GENESIS + canonical_json({"created": CREATED, "format": "loan-notary/1", "origin": ORIGIN}),
    ]
    check_log(kit)


def test_a_log_is_begun_only_once(kit: NotaryKit) -> None:
    before = head(kit)
    Sequencer(kit.store, kit.signer, "2027-01-01T00:00:00.000Z")
    assert head(kit) == before
    assert len(entries(kit)) == 1


# --- places


def test_a_record_gets_the_next_place_and_a_proof(kit: NotaryKit) -> None:
    (item,) = history("L-1", 1)
    (place,) = placed(kit.sequencer.append([item]))
    assert (place.index, place.sequence, place.fresh) == (1, 0, True)
    assert place.checkpoint == head(kit).checkpoint
    check_proof(kit, item, place)
    stored = kit.store.record_at(1)
    assert (stored.payload, stored.signatures, stored.nonce) == (item.payload, item.signatures, item.nonce)
    assert (stored.lender, stored.record_id, stored.loan) == (1, item.record_id, "L-1")
    assert (stored.received_at, stored.sequence) == (item.received_at, 0)


def test_no_proof_is_made_that_nobody_wants(kit: NotaryKit) -> None:
    (place,) = placed(kit.sequencer.append([history("L-1", 1)[0]._replace(prove=False)]))
    assert (place.index, place.tag, place.proof) == (1, b"", ())


def test_what_a_commit_seals_has_a_nonce_each(kit: NotaryKit, path: Path) -> None:
    items = [*history("L-1", 30), *history("L-2", 30, first=30)]
    for batch in (items[:40], items[40:]):
        placed(kit.sequencer.append(batch))
    with sqlite3.connect(path) as database:
        sealed = [row[0] for row in database.execute("SELECT sealed FROM records UNION ALL SELECT sealed FROM loans")]
    assert len({item[:NONCE_SIZE] for item in sealed}) == len(sealed) == 62


def test_nothing_to_append_changes_nothing(kit: NotaryKit) -> None:
    before = head(kit)
    assert kit.sequencer.append([]) == []
    assert head(kit) == before


@pytest.mark.parametrize("batches", [[], [1], [1, 1, 1, 1], [10], [254, 1, 1], [255, 1], [256], [500, 30]])
def test_batches_of_any_size_are_placed_and_proved(kit: NotaryKit, batches: list[int]) -> None:
    items = [item for number in range(20) for item in history(f"L-{number}", 30, first=30 * number)]
    index = 1
    for batch in in_batches(items, batches):
        for item, place in zip(batch, placed(kit.sequencer.append(batch)), strict=True):
            assert place.index == index
            assert place.sequence == (index - 1) % 30
            check_proof(kit, item, place)
            index += 1
    assert index == 601
    check_log(kit)


def test_each_loan_is_numbered_without_gaps_whatever_comes_between(kit: NotaryKit) -> None:
    loans = {name: iter(history(name, 10, first=100 * number)) for number, name in enumerate("ABC")}
    order = "ABCAABBBCACBACBCAABCABCCBACBAC"
    answers = []
    for part in (order[:7], order[7:8], order[8:25], order[25:]):
        answers += placed(kit.sequencer.append([next(loans[name]) for name in part]))
    for name in "ABC":
        mine = [place for place, letter in zip(answers, order, strict=True) if letter == name]
        assert [place.sequence for place in mine] == list(range(10))
        assert [record.index for record in kit.store.loan_records(1, name)] == [place.index for place in mine]
        loan = kit.store.find_loans([(1, name)])[1, name]
        last = kit.store.loan_records(1, name)[-1]
        assert (loan.records, loan.last_digest) == (10, sha256(last.payload).digest())
    check_log(kit)


def test_loans_of_one_number_are_separate_for_each_lender(kit: NotaryKit) -> None:
    other = add_lender(kit.store, "Example Bank", sha256(b"other").digest(), 0)
    mine, theirs = history("L-1", 2), history("L-1", 2, lender=other.number)
    answers = placed(kit.sequencer.append([mine[0], theirs[0], theirs[1], mine[1]]))
    assert [(place.index, place.sequence) for place in answers] == [(1, 0), (2, 0), (3, 1), (4, 1)]
    keys = {loan.key for loan in kit.store.find_loans([(1, "L-1"), (other.number, "L-1")]).values()}
    assert len(keys) == 2


# --- duplicates


def test_the_same_bytes_again_get_the_first_place(kit: NotaryKit) -> None:
    first, second = history("L-1", 2)
    again = second._replace(nonce=b"\x01" * 32, commitment=b"\x02" * 32, received_at=5)
    one, two, three = placed(kit.sequencer.append([first, second, again]))
    assert (two.fresh, three.fresh) == (True, False)
    assert (three.index, three.sequence) == (two.index, two.sequence) == (2, 1)
    size = head(kit).size
    four, five = placed(kit.sequencer.append([first, again]))
    assert [(place.index, place.sequence, place.fresh) for place in (four, five)] == [(1, 0, False), (2, 1, False)]
    assert (four.proof, four.tag, four.checkpoint) == ((), b"", head(kit).checkpoint)
    assert head(kit).size == size == 3
    assert kit.store.record_at(2).nonce == second.nonce
    assert one.fresh
    check_log(kit)


def test_a_duplicate_is_covered_by_the_checkpoint_that_it_is_answered_with(kit: NotaryKit) -> None:
    items = history("L-1", 3)
    kit.sequencer.append(items[:2])
    duplicate, fresh = placed(kit.sequencer.append([items[0], items[2]]))
    assert duplicate.checkpoint == fresh.checkpoint == head(kit).checkpoint


@pytest.mark.parametrize(
    "change", [{"payload": b'{"other":1}'}, {"signatures": '[{"protected":"e30","signature":"AA"}]'}]
)
def test_other_bytes_under_a_known_id_are_refused(kit: NotaryKit, change: dict[str, object]) -> None:
    first, second = history("L-1", 2)
    kit.sequencer.append([first])
    before = head(kit)
    (answer,) = kit.sequencer.append([first._replace(**change)])  # type: ignore[arg-type]
    assert isinstance(answer, DuplicateRecordError)
    assert (answer.record_id, answer.index) == (record_id(0), 1)
    assert head(kit) == before
    place, refused = kit.sequencer.append([second, second._replace(**change)])  # type: ignore[arg-type]
    assert isinstance(place, Placed)
    assert isinstance(refused, DuplicateRecordError)
    assert refused.index == place.index == 2
    check_log(kit)


# --- order


def test_a_claimed_place_is_taken_when_it_is_the_next_one(kit: NotaryKit) -> None:
    first, second, third = history("L-1", 3)
    claims = [
        first._replace(sequence=0),
        second._replace(sequence=1, previous=first.payload_digest),
        third._replace(previous=second.payload_digest),
    ]
    assert [place.sequence for place in placed(kit.sequencer.append(claims))] == [0, 1, 2]


@pytest.mark.parametrize(
    ("claim", "pointer", "given", "wanted"),
    [
        ({"sequence": 0}, "/sequence", 0, 2),
        ({"sequence": 1}, "/sequence", 1, 2),
        ({"sequence": 3}, "/sequence", 3, 2),
        ({"sequence": 2**53 - 1}, "/sequence", 2**53 - 1, 2),
        ({"sequence": 2, "previous": b"\x00" * 32}, "/previous", "00" * 32, None),
        ({"previous": b"\x00" * 32}, "/previous", "00" * 32, None),
    ],
)
def test_a_claimed_place_that_is_not_the_next_is_refused(
    kit: NotaryKit, claim: dict[str, object], pointer: str, given: object, wanted: object
) -> None:
    first, second, third = history("L-1", 3)
    kit.sequencer.append([first, second])
    before = head(kit)
    (answer,) = kit.sequencer.append([third._replace(**claim)])  # type: ignore[arg-type]
    assert isinstance(answer, SequenceError)
    assert (answer.pointer, answer.given, answer.wanted) == (pointer, given, wanted or second.payload_digest.hex())
    assert head(kit) == before


def test_nothing_comes_before_the_first_record(kit: NotaryKit) -> None:
    (answer,) = kit.sequencer.append([history("L-1", 1)[0]._replace(previous=b"\x00" * 32)])
    assert isinstance(answer, SequenceError)
    assert (answer.pointer, answer.wanted) == ("/previous", "none")


def test_the_claim_of_a_record_behind_a_refused_one_is_refused_too(kit: NotaryKit) -> None:
    first, second, third = history("L-1", 3)
    answers = kit.sequencer.append([first, second._replace(sequence=5), third._replace(sequence=2)])
    assert [type(answer) for answer in answers] == [Placed, SequenceError, SequenceError]
    check_log(kit)


@pytest.mark.parametrize("kind", ["repayment", "disbursement", "settlement"])
def test_a_loan_begins_with_its_agreement(kit: NotaryKit, kind: str) -> None:
    (answer,) = kit.sequencer.append([submission(1, "L-1", kind)])
    assert isinstance(answer, TransitionError)
    assert (answer.record_type, answer.state, answer.wanted[0]) == (kind, "draft", "agreed")


def test_a_later_record_of_a_batch_sees_the_state_that_an_earlier_one_leaves(kit: NotaryKit) -> None:
    kinds = ["agreement", "agreement", "disbursement", "repayment", "settlement", "repayment"]
    answers = kit.sequencer.append([submission(number, "L-1", kind) for number, kind in enumerate(kinds)])
    assert [type(answer) for answer in answers] == [Placed, TransitionError, Placed, Placed, Placed, TransitionError]
    assert kit.store.find_loans([(1, "L-1")])[1, "L-1"].state == "settled"


def test_refused_records_leave_nothing_behind(kit: NotaryKit) -> None:
    good = history("L-1", 2)
    bad = [submission(10, "L-2", "repayment"), submission(11, "L-3", "agreement")._replace(sequence=7)]
    answers = kit.sequencer.append([good[0], *bad, good[1]])
    assert [isinstance(answer, Placed) for answer in answers] == [True, False, False, True]
    assert len(entries(kit)) == 3
    assert kit.store.find_loans([(1, "L-2"), (1, "L-3")]) == {}
    assert kit.store.find_records([(1, record_id(10)), (1, record_id(11))]) == {}
    check_log(kit)
    again = kit.sequencer.append([submission(10, "L-2", "agreement")])
    assert isinstance(again[0], Placed)


# --- failures


def test_another_writer_makes_the_append_fail_and_the_next_one_go_on_from_there(kit: NotaryKit, path: Path) -> None:
    other_store = SqliteStore(path, VAULT)
    other = Sequencer(other_store, kit.signer, CREATED)
    mine, theirs = history("L-1", 2), history("L-2", 300, first=1000)
    placed(kit.sequencer.append(mine[:1]))
    # The other writer still has the old head in mind: an error, not a fork.
    with pytest.raises(ForkError):
        other.append(theirs)
    assert len(entries(kit)) == 2
    assert [place.index for place in placed(other.append(theirs))] == list(range(2, 302))
    with pytest.raises(ForkError):
        kit.sequencer.append(mine)
    (duplicate, place) = placed(kit.sequencer.append(mine))
    assert (duplicate.fresh, place.index, place.sequence) == (False, 302, 1)
    check_proof(kit, mine[1], place)
    check_log(kit)
    other_store.close()


class Shared(SqliteStore):
    """A store that several writers share by turns, as far as one thread can show it."""

    def turn(self, known: LogHead | None) -> AbstractContextManager[LogHead | None]:  # noqa: ARG002 - of the port
        return nullcontext(self.head())


def test_sequencers_that_take_turns_go_on_from_one_another(path: Path) -> None:
    kit = kit_over(SqliteStore.create(path, VAULT))
    stores = [Shared(path, VAULT) for _ in range(2)]
    one, two = (Sequencer(store, kit.signer, CREATED) for store in stores)
    items, others = history("L-1", 600), history("L-2", 300, first=1000)
    assert [place.index for place in placed(one.append(items[:1]))] == [1]
    # Across the end of a tile, so that what one has seen last stands in a full tile and in a partial one of the other.
    assert [place.index for place in placed(two.append(others))] == list(range(2, 302))
    (known, fresh) = placed(one.append([others[7], items[1]]))
    assert (known.fresh, known.index, fresh.fresh, fresh.index, fresh.sequence) == (False, 9, True, 302, 1)
    check_proof(kit, items[1], fresh)
    assert placed(two.append([])) == []
    (place, *_) = placed(two.append(items[2:]))
    assert (place.index, place.sequence) == (303, 2)
    check_proof(kit, items[2], place)
    check_log(kit)
    for store in (*stores, kit.store):
        store.close()


class Committing(Shared):
    """Counts its commits."""

    commits = 0

    def commit(self, expected: LogHead | None, batch: Batch) -> None:
        self.commits += 1
        super().commit(expected, batch)


def test_what_is_known_is_vouched_for_once_this_sequencer_has_committed_it(path: Path) -> None:
    first = kit_over(Shared.create(path, VAULT))
    store = Committing(path, VAULT)
    second = Sequencer(store, log_signer(), CREATED)
    for start in (0, 10):
        batch = history(f"L-{start}", 2, first=start)
        placed(first.sequencer.append(batch))
        before, commits = head(first), store.commits
        assert second.append([]) == []
        assert store.commits == commits
        for _ in range(2):
            assert [place.fresh for place in placed(second.append(batch))] == [False, False]
        assert store.commits == commits + 1
        assert head(first) == before


class Counted(Shared):
    """One that keeps which tiles were asked for."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, VAULT)
        self.asked: list[Tile] = []

    def read_tiles(self, tiles: Sequence[Tile]) -> list[bytes]:
        self.asked += tiles
        return super().read_tiles(tiles)


def test_what_others_appended_is_put_onto_the_known_edge_and_only_much_of_it_is_loaded(path: Path) -> None:
    kit = kit_over(SqliteStore.create(path, VAULT))
    store = Counted(path)
    sequencer = Sequencer(store, kit.signer, CREATED)
    placed(kit.sequencer.append(history("L-1", 299)))
    store.asked.clear()
    placed(sequencer.append([]))
    assert store.asked == [Tile(0, 0), Tile(0, 1)]
    for start in range(0, 4200, 600):
        placed(kit.sequencer.append(history(f"L-{start}", 600, first=1000 + start)))
    store.asked.clear()
    (place,) = placed(sequencer.append(history("L-9", 1, first=9000)))
    # All in one go: the edge is loaded, and held against the one before.
    assert store.asked == [Tile(0, 17), Tile(1, 0), Tile(0, 1), Tile(1, 0)]
    assert place.index == 4500
    check_log(kit)
    for item in (store, kit.store):
        item.close()


def test_a_head_that_another_key_signed_is_not_gone_on_from(path: Path) -> None:
    kit = kit_over(SqliteStore.create(path, VAULT))
    store = Counted(path)
    sequencer = Sequencer(store, kit.signer, CREATED)
    placed(kit.sequencer.append(history("L-1", 3)))
    right = head(kit)
    with closing(sqlite3.connect(path)) as connection, connection:
        strange = head_of(right.size, right.root, log_signer(seed="another"))
        connection.execute("UPDATE head SET checkpoint = ?", (strange.checkpoint,))
    for _ in range(2):
        with pytest.raises(CorruptLogError, match="not one of this log's key"):
            sequencer.append(history("L-2", 1, first=9))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE head SET checkpoint = ?", (right.checkpoint,))
    store.asked.clear()
    assert [place.index for place in placed(sequencer.append(history("L-2", 1, first=9)))] == [4]
    # What came of following is not relied on: the edge is loaded, and held against the one before.
    assert store.asked == [Tile(0, 0), Tile(0, 0)]
    check_log(kit)
    store.close()
    kit.store.close()


def test_what_came_in_before_the_turn_is_placed_with_the_rest_and_answered_behind_it(path: Path) -> None:
    kit = kit_over(SqliteStore.create(path, VAULT))
    store = Shared(path, VAULT)
    sequencer = Sequencer(store, kit.signer, CREATED)
    first, second, third = history("L-1", 3)
    placed(kit.sequencer.append([first]))
    places = placed(sequencer.append([second], lambda: [third, second]))
    assert [(place.index, place.sequence, place.fresh) for place in places] == [
        (2, 1, True),
        (3, 2, True),
        (2, 1, False),
    ]
    assert len({place.checkpoint for place in places}) == 1
    check_log(kit)
    store.close()
    kit.store.close()


@pytest.mark.parametrize("again", [0, 2, 5, 400])
def test_a_log_that_went_back_is_never_signed_again(path: Path, tmp_path: Path, again: int) -> None:
    """An older copy takes the place of the database, and others append to it before we do."""
    kit = kit_over(SqliteStore.create(path, VAULT))
    placed(kit.sequencer.append(history("L-1", 250)))
    kit.store.close()
    copy = tmp_path / "older.db"
    shutil.copy(path, copy)
    store = Shared(path, VAULT)
    sequencer = Sequencer(store, kit.signer, CREATED)
    placed(sequencer.append(history("L-2", 5, first=1000)))
    store.close()
    shutil.copy(copy, path)
    other = Sequencer(SqliteStore(path, VAULT), kit.signer, CREATED)
    placed(other.append(history("L-3", again, first=2000)))
    before = head(kit)
    for _ in range(2):
        with pytest.raises(LogWentBackError, match="does not extend the 256 seen before"):
            sequencer.append(history("L-4", 1, first=9000))
    assert head(kit) == before


def test_a_full_disk_leaves_nothing_of_the_batch(kit: NotaryKit) -> None:
    # The pages may not grow: SQLite reports a full disk at the commit.
    items = history("L-1", 400)
    placed(kit.sequencer.append(items[:1]))
    before = head(kit)
    store = kit.store
    assert isinstance(store, SqliteStore)
    (pages,) = store._connection().execute("PRAGMA page_count").fetchone()
    store._connection().execute(f"PRAGMA max_page_count = {pages + 1}")
    for _ in range(2):
        with pytest.raises(UnavailableError, match="full"):
            kit.sequencer.append(items[1:])
        assert head(kit) == before
        assert len(entries(kit)) == 2
    store._connection().execute("PRAGMA max_page_count = 1000000")
    assert [place.index for place in placed(kit.sequencer.append(items[1:]))] == list(range(2, 401))
    check_log(kit)


def test_a_store_that_cannot_even_be_read_after_the_failure_leaves_a_usable_sequencer(
    kit: NotaryKit, path: Path
) -> None:
    items = history("L-1", 300)
    placed(kit.sequencer.append(items[:1]))
    before = head(kit)
    kit.store.close()
    # Without its tables the database answers nothing: not the commit, and not the loading of the head after it.
    with sqlite3.connect(path) as plain:
        plain.execute("ALTER TABLE head RENAME TO hidden")
    for _ in range(3):
        with pytest.raises(UnavailableError):
            kit.sequencer.append(items[1:])
    with sqlite3.connect(path) as plain:
        plain.execute("ALTER TABLE hidden RENAME TO head")
    plain.close()
    assert head(kit) == before
    assert [place.index for place in placed(kit.sequencer.append(items[1:]))] == list(range(2, 301))
    check_log(kit)


# --- starting again


@pytest.mark.parametrize("records", [0, 1, 254, 255, 256, 511, 600])
def test_starting_again_finds_the_same_head_and_goes_on(kit: NotaryKit, path: Path, records: int) -> None:
    items = history("L-1", 700)
    placed(kit.sequencer.append(items[:records]))
    before = head(kit)
    kit.store.close()
    store = SqliteStore.create(path, VAULT)
    again = replace(kit, store=store, sequencer=Sequencer(store, log_signer(), CREATED))
    assert head(again) == before
    for item, place in zip(items[records:], placed(again.sequencer.append(items[records:])), strict=True):
        check_proof(again, item, place)
    check_log(again)
    store.close()


def tamper(path: Path, statement: str, *values: object) -> None:
    with sqlite3.connect(path) as plain:
        assert plain.execute(statement, values).rowcount == 1
    plain.close()


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        pytest.param(
            "UPDATE tiles SET hashes = zeroblob(length(hashes)) WHERE level = 0 AND tile_number = 1", (), id="zeros"
        ),
        pytest.param(
            "UPDATE tiles SET hashes = substr(hashes, 1, 32) WHERE level = 0 AND tile_number = 1", (), id="short"
        ),
        pytest.param(
            "UPDATE tiles SET hashes = zeroblob(32) WHERE level = 1 AND tile_number = 0", (), id="upper level"
        ),
        pytest.param("DELETE FROM tiles WHERE level = 0 AND tile_number = 1", (), id="missing"),
        pytest.param("UPDATE head SET size = size - 1", (), id="another size"),
        pytest.param("UPDATE head SET root = zeroblob(32)", (), id="another root"),
        pytest.param("UPDATE head SET checkpoint = ?", ("nonsense",), id="no checkpoint"),
        pytest.param(
            "UPDATE head SET checkpoint = replace(checkpoint, '301', '300')", (), id="a checkpoint not signed"
        ),
    ],
)
def test_a_damaged_store_is_never_signed_over(
    kit: NotaryKit, path: Path, statement: str, values: tuple[object, ...]
) -> None:
    placed(kit.sequencer.append(history("L-1", 300)))
    assert head(kit).size == 301
    kit.store.close()
    tamper(path, statement, *values)
    store = SqliteStore(path, VAULT)
    with pytest.raises(CorruptLogError):
        Sequencer(store, kit.signer, CREATED)
    store.close()


def test_another_key_does_not_go_on_with_the_log(kit: NotaryKit) -> None:
    for signer in (log_signer(seed="another"), log_signer("another.example/log")):
        with pytest.raises(CorruptLogError, match="not one of this log's key"):
            Sequencer(kit.store, signer, CREATED)


def test_a_log_that_grew_behind_the_sequencer_is_not_signed_over(kit: NotaryKit) -> None:
    current = head(kit)
    kit.store.commit(current, Batch(replace(current, size=2), [b"\x01" + bytes(64)]))
    with pytest.raises(ForkError):
        kit.sequencer.append(history("L-1", 1))
    with pytest.raises(CorruptLogError):
        kit.sequencer.append(history("L-1", 1))
    assert head(kit).checkpoint == current.checkpoint
