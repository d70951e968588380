# SPDX-License-Identifier: Apache-2.0
"""A database of before records were packed: its records are all there afterwards, in half the room."""

import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from notary.canonical import canonical_json
from notary.errors import CorruptLogError, DataKeyError
from notary.ports.records import StoredRecord
from notary.privacy.cipher import Cipher
from notary.privacy.data_key import DataKey
from notary.privacy.vault import Vault
from notary.stores.record_ids import id_bytes
from notary.stores.sqlite import SqliteStore
from notary.stores.statements import MIGRATIONS
from tests.support.builders import DATA_KEY, VAULT, record, record_id

INDEX, NUMBER = b"i" * 16, "LN-7"
KEY, TAG_KEY = b"k" * 32, b"t" * 32
COUNT = 3_000
"""More than two pages of what is packed at once."""


def stored(number: int) -> StoredRecord:
    payload = canonical_json(record("repayment", id=record_id(number), loan=NUMBER))
    nonce, signatures = number.to_bytes(32), '[{"signature":"xyz"}]' if number % 2 else "[]"
    return StoredRecord(number, 1, record_id(number), NUMBER, number - 1, 7, nonce, payload, signatures, "repayment")


def sealed(item: StoredRecord) -> bytes:
    """Seal a record as FORMATS.md says of version 1."""
    place = struct.pack(">qqqq", item.lender, item.index, item.sequence, item.received_at)
    signatures = item.signatures.encode()
    plain = item.nonce + len(signatures).to_bytes(4) + signatures + item.payload
    context = b"loan-notary/1 record" + place + INDEX + (id_bytes(item.record_id) or b"") + item.type.encode()
    return Cipher(KEY).seal(plain, context)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database of the last version that packed nothing."""
    path = tmp_path / "notary.db"
    wrapped = DataKey(DATA_KEY).wrap(
        KEY + TAG_KEY + NUMBER.encode(), b"loan-notary/1 loan keys" + bytes(7) + b"\1" + INDEX
    )
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        old.execute("PRAGMA journal_mode=WAL")
        MIGRATIONS.apply(Database(old), stop_before="0015_packed")
        old.execute("BEGIN")
        old.execute("INSERT INTO organisations (name, created_at) VALUES ('Old Bank', 5)")
        old.execute("INSERT INTO organisation_keys VALUES (1, ?)", (VAULT.new_owner(1),))
        old.execute(
            "INSERT INTO loans (loan_id, lender, number_index, records, sealed) VALUES (3, 1, ?, 1, x'00')", (INDEX,)
        )
        old.execute("INSERT INTO loan_keys VALUES (3, ?)", (wrapped,))
        for number in range(1, COUNT + 1):
            item = stored(number)
            row = (number, 1, id_bytes(item.record_id), 3, item.sequence, 7, item.type, sealed(item))
            old.execute("INSERT INTO entries VALUES (?, x'01')", (number,))
            old.execute("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        old.execute("COMMIT")
    return path


def test_records_are_packed_and_the_file_gets_smaller(path: Path) -> None:
    before = path.stat().st_size
    for _ in range(2):
        store = SqliteStore.create(path, VAULT)
        assert [store.record_at(number) for number in range(1, COUNT + 1)] == [
            stored(number) for number in range(1, COUNT + 1)
        ]
        store.close()
    assert path.stat().st_size < before / 2


def test_a_record_that_does_not_open_stays_and_does_not_open(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE records SET received_at = 8 WHERE entry_index = 2")
    store = SqliteStore.create(path, VAULT)
    assert store.record_at(1) == stored(1)
    assert store.record_at(3) == stored(3)
    with pytest.raises(CorruptLogError):
        store.record_at(2)


def test_with_another_data_key_nothing_is_packed(path: Path) -> None:
    with pytest.raises(DataKeyError):
        SqliteStore.create(path, Vault(DataKey(b"\1" * 32)))
    store = SqliteStore.create(path, VAULT)
    assert store.record_at(COUNT) == stored(COUNT)
