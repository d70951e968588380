# SPDX-License-Identifier: Apache-2.0
"""Moving a notary from SQLite to PostgreSQL: all of it, or nothing; and the file stays as it was."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from api.databases import open_access_log, open_store
from api.folders.locks import log_lock
from api.folders.moving import move
from api.hosts.choosing import host_of
from api.hosts.presence import Presence, hosts_present
from api.keys.data_rotation import rotate_data_key
from api.postgres.link import open_session
from api.settings import DataFolder
from notary.errors import CorruptLogError, MoveError, UnavailableError
from notary.ports.records import StoredRecord
from tests.support.api import agreement, repayment, running_api
from tests.support.cli import document, run
from tests.support.postgres import PostgresServer
from tests.support.service import until


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder to whose notary something has happened."""
    path = tmp_path_factory.mktemp("moving") / "data"
    with running_api(path) as api:
        for number in range(5):
            assert api.submit(agreement(f"M-{number}", api.bank)).status_code == 201
            assert api.submit(repayment(f"M-{number}")).status_code == 201
        assert api.request("PUT", "/v1/loans/M-1/hold").status_code == 200
        assert api.request("DELETE", "/v1/loans/M-4").status_code == 200
        assert api.get("/v1/loans/M-1").status_code == 200
        made = api.request("POST", "/v1/api-keys", json.dumps({"name": "x", "scopes": ["records:read"]}).encode())
        assert made.status_code == 201
    return path


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> DataFolder:
    shutil.copytree(original, tmp_path / "data")
    return DataFolder(tmp_path / "data")


@pytest.fixture
def dsn(postgres: PostgresServer) -> Iterator[str]:
    with postgres.database() as name:
        yield postgres.dsn(name)


def records(folder: DataFolder) -> list[StoredRecord]:
    store = open_store(folder)
    try:
        return [record for record, _ in store.records()]
    finally:
        store.close()


def test_everything_is_there_and_the_notary_goes_on(folder: DataFolder, dsn: str) -> None:
    before, digest = records(folder), sha256(folder.database.read_bytes()).digest()
    reads = open_access_log(folder)
    lines, heads = reads.accesses(1, 2**62, 9), reads.heads()
    assert len(lines) == 1
    moved = document(run("move", "--data", folder.path, dsn, "--json"))
    assert moved["entries"] > len(before) > 8
    assert folder.settings().database == dsn
    assert records(folder) == before
    there = open_access_log(folder)
    assert (there.accesses(1, 2**62, 9), there.heads()) == (lines, heads)
    assert sha256(folder.database.read_bytes()).digest() == digest
    host_of(folder).check()
    store = open_store(folder)
    assert [hold.by for hold in store.holds(1, "M-1")] == ["lender"]
    assert store.erasure(1, "M-4") is not None
    # What numbers itself goes on behind what was moved.
    known = {item.number for item in store.organisations()}
    assert store.add_organisation("third", "lender", 1).number == max(known) + 1
    store.close()
    with pytest.raises(MoveError, match="PostgreSQL database already"):
        move(folder, dsn)


def test_a_database_that_holds_something_is_refused(folder: DataFolder, original: Path, dsn: str) -> None:
    move(folder, dsn)
    other = DataFolder(folder.path.with_name("other"))
    shutil.copytree(original, other.path)
    with pytest.raises(MoveError, match="not empty"):
        move(other, dsn)
    assert other.settings().database is None


def test_a_move_that_was_cut_short_begins_again(folder: DataFolder, original: Path, dsn: str) -> None:
    move(folder, dsn)
    # As it is when the process ends before its audit does.
    with open_session(dsn) as session:
        session.execute("INSERT INTO shared_values VALUES ('moving', '')")
        session.execute("DELETE FROM holds")
    with pytest.raises(UnavailableError, match="has not come to its end"):
        host_of(folder).check()
    again = DataFolder(folder.path.with_name("again"))
    shutil.copytree(original, again.path)
    move(again, dsn)
    host_of(again).check()
    store = open_store(again)
    assert len(store.holds(1, "M-1")) == 1
    store.close()


def test_a_move_that_ended_before_its_mark_was_gone_is_brought_to_its_end(folder: DataFolder, dsn: str) -> None:
    moved = move(folder, dsn)
    with open_session(dsn) as session:
        session.execute("INSERT INTO shared_values VALUES ('moving', '')")
    with pytest.raises(MoveError, match="PostgreSQL database already"):
        move(folder, dsn + "&application_name=other")
    again = move(folder, dsn)
    assert (again.rows, again.entries, again.root) == (0, moved.entries, moved.root)
    host_of(folder).check()
    with pytest.raises(MoveError, match="PostgreSQL database already"):
        move(folder, dsn)


def test_a_move_whose_settings_cannot_be_written_begins_again(folder: DataFolder, dsn: str) -> None:
    in_the_way = folder.path / "settings.new"
    in_the_way.mkdir()
    with pytest.raises(IsADirectoryError):
        move(folder, dsn)
    assert folder.settings().database is None
    in_the_way.rmdir()
    assert move(folder, dsn).rows > 0
    host_of(folder).check()


def test_nothing_is_moved_while_the_service_runs_or_may_not_sign(folder: DataFolder, dsn: str) -> None:
    with log_lock(folder, wait=0), pytest.raises(UnavailableError, match="stop the service first"):
        move(folder, dsn)
    folder.hold.place("damaged", "tile 0/0")
    with pytest.raises(MoveError, match="damaged: tile 0/0"):
        move(folder, dsn)
    assert folder.settings().database is None


def test_a_damaged_notary_is_not_moved(folder: DataFolder, dsn: str) -> None:
    with sqlite3.connect(folder.database) as connection:
        connection.execute("UPDATE entries SET entry = zeroblob(65) WHERE entry_index = 5")
    connection.close()
    with pytest.raises((MoveError, CorruptLogError)):
        move(folder, dsn)
    assert folder.settings().database is None
    folder.change(folder.settings().model_copy(update={"database": dsn}))
    with pytest.raises(UnavailableError, match="has not come to its end"):
        host_of(folder).check()


def test_the_data_key_is_not_rotated_while_another_host_wraps_with_the_old_one(folder: DataFolder, dsn: str) -> None:
    move(folder, dsn)
    this, other = Presence(dsn), Presence(dsn)
    other.enter(lambda: None)
    with pytest.raises(UnavailableError, match="other hosts"):
        rotate_data_key(folder)
    with log_lock(folder, wait=0):
        this.enter(lambda: None)
        with pytest.raises(UnavailableError, match="other hosts"):
            rotate_data_key(folder)
    this.leave()
    assert folder.keys.load().data_next is None
    before = records(folder)
    other.leave()
    until(lambda: hosts_present(dsn) == 0, "the server has let go of the locks")
    assert rotate_data_key(folder).old_removed
    assert records(folder)[: len(before)] == before
