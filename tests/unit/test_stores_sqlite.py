# SPDX-License-Identifier: Apache-2.0
"""What the SQLite store promises beyond the port: its file, its settings, its errors."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from sqlite_utils import Database, Migrations

import notary.stores
from notary.errors import CorruptLogError, NotFoundError, UnavailableError
from notary.parties.validity import Validity
from notary.ports.parties import PartyKey
from notary.stores.sqlite import SqliteStore
from tests.support.builders import NOW, VAULT, add_lender


@pytest.fixture
def path(tmp_path: Path) -> Path:
    SqliteStore.create(tmp_path / "notary.db", VAULT).close()
    return tmp_path / "notary.db"


@pytest.fixture
def plain(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path)
    yield connection
    connection.close()


def test_the_file_is_in_wal_mode(plain: sqlite3.Connection) -> None:
    assert plain.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_every_connection_waits_for_the_disk_and_minds_references(path: Path) -> None:
    store = SqliteStore(path, VAULT)
    connection = store._connection()
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
    store.close()


def test_every_table_is_strict(plain: sqlite3.Connection) -> None:
    strict = {name: strict for _, name, kind, _, _, strict in plain.execute("PRAGMA table_list") if kind == "table"}
    assert {name for name, value in strict.items() if value} >= {"head", "entries", "records"}
    assert {name for name, value in strict.items() if not value} <= {"_sqlite_migrations"} | {
        name for name in strict if name.startswith("sqlite_")
    }


def test_creating_again_changes_nothing(path: Path, plain: sqlite3.Connection) -> None:
    store = SqliteStore(path, VAULT)
    lender = add_lender(store, "Example Bank", sha256(b"key").digest(), NOW)
    schema = plain.execute("SELECT * FROM sqlite_schema").fetchall()
    again = SqliteStore.create(path, VAULT)
    assert again.lender(lender.number) == lender
    assert plain.execute("SELECT * FROM sqlite_schema").fetchall() == schema
    store.close()
    again.close()


def test_keys_of_a_database_without_times_count_since_they_were_registered(tmp_path: Path) -> None:
    old = Migrations("loan-notary")
    script = Path(notary.stores.__file__).parent / "sqlite_statements" / "0001_initial.sql"

    @old(name="0001_initial")
    def _(db: Database) -> None:
        for statement in script.read_text("utf-8").split(";\n"):
            db.execute(statement)

    with closing(sqlite3.connect(tmp_path / "notary.db")) as connection:
        old.apply(Database(connection))
        connection.execute("INSERT INTO lenders (name, created_at) VALUES ('Example Bank', 1)")
        connection.execute("INSERT INTO party_keys VALUES (1, 'kid', 'lender', '{}', 7)")
        connection.commit()
    store = SqliteStore.create(tmp_path / "notary.db", VAULT)
    assert store.party_keys(1, ["kid"]) == {"kid": PartyKey("kid", "lender", "{}", 7, Validity(7))}
    assert store.roots(1) == store.drafts(1, "", 9, 0) == []
    store.close()


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        SqliteStore(tmp_path / "none.db", VAULT)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UnavailableError):
        SqliteStore.create(tmp_path / "none" / "notary.db", VAULT)


def test_a_file_that_is_no_database_is_a_corrupt_log(tmp_path: Path) -> None:
    path = tmp_path / "notary.db"
    path.write_bytes(b"not a database, but long enough to be looked at\n" * 100)
    with pytest.raises(CorruptLogError):
        SqliteStore.create(path, VAULT)
    store = SqliteStore(path, VAULT)
    with pytest.raises(CorruptLogError):
        store.head()
    store.close()


def test_a_database_without_the_tables_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "notary.db"
    sqlite3.connect(path).close()
    path.touch()
    store = SqliteStore(path, VAULT)
    with pytest.raises(UnavailableError):
        store.head()
    store.close()


def test_closing_twice_is_harmless_and_a_closed_store_opens_again(path: Path) -> None:
    store = SqliteStore(path, VAULT)
    assert store.head() is None
    store.close()
    store.close()
    assert store.head() is None
    store.close()
