# SPDX-License-Identifier: Apache-2.0
"""What an operator could do who holds the database and the log's key: logs that are signed, and wrong all the same."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import orjson
import pytest

from api.audits.auditing import Audit, Target
from notary.audit.anchors import AnchorsOutcome, ChainAnchor, RegistryHead, audit_chain
from notary.audit.anchors import AuditedLog as ChainedLog
from notary.audit.finding import Findings
from notary.audit.job import newest_size, plan_job
from notary.audit.sources import StoreSource, TiledSource, folder_fetch
from notary.audit.tree import audit_tiles
from notary.canonical import canonical_json
from notary.envelope import Envelope
from notary.hashing import leaf_hashes
from notary.log.entries import RecordEntry, commit, loan_tag
from notary.log.reader import Log
from notary.log.right_edge import RightEdge
from notary.log.sequencer import Sequencer
from notary.ports.log import Batch
from notary.ports.records import StoredRecord
from notary.receipts.report import Verdict
from notary.stores.sqlite import SqliteStore
from tests.support.audited import (
    AuditedLog,
    append,
    audited,
    export,
    grow,
    loan_records,
    make_bare_log,
    make_log,
    places,
    prepare,
)
from tests.support.builders import (
    CREATED,
    VAULT,
    NotaryKit,
    add_lender,
    head_of,
    kit_over,
    log_signer,
    record,
    record_id,
)


@pytest.fixture
def kit(tmp_path: Path) -> NotaryKit:
    prepare(tmp_path)
    return kit_over(SqliteStore.create(tmp_path / "notary.db", VAULT))


def audit(folder: Path) -> dict[str, str]:
    report = audited(Target("data", str(folder)), log_signer().verifier)
    return {item.place: item.text for item in report.findings.listed}


def test_a_record_that_claims_another_place_than_it_has(kit: NotaryKit, tmp_path: Path) -> None:
    first, *rest = loan_records("L-1", 4, 0)
    # That of no bytes at all, because there is no record before it.
    first |= {"previous": sha256(b"").hexdigest()}
    rest[0] |= {"sequence": 7, "previous": "00" * 32}
    rest[1] |= {"previous": "00" * 32}
    rest[2] |= {"previous": sha256(canonical_json(rest[1])).hexdigest()}
    made = [kit.registrar.submission(kit.lender, orjson.dumps(value), prove=False) for value in (first, *rest)]
    # The sequencer would enforce the claims; whoever writes the log himself leaves them out.
    kit.sequencer.append([item._replace(sequence=None, previous=None) for item in made])
    found = audit(tmp_path)
    assert found["entry 2"] == "says that it is number 7 of its loan, and is number 1"
    assert found["entry 1"] == found["entry 3"] == "says that it comes after another record than it does"
    assert set(found) == {"entry 1", "entry 2", "entry 3"}


def test_what_is_committed_to_must_be_canonical(kit: NotaryKit, tmp_path: Path) -> None:
    first, second, third = loan_records("L-1", 3, 0)
    made = [kit.registrar.submission(kit.lender, orjson.dumps(value), prove=False) for value in (first, second, third)]
    payloads = [
        made[0].payload,
        orjson.dumps(second, option=orjson.OPT_INDENT_2),
        canonical_json(third | {"reference": "Cafe\u0301"}),
    ]
    # Registration would refuse or rewrite them; whoever writes the log himself commits to what he likes.
    kit.sequencer.append(
        [
            item._replace(payload=payload, commitment=commit(item.nonce, Envelope(payload).encode()))
            for item, payload in zip(made, payloads, strict=True)
        ]
    )
    found = audit(tmp_path)
    assert "not in canonical form" in found["entry 2"]
    assert "normalisation form C" in found["entry 3"]
    assert "entry 1" not in found


@pytest.mark.parametrize(
    ("statement", "places", "text"),
    [
        ("UPDATE loans SET number = 'L-9'", {1, 2, 3}, "of loan L-1, stored as "),
        ("UPDATE records SET sequence = 5 WHERE entry_index = 3", {3}, "has not the tag of number 5 of loan L-1"),
        (
            "UPDATE records SET nonce = zeroblob(32) WHERE entry_index = 2",
            {2},
            f"does not commit to record {record_id(1)}",
        ),
    ],
)
def test_what_is_wrong_is_told(kit: NotaryKit, tmp_path: Path, statement: str, places: set[int], text: str) -> None:
    append(kit, map(orjson.dumps, loan_records("L-1", 3, 0)))
    AuditedLog(tmp_path, kit.signer.verifier).alter(statement)
    found = audit(tmp_path)
    assert {place for place in found if place.startswith("entry")} == {f"entry {index}" for index in places}
    assert all(text in found[f"entry {index}"] for index in places)


def test_records_in_another_order_than_their_numbers(kit: NotaryKit, tmp_path: Path) -> None:
    append(kit, map(orjson.dumps, loan_records("L-1", 3, 0)))
    store, signer = kit.store, kit.signer
    [history] = store.loan_histories(1, 2)
    loan = history.loan
    records = [item for item, _ in history.records if isinstance(item, StoredRecord)]
    assert loan is not None
    turned = [records[0], records[2]._replace(index=2), records[1]._replace(index=3)]
    [genesis] = store.entries(0, 1)
    sealed = [commit(item.nonce, item.envelope.encode()) for item in turned]
    entries = [
        RecordEntry(loan_tag(loan.key, item.sequence), value).encode()
        for item, value in zip(turned, sealed, strict=True)
    ]
    edge = RightEdge(0, [])
    edge.extend(leaf_hashes([genesis, *entries]))
    prepare(tmp_path / "other")
    other = SqliteStore.create(tmp_path / "other" / "notary.db", VAULT)
    add_lender(other, "Bank", b"key", 1)
    head = head_of(4, edge.root(), signer)
    other.commit(None, Batch(head, [genesis, *entries], turned, [loan], edge.take_changed_tiles(0)))
    assert audit(tmp_path / "other") == {"entry 2": "stands before an earlier record of loan L-1"}


def test_a_gap_is_told_by_its_number(tmp_path: Path) -> None:
    log = make_log(tmp_path / "data", 1, 20)
    log.alter("DELETE FROM records WHERE entry_index IN (6, 8)")
    assert audit(log.folder)["loan P-1 of lender 1"] in ("has no record 2", "has no record 3", "has no record 2 to 3")
    assert audit(log.folder)["entry 6"] == "has no record"


def test_a_signed_root_that_is_not_that_of_the_entries(tmp_path: Path) -> None:
    log = make_bare_log(tmp_path / "data", 300)
    export(log, tmp_path / "copy")
    (tmp_path / "copy" / "checkpoint").write_text(head_of(300, b"\1" * 32, log_signer()).checkpoint)
    report = audited(Target("copy", str(tmp_path / "copy")), log.verifier)
    assert places(report) == {"checkpoint"}
    assert report.root != b"\1" * 32


def test_entry_and_tile_changed_at_the_edge_leave_the_root_unexplained(tmp_path: Path) -> None:
    log = make_log(tmp_path / "data", 1, 20)
    log.alter(
        "UPDATE entries SET entry = zeroblob(65) WHERE entry_index = 20",
        "UPDATE tiles SET hashes = zeroblob(length(hashes)) WHERE level = 0",
    )
    assert {"entry 20", "tile 0/0", "checkpoint"} <= set(audit(log.folder))


def test_the_first_entry_of_another_log(tmp_path: Path) -> None:
    log = make_bare_log(tmp_path / "data", 3)
    outcome = audit_tiles(StoreSource(SqliteStore(log.database, VAULT)), "other.example/log", 3, range(1))
    assert [item.place for item in outcome.findings.listed] == ["entry 0"]


def test_a_log_that_shrinks_while_it_is_audited(tmp_path: Path) -> None:
    log = make_log(tmp_path / "data", 1, 20)
    export(log, tmp_path / "old")
    grow(log, 5)
    store = SqliteStore(log.database, VAULT)
    job = plan_job(StoreSource(store), store, log.verifier, 0, Findings())
    findings = Findings()
    assert newest_size(TiledSource(folder_fetch(tmp_path / "old")), log.verifier, job, findings) == job.size
    assert [(item.place, "is of size 22 now" in item.text) for item in findings.listed] == [("checkpoint", True)]


class Registry:
    """Implements `notary.audit.anchors.RegistryHistory` with what it is given, as a registry of other rules would."""

    def __init__(self, *anchors: ChainAnchor) -> None:
        self._anchors = anchors

    def head(self) -> RegistryHead:
        return RegistryHead("0x" + "11" * 20, self._anchors[-1].size, self._anchors[-1].time)

    def anchors(self) -> Sequence[ChainAnchor]:
        return self._anchors

    def holds(self, size: int, root: bytes, time: int) -> bool:
        return ChainAnchor(size, root, time, 0) in self._anchors


@pytest.mark.parametrize(
    ("sizes", "times"), [((100, 50, 300), (1, 2, 3)), ((50, 50, 300), (1, 2, 3)), ((50, 100, 300), (2, 1, 3))]
)
def test_anchors_that_do_not_grow(tmp_path: Path, sizes: tuple[int, ...], times: tuple[int, ...]) -> None:
    log = make_bare_log(tmp_path / "data", 300)
    store = SqliteStore(log.database, VAULT)
    anchors = [ChainAnchor(size, Log(store).root(size), time, 0) for size, time in zip(sizes, times, strict=True)]
    outcome = AnchorsOutcome(Findings(), [])
    audited_log = ChainedLog(StoreSource(store), 300, Log(store).root(300))
    assert audit_chain(Registry(*anchors), audited_log, lambda: 300, outcome)
    assert [item.text for item in outcome.findings.listed] == [f"comes after that of size {sizes[0]}"]
    assert (outcome.on_chain, outcome.unknown) == (3, [])


def test_a_loan_that_grows_while_it_is_audited_is_left_out_of_its_own_count(tmp_path: Path) -> None:
    log = make_log(tmp_path / "data", 1, 20)
    state = tmp_path / "state"
    target = Target("data", str(log.folder))

    class KilledError(Exception):
        pass

    def killed(_: int) -> None:
        raise KilledError

    with pytest.raises(KilledError):
        Audit(target, log.verifier, None, 1, state).run(lambda _: killed)
    more(log)
    report = Audit(target, log.verifier, None, 1, state).run(lambda _: lambda _: None)
    assert (report.verdict, report.job.size) == (Verdict.VALID, 22)


def more(log: AuditedLog) -> None:
    """Append a disbursement to a loan that is there."""
    store, signer = SqliteStore(log.database, VAULT), log_signer()
    kit = NotaryKit(store, store.lender(1), signer, Sequencer(store, signer, CREATED))
    append(kit, [orjson.dumps(record("disbursement", id=record_id(77_777), loan="P-1"))])
    store.close()
