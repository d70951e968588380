# SPDX-License-Identifier: Apache-2.0
"""A database of before everything was sealed: all of it is there afterwards, and nothing in the clear."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from notary.access import Grant, LoanPass
from notary.canonical import canonical_json
from notary.errors import CorruptLogError, DataKeyError, UnavailableError
from notary.ports.drafts import Draft
from notary.ports.records import Loan, StoredRecord
from notary.privacy.data_key import DataKey
from notary.privacy.vault import Vault
from notary.stores.record_ids import id_bytes
from notary.stores.sqlite import SqliteStore, SqliteWebhooks
from notary.stores.sqlite_sealing import seal_clear_rows
from notary.stores.statements import MIGRATIONS
from notary.webhooks import Delivery
from tests.support.builders import VAULT, record_id
from tests.support.spellings import files_under, found_in

LOAN = "loan-number-in-the-clear"
PAYLOAD = canonical_json({"id": record_id(1), "loan": LOAN, "secret": "value-in-the-clear", "type": "repayment"})
RECORD = StoredRecord(1, 1, record_id(1), LOAN, 0, 7, b"nonce-of-the-record-in-the-clear", PAYLOAD, "[]", "repayment")
STATE = Loan(1, LOAN, b"tag-key-of-the-loan-in-the-clear", "active", 1, b"digest-of-the-payload--in-clear!")
GRANTS = (Grant("grant_1", 1, 1, LOAN, None, None, 5, 9), Grant("grant_2", 1, 1, None, 3, 4, 6, 9, 8))
PASS = LoanPass("pass_1", 1, LOAN, 5, 9, None, 7)
DRAFT = Draft(1, record_id(2), canonical_json({"loan": LOAN, "secret": "draft-in-the-clear"}), "[]", "{}", 5, 900)
MESSAGE = Delivery("msg_1", "wh_1", "record.recorded", '{"data":{"loan":"message-in-the-clear"}}', 5, 6)
CLEAR = (
    LOAN.encode(), b"value-in-the-clear", RECORD.nonce, STATE.key, STATE.last_digest, b"draft-in-the-clear",
    b"message-in-the-clear", PAYLOAD,
)  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database of the last version in the clear."""
    path = tmp_path / "notary.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        old.execute("PRAGMA journal_mode=WAL")
        MIGRATIONS.apply(Database(old), stop_before="0011_sealed")
        old.execute("INSERT INTO organisations (name, created_at) VALUES ('Old Bank', 5)")
        old.execute("INSERT INTO entries VALUES (0, x'00'), (1, x'01')")
        old.execute("INSERT INTO loans VALUES (3, 1, ?, ?, ?, 1, ?)", (LOAN, STATE.key, STATE.state, STATE.last_digest))
        old.execute(
            "INSERT INTO records VALUES (1, 1, ?, 3, 0, 7, ?, ?, '[]')", (id_bytes(record_id(1)), RECORD.nonce, PAYLOAD)
        )
        for grant in GRANTS:
            values = (grant.loan, grant.began_from, grant.began_until, grant.created_at, grant.revoked_at)
            old.execute("INSERT INTO grants VALUES (?, 1, 1, ?, ?, ?, ?, 9, ?)", (grant.id, *values))
        old.execute("INSERT INTO passes VALUES (?, 'pass_1', 1, ?, 5, 9, NULL, 7)", (b"h" * 32, LOAN))
        old.execute("INSERT INTO drafts VALUES (1, ?, ?, '[]', '{}', 5, 900)", (DRAFT.record_id, DRAFT.payload))
        old.execute("INSERT INTO webhooks VALUES ('wh_1', 1, 'http://x', '[]', 's', 1, 1, 1, 1, NULL, 0, '')")
        old.execute("INSERT INTO deliveries VALUES (4, 'msg_1', 'wh_1', ?, ?, 5, 6, 0, NULL, NULL, '')",
                    (MESSAGE.type, MESSAGE.body))  # fmt: skip
    assert list(found_in(files_under(tmp_path), CLEAR))
    return path


def check(path: Path) -> None:
    """See that everything is there, and nothing of it in the clear."""
    store, hooks = SqliteStore(path, VAULT), SqliteWebhooks(path, VAULT)
    assert store.record_at(1) == RECORD
    assert store.find_loans([(1, LOAN)]) == {(1, LOAN): STATE}
    assert tuple(store.grants(lender=1)) == GRANTS
    assert store.pass_with(b"h" * 32) == PASS
    assert store.draft(1, DRAFT.record_id, 6) == DRAFT
    assert hooks.find_delivery("wh_1", "msg_1") == MESSAGE
    assert store.lender_records(1, 0, 9, 9, record_type="repayment") == [RECORD]
    store.close()
    hooks.close()
    assert list(found_in(files_under(path.parent), CLEAR)) == []


def test_what_stood_in_the_clear_is_sealed_and_swept_out(path: Path) -> None:
    SqliteStore.create(path, VAULT)
    check(path)
    SqliteStore.create(path, VAULT)
    check(path)


def test_a_kill_before_the_file_was_swept_is_made_good(path: Path, tmp_path: Path) -> None:
    SqliteStore.create(path, VAULT)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete=OFF")
        connection.execute("CREATE TABLE unswept (only INTEGER) STRICT")
        connection.execute("CREATE TABLE old (text TEXT)")
        connection.execute("INSERT INTO old VALUES (?)", (LOAN * 100,))
        connection.execute("DROP TABLE old")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert list(found_in(files_under(tmp_path), CLEAR))
    SqliteStore.create(path, VAULT)
    check(path)


def test_what_another_program_still_reads_is_swept_out_by_the_next_start(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM loans").fetchone()
        with closing(sqlite3.connect(path, timeout=0.1)) as connection:
            connection.execute("PRAGMA secure_delete=ON")
            MIGRATIONS.apply(Database(connection))
            with pytest.raises(UnavailableError, match="somebody reads it"):
                seal_clear_rows(connection, VAULT)
        assert list(found_in(files_under(path.parent), CLEAR))
    SqliteStore.create(path, VAULT)
    check(path)


def test_with_another_data_key_nothing_is_touched(path: Path) -> None:
    SqliteStore.create(path, VAULT)
    before = path.read_bytes()
    with pytest.raises(DataKeyError):
        SqliteStore.create(path, Vault(DataKey(b"\1" * 32)))
    assert path.read_bytes() == before
    check(path)


def test_a_record_of_no_loan_is_named_and_nothing_is_touched(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE records SET loan_id = 99")
    with pytest.raises(CorruptLogError, match="entry 1"):
        SqliteStore.create(path, VAULT)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM clear_records").fetchone() == (1,)


def test_a_payload_that_is_no_json_is_sealed_as_it_is(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE records SET payload = x'ff'")
    SqliteStore.create(path, VAULT)
    found = SqliteStore(path, VAULT).record_at(1)
    assert (found.payload, found.type) == (b"\xff", "")
