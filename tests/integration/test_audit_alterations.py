# SPDX-License-Identifier: Apache-2.0
"""A full audit of a real database after each thing that somebody could do to it: exactly what was altered is named."""

from pathlib import Path
from typing import NamedTuple

import pytest

from api.settings import DataFolder
from notary.receipts.report import Verdict
from tests.support.audited import PLAIN, SIGNED, AuditedLog, make_log, places
from tests.support.builders import NOW

SIZE = 1 + SIGNED + PLAIN
LAST = SIZE - 1
PARTIAL = SIZE // 256
"""The last tile of level 0."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> AuditedLog:
    return make_log(tmp_path_factory.mktemp("audited") / "data")


@pytest.fixture
def log(whole: AuditedLog, tmp_path: Path) -> AuditedLog:
    return whole.copy(tmp_path / "data")


def test_a_log_that_nobody_touched_is_clean(log: AuditedLog) -> None:
    report = log.audit()
    assert (report.verdict, report.findings.count, report.unknown) == (Verdict.VALID, 0, ())
    members = report.members()
    assert (members["entries"], members["records"]["records"], members["records"]["loans"]) == (SIZE, SIZE - 1, 3)
    assert members["records"]["signatures"] == 2 * SIGNED
    assert members["records"]["assurance"] == {"co-signed": SIGNED, "received": PLAIN}


class Alteration(NamedTuple):
    """What somebody does to the database, and all places that the audit must name, no more and no fewer."""

    statements: tuple[str, ...]
    places: set[str]


def entries(*indexes: int) -> set[str]:
    return {f"entry {index}" for index in indexes}


def flipped(table: str, column: str, where: str, at: int = -1) -> str:
    """Return the statement that changes one byte of a value, the last one or that at an offset."""
    start = f"length({column})" if at < 0 else str(at + 1)
    byte = f"CASE WHEN hex(substr({column}, {start}, 1)) = '00' THEN x'01' ELSE x'00' END"
    parts = f"substr({column}, 1, {start} - 1) || {byte} || substr({column}, {start} + 1)"
    return f"UPDATE {table} SET {column} = CAST({parts} AS BLOB) WHERE {where}"


def moved(table: str, first: int, second: int) -> tuple[str, ...]:
    """Return the statements that exchange the indexes of two rows."""
    return (
        f"UPDATE {table} SET entry_index = -1 WHERE entry_index = {first}",
        f"UPDATE {table} SET entry_index = {first} WHERE entry_index = {second}",
        f"UPDATE {table} SET entry_index = {second} WHERE entry_index = -1",
    )


IN_SIGNED, IN_PLAIN = 7, 101
SECOND = "(SELECT loan_id FROM loans WHERE number = 'P-2')"
WITHOUT_BORROWER = "json_array(json_extract(signatures, '$[0]'))"
ALTERATIONS = {
    "an entry's tag": Alteration((flipped("entries", "entry", "entry_index = 101", 5),), entries(101)),
    "an entry's commitment": Alteration((flipped("entries", "entry", "entry_index = 101"),), entries(101)),
    "an entry's kind": Alteration((flipped("entries", "entry", "entry_index = 101", 0),), entries(101)),
    "an entry of the partial tile": Alteration((flipped("entries", "entry", f"entry_index = {LAST}"),), entries(LAST)),
    "an entry that is too long": Alteration(
        ("UPDATE entries SET entry = CAST(entry || x'00' AS BLOB) WHERE entry_index = 101",), entries(101)
    ),
    "the genesis entry": Alteration((flipped("entries", "entry", "entry_index = 0"),), entries(0)),
    "two entries changed": Alteration(
        tuple(flipped("entries", "entry", f"entry_index = {i}") for i in (101, 400)), entries(101, 400)
    ),
    "two entries exchanged": Alteration(moved("entries", 101, 301), entries(101, 301)),
    "an entry written over another": Alteration(
        ("UPDATE entries SET entry = (SELECT entry FROM entries WHERE entry_index = 301) WHERE entry_index = 101",),
        entries(101),
    ),
    "an entry gone": Alteration(("DELETE FROM entries WHERE entry_index = 101",), entries(101)),
    "the last entry and its record gone": Alteration(
        (f"DELETE FROM records WHERE entry_index = {LAST}", f"DELETE FROM entries WHERE entry_index = {LAST}"),
        entries(LAST) | {"loan P-2 of lender 1"},
    ),
    "a record gone": Alteration(
        ("DELETE FROM records WHERE entry_index = 101",), entries(101) | {"loan P-1 of lender 1"}
    ),
    "all records of a loan gone": Alteration(
        (f"DELETE FROM records WHERE entry_index <= {SIGNED}",),
        entries(*range(1, SIGNED + 1)) | {"loan S-1 of lender 1"},
    ),
    "a record and its count gone": Alteration(
        (f"DELETE FROM records WHERE entry_index = {LAST}",
         "UPDATE loans SET records = records - 1 WHERE number = 'P-2'"),
        entries(LAST) | {"loan P-2 of lender 1"},
    ),
    "two records exchanged": Alteration(moved("records", 101, 301), entries(101, 301)),
    "two payloads exchanged": Alteration(
        (
            "UPDATE records SET payload = other.payload FROM (SELECT entry_index AS i, payload FROM records) other"
            " WHERE i = 402 - entry_index AND entry_index IN (101, 301)",
        ),
        entries(101, 301),
    ),
    "two sequences exchanged": Alteration(
        (
            "UPDATE records SET sequence = -1 WHERE entry_index = 101",
            "UPDATE records SET sequence = (SELECT sequence FROM records WHERE entry_index = 103) - 1"
            " WHERE entry_index = 103",
            "UPDATE records SET sequence = (SELECT sequence + 1 FROM records WHERE entry_index = 103)"
            " WHERE entry_index = 101",
        ),
        entries(101, 103),
    ),
    "a record moved to another loan": Alteration(
        (f"UPDATE records SET sequence = 1000, loan_id = {SECOND} WHERE entry_index = 101",),
        entries(101) | {"loan P-1 of lender 1", "loan P-2 of lender 1"},
    ),
    "a nonce": Alteration((flipped("records", "nonce", "entry_index = 101"),), entries(101)),
    "an amount": Alteration(
        ("UPDATE records SET payload = CAST(replace(payload, '890.99', '990.99') AS BLOB) WHERE entry_index = 101",),
        entries(101),
    ),
    "a payload that is no JSON": Alteration((flipped("records", "payload", "entry_index = 101", 0),), entries(101)),
    "a record's id": Alteration((flipped("records", "record_id", "entry_index = 101"),), entries(101)),
    "a record's lender": Alteration(("UPDATE records SET lender = 2 WHERE entry_index = 101",), entries(101)),
    "a signature": Alteration(
        ("UPDATE records SET signatures = replace(signatures, '\"signature\":\"', '\"signature\":\"A')"
         " WHERE entry_index = 7",),
        entries(7),
    ),
    "a signature gone": Alteration(
        (f"UPDATE records SET signatures = {WITHOUT_BORROWER} WHERE entry_index = 7",), entries(7)
    ),
    "all signatures gone": Alteration(("UPDATE records SET signatures = '[]' WHERE entry_index = 7",), entries(7)),
    "a key gone": Alteration(
        ("DELETE FROM party_keys WHERE party = 'borrower'",), entries(*range(1, SIGNED + 1))
    ),
    "a key exchanged": Alteration(
        ("UPDATE party_keys SET jwk = (SELECT jwk FROM party_keys WHERE party = 'lender') WHERE party = 'borrower'",),
        entries(*range(1, SIGNED + 1)),
    ),
    "a loan's key": Alteration((flipped("loans", "key", "number = 'S-1'"),), entries(*range(1, SIGNED + 1))),
    "a loan that counts more": Alteration(
        ("UPDATE loans SET records = records + 1 WHERE number = 'P-2'",), {"loan P-2 of lender 1"}
    ),
    "a loan's state": Alteration(
        ("UPDATE loans SET state = replace(state, 'agreed', 'settled') WHERE number = 'P-2'",), {"loan P-2 of lender 1"}
    ),
    "a loan's last digest": Alteration((flipped("loans", "last_digest", "number = 'P-2'"),), {"loan P-2 of lender 1"}),
    "a loan that never was": Alteration(
        ("INSERT INTO loans SELECT 99, lender, 'X-1', key, state, 1, last_digest FROM loans WHERE number = 'P-2'",),
        {"loan X-1 of lender 1"},
    ),
    "a lender gone": Alteration(
        ("DELETE FROM organisations",), {f"loan {name} of lender 1" for name in ("S-1", "P-1", "P-2")}
    ),
    "a full tile": Alteration((flipped("tiles", "hashes", "level = 0 AND tile_number = 0", 40),), {"tile 0/0"}),
    "inner nodes": Alteration((flipped("tiles", "hashes", "level = 0 AND tile_number = 0"),), {"tile 0/0"}),
    "a partial tile": Alteration(
        (flipped("tiles", "hashes", f"level = 0 AND tile_number = {PARTIAL}"),), {f"tile 0/{PARTIAL}"}
    ),
    "a tile of the second level": Alteration((flipped("tiles", "hashes", "level = 1"),), {"tile 1/0"}),
    "a full tile gone": Alteration(("DELETE FROM tiles WHERE level = 0 AND tile_number = 1",), {"tile 0/1"}),
    "the partial tile gone": Alteration(
        (f"DELETE FROM tiles WHERE level = 0 AND tile_number = {PARTIAL}",), {f"tile 0/{PARTIAL}"}
    ),
    "a tile of the second level gone": Alteration(("DELETE FROM tiles WHERE level = 1",), {"tile 1/0"}),
    "a tile cut off": Alteration(
        ("UPDATE tiles SET hashes = substr(hashes, 1, 8000) WHERE level = 0 AND tile_number = 1",), {"tile 0/1"}
    ),
    "the head's size": Alteration(("UPDATE head SET size = size - 1",), {"checkpoint"}),
    "the head's root": Alteration((flipped("head", "root", "only = 1"),), {"checkpoint"}),
    "the checkpoint's size": Alteration(
        (f"UPDATE head SET checkpoint = replace(checkpoint, '{SIZE}', '{SIZE + 1}')",), {"checkpoint"}
    ),
    "the checkpoint gone": Alteration(("UPDATE head SET checkpoint = ''",), {"checkpoint"}),
}  # fmt: skip


@pytest.mark.parametrize("name", ALTERATIONS)
def test_what_was_altered_is_named(log: AuditedLog, name: str) -> None:
    log.alter(*ALTERATIONS[name].statements)
    report = log.audit()
    assert report.verdict is Verdict.INVALID
    assert places(report) == ALTERATIONS[name].places, report.findings.ordered()


OF_S1 = "loan_id = (SELECT loan_id FROM records WHERE entry_index = 1)"
DAMAGES = {
    "a loan gone": Alteration((f"DELETE FROM loans WHERE {OF_S1}",), entries(*range(1, SIGNED + 1))),
    "a sealed record": Alteration((flipped("records", "sealed", "entry_index = 101", 40),), entries(101)),
    "a sealed record cut off": Alteration(
        ("UPDATE records SET sealed = substr(sealed, 1, 20) WHERE entry_index = 101",), entries(101)
    ),
    "two sealed records exchanged": Alteration(
        (
            "UPDATE records SET sealed = other.sealed FROM (SELECT entry_index AS i, sealed FROM records) other"
            " WHERE i = 402 - entry_index AND entry_index IN (101, 301)",
        ),
        entries(101, 301),
    ),
    "when a record was received": Alteration(
        ("UPDATE records SET received_at = received_at + 1 WHERE entry_index = 101",), entries(101)
    ),
    "a record's type": Alteration(("UPDATE records SET type = 'settlement' WHERE entry_index = 101",), entries(101)),
    "a record's lender": Alteration(("UPDATE records SET lender = 2 WHERE entry_index = 101",), entries(101)),
    "a loan's keys": Alteration(
        (flipped("loan_keys", "wrapped", OF_S1, 50),), entries(*range(1, SIGNED + 1)) | {"row 1 of loans"}
    ),
    "the id of the data key": Alteration(
        (flipped("loan_keys", "wrapped", OF_S1, 0),), entries(*range(1, SIGNED + 1)) | {"row 1 of loans"}
    ),
    "a loan's keys gone": Alteration(
        (f"DELETE FROM loan_keys WHERE {OF_S1}",), entries(*range(1, SIGNED + 1)) | {"row 1 of loans"}
    ),
    "a loan's sealed state": Alteration((flipped("loans", "sealed", OF_S1),), {"loan S-1 of lender 1"}),
    "a loan's count": Alteration((f"UPDATE loans SET records = records + 1 WHERE {OF_S1}",), {"loan S-1 of lender 1"}),
    "a loan said to be erased": Alteration(
        (f"UPDATE loans SET sealed = x'', erasure = 'erasure_1' WHERE {OF_S1}", f"DELETE FROM records WHERE {OF_S1}"),
        entries(*range(1, SIGNED + 1)),
    ),
}
"""What somebody without the data key can do to what is sealed."""


@pytest.mark.parametrize("name", DAMAGES)
def test_what_was_done_to_sealed_rows_is_named(log: AuditedLog, name: str) -> None:
    log.damage(*DAMAGES[name].statements)
    report = log.audit()
    assert report.verdict is Verdict.INVALID
    assert places(report) == DAMAGES[name].places, report.findings.ordered()


def test_with_another_data_key_an_audit_cannot_tell(log: AuditedLog) -> None:
    (DataFolder(log.folder).keys.path / "data.key").write_text("ab" * 32 + "\n")
    report = log.audit()
    assert (report.verdict, report.findings.count) == (Verdict.CANNOT_TELL, 0)
    assert "data key" in report.unknown[0][1]


def test_a_key_revoked_later_leaves_a_doubt_and_one_told_of_before_contradicts(log: AuditedLog) -> None:
    log.alter(f"UPDATE party_keys SET revoked_from = {NOW}, revoked_at = {NOW + 10**9} WHERE party = 'borrower'")
    report = log.audit()
    assert (report.verdict, report.findings.count) == (Verdict.CANNOT_TELL, 0)
    assert {place for place, _ in report.unknown} == entries(*range(1, SIGNED + 1))
    log.alter(f"UPDATE party_keys SET revoked_at = {NOW - 10**9} WHERE party = 'borrower'")
    assert places(log.audit()) == entries(*range(1, SIGNED + 1))
