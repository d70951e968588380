# SPDX-License-Identifier: Apache-2.0
"""The parts that make hosts one notary: who leads, who is there, what they share, and who does not belong."""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from api.databases import hold_of, open_store
from api.hosts.choosing import host_of
from api.hosts.election import Election, Term
from api.hosts.host import Alone
from api.hosts.presence import Presence
from api.keys.log_keys import load_signer
from api.postgres.link import Link, open_session
from api.postgres.shared import SharedHold, SharedValues
from api.settings import DataFolder, Settings, SettingsError
from chain.errors import DeploymentError
from notary.errors import DataKeyError, KeyUnavailableError, LogWentBackError, SigningHeldError, UnavailableError
from notary.log.sequencer import Sequencer
from notary.stores.postgres import PostgresStore
from tests.support.api import make_folder
from tests.support.builders import CREATED, NOW, VAULT, history, placed
from tests.support.cli import run
from tests.support.postgres import PASSWORD, PostgresServer
from tests.support.service import until


@pytest.fixture(scope="module")
def template(postgres: PostgresServer) -> Iterator[str]:
    """A database with tables, to be copied."""
    with postgres.database() as name:
        PostgresStore.create(postgres.dsn(name), VAULT).close()
        yield name


@pytest.fixture
def dsn(postgres: PostgresServer, template: str) -> Iterator[str]:
    with postgres.database(template) as name:
        yield postgres.dsn(name)


@pytest.fixture
def folder(dsn: str, tmp_path: Path) -> DataFolder:
    """A host's data folder, with a log that was begun and one organisation."""
    folder = make_folder(tmp_path / "a", database=dsn)
    store = open_store(folder)
    store.add_organisation("示范银行", "lender", NOW)
    Sequencer(store, load_signer(folder), CREATED)
    return folder


class Part:
    """A part that writes down when it runs."""

    def __init__(self) -> None:
        self.terms: list[threading.Event] = []
        self.over = threading.Event()

    def run(self, ended: threading.Event) -> None:
        self.terms.append(ended)
        while not ended.wait(0.05):
            pass
        self.over.set()


def kill_sessions(postgres: PostgresServer, dsn: str, statement: str) -> None:
    """End the sessions of a database whose last statement was this."""
    with postgres.superuser() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND query LIKE %s",
            (dsn.partition("@/")[2].partition("?")[0], statement),
        )


def test_one_leads_and_another_takes_over(dsn: str, postgres: PostgresServer) -> None:
    stops, parts = [threading.Event() for _ in range(2)], [Part() for _ in range(2)]
    threads = [
        threading.Thread(target=Election(dsn).led("anchorer", part.run), args=(stop,))
        for part, stop in zip(parts, stops, strict=True)
    ]
    other = threading.Event()
    elsewhere = Part()
    threads.append(threading.Thread(target=Election(dsn).led("scrubber", elsewhere.run), args=(other,)))
    threads[0].start()
    until(lambda: len(parts[0].terms) == 1, "the first leads")
    threads[1].start()
    threads[2].start()
    until(lambda: len(elsewhere.terms) == 1, "another part is led for itself")
    assert parts[1].terms == []
    # The server ends the leader's session, as it does when the network is gone.
    kill_sessions(postgres, dsn, "SELECT 1")
    until(lambda: parts[0].over.is_set(), "the first notices")
    until(lambda: len(parts[0].terms) + len(parts[1].terms) == 2, "one leads again")
    for stop in (*stops, other):
        stop.set()
    for thread in threads:
        thread.join()
    assert all(term.is_set() for part in parts for term in part.terms)


def test_a_term_is_over_before_the_next_step_when_its_session_is_gone(dsn: str, postgres: PostgresServer) -> None:
    session = open_session(dsn)
    term = Term(session, threading.Event())
    assert not term.is_set()
    assert not term.wait(0.01)
    kill_sessions(postgres, dsn, "SELECT 1")
    assert term.is_set()
    assert term.wait()
    session.close()


def test_who_is_alone_tidies_up(dsn: str) -> None:
    calls: list[str] = []
    one, two, three = Presence(dsn), Presence(dsn), Presence(dsn)
    one.enter(lambda: calls.append("one"))
    two.enter(lambda: calls.append("two"))
    one.leave()
    three.enter(lambda: calls.append("three"))
    two.leave()
    three.leave()
    one.enter(lambda: calls.append("one again"))
    one.leave()
    assert calls == ["one", "one again"]


def test_presence_outlives_a_broken_connection(dsn: str, postgres: PostgresServer) -> None:
    stop, calls = threading.Event(), list[str]()
    first, second = Presence(dsn), Presence(dsn)
    first.enter(lambda: None)
    thread = threading.Thread(target=first.run, args=(stop,))
    thread.start()
    kill_sessions(postgres, dsn, "SELECT%")

    def is_back() -> bool:
        calls.clear()
        second.enter(lambda: calls.append("alone"))
        second.leave()
        return not calls

    until(is_back, "the first is present again")
    stop.set()
    thread.join()


def test_a_hold_of_one_host_is_the_hold_of_all(folder: DataFolder, dsn: str) -> None:
    hold = SharedHold(SharedValues(dsn))
    sequencer = Sequencer(open_store(folder), load_signer(folder), CREATED, hold_of(folder).check)
    hold.place("damaged", "tile 0/0")
    hold.place("restored", "the first reason stays")
    assert hold_of(folder).read() == ("damaged", "tile 0/0")
    with pytest.raises(SigningHeldError, match="tile 0/0"):
        sequencer.append(history("L-1", 1))
    hold_of(folder).lift()
    assert hold.read() is None
    assert len(placed(sequencer.append(history("L-1", 1)))) == 1
    SharedValues(dsn).replace("hold", b"{}")
    assert hold.read() == ("unreadable", "what is kept of it says not why")


def test_a_database_that_went_back_is_never_signed_again(folder: DataFolder) -> None:
    """As after a failover to a server that had not got the last commits."""
    store = open_store(folder)
    sequencer = Sequencer(store, load_signer(folder), CREATED)
    placed(sequencer.append(history("L-1", 3)))
    with store._connections.lend() as connection:  # type: ignore[union-attr]
        kept = connection.execute("SELECT size, root, checkpoint FROM head").fetchone()
        tiles = connection.execute("SELECT level, tile_number, hashes FROM tiles").fetchall()
        placed(sequencer.append(history("L-2", 3, first=100)))
        connection.execute("UPDATE head SET size = %s, root = %s, checkpoint = %s", kept)
        connection.execute("DELETE FROM entries WHERE entry_index >= 4")
        connection.execute("DELETE FROM records WHERE entry_index >= 4")
        for level, number, hashes in tiles:
            connection.execute(
                "UPDATE tiles SET hashes = %s WHERE level = %s AND tile_number = %s", (hashes, level, number)
            )
    with pytest.raises(LogWentBackError, match="4 entries does not extend the 7"):
        sequencer.append(history("L-3", 1, first=200))


def joined(folder: DataFolder, path: Path, **settings: object) -> DataFolder:
    """Make another host's data folder with the same keys."""
    path.mkdir()
    (path / "keys").symlink_to(folder.keys.path)
    other = DataFolder(path)
    other.begin(Settings.checked(**folder.settings().model_dump() | settings))
    return other


def test_a_host_that_belongs_is_let_in(folder: DataFolder, tmp_path: Path) -> None:
    host_of(folder).check()
    host_of(joined(folder, tmp_path / "b")).check()


@pytest.mark.parametrize(("name", "value"), [("origin", "other.example/log"), ("environment", "production")])
def test_a_host_with_other_settings_is_not(folder: DataFolder, tmp_path: Path, name: str, value: str) -> None:
    host_of(folder).check()
    with pytest.raises((SettingsError, KeyUnavailableError)) as caught:
        host_of(joined(folder, tmp_path / "b", rpc="http://127.0.0.1:1", **{name: value})).check()
    assert "Traceback" not in str(caught.value)


@pytest.mark.usefixtures("folder")
def test_a_host_with_another_data_key_is_not(dsn: str, tmp_path: Path) -> None:
    with pytest.raises(DataKeyError):
        make_folder(tmp_path / "b", database=dsn)
    assert not (DataFolder(tmp_path / "b").keys.path / "data.key").exists()


def test_a_host_with_another_log_key_is_not(folder: DataFolder, tmp_path: Path) -> None:
    other, strange = joined(folder, tmp_path / "b"), make_folder(tmp_path / "c")
    (other.path / "keys").unlink()
    strange.keys.path.rename(other.path / "keys")
    shutil.copy(folder.keys.path / "data.key", other.keys.path)
    with pytest.raises(KeyUnavailableError, match="does not sign the log in the database"):
        host_of(other).check()


def test_a_host_with_another_cursor_key_is_not(folder: DataFolder) -> None:
    host_of(folder).check()
    folder.cursor_key.write_bytes(b"cd" * 32 + b"\n")
    with pytest.raises(KeyUnavailableError, match="another one than that of the other hosts"):
        host_of(folder).check()


def test_a_connection_that_could_not_be_prepared_is_not_used(dsn: str) -> None:
    link = Link(dsn, "INSERT INTO shared_values (name, value) VALUES ('prepared', '')")
    with closing(open_session(dsn)) as session:
        session.execute("ALTER TABLE shared_values RENAME TO away")
        with pytest.raises(UnavailableError):
            link.one("SELECT 1")
        session.execute("ALTER TABLE away RENAME TO shared_values")
    assert link.one("SELECT count(*) FROM shared_values WHERE name = 'prepared'") == (1,)
    link.close()


def test_a_deployment_is_that_of_all_hosts(folder: DataFolder, tmp_path: Path) -> None:
    other = joined(folder, tmp_path / "b")
    with host_of(folder).deploying(folder.deployment, anew=False):
        folder.deployment.write_bytes(b"one")
    with host_of(other).deploying(other.deployment, anew=False):
        assert other.deployment.read_bytes() == b"one"
    with host_of(other).deploying(other.deployment, anew=True):
        other.deployment.write_bytes(b"two")
    with (
        pytest.raises(DeploymentError, match="not that of the other hosts"),
        host_of(folder).deploying(folder.deployment, anew=False),
    ):
        pytest.fail("not entered")
    folder.deployment.unlink()
    with host_of(folder).deploying(folder.deployment, anew=False):
        assert folder.deployment.read_bytes() == b"two"


def test_only_one_host_deploys(folder: DataFolder, tmp_path: Path) -> None:
    other, order = joined(folder, tmp_path / "b"), list[str]()
    inside = threading.Event()

    def second() -> None:
        inside.wait()
        with host_of(other).deploying(other.deployment, anew=False):
            order.append(other.deployment.read_text())

    thread = threading.Thread(target=second)
    thread.start()
    with host_of(folder).deploying(folder.deployment, anew=False):
        inside.set()
        thread.join(0.3)
        order.append("deployed")
        folder.deployment.write_text("found")
    thread.join()
    assert order == ["deployed", "found"]


def test_one_host_alone_asks_nobody(tmp_path: Path) -> None:
    host = host_of(make_folder(tmp_path / "data"))
    assert isinstance(host, Alone)
    run_part: Callable[[threading.Event], None] = Part().run
    assert host.led("anchorer", run_part) == run_part


# --- what is wrong with a database


def test_the_password_is_nowhere(postgres: PostgresServer, template: str, tmp_path: Path) -> None:
    with postgres.database(template) as name:
        dsn = postgres.dsn(name, tcp=True)
        refused = run("init", "--data", tmp_path / "data", "--database", dsn)
        assert refused.exit_code == 1, refused.output
        assert "password file" in refused.output
        assert not (tmp_path / "data" / "settings.json").exists()
        bare = f"postgresql://notary@127.0.0.1:{postgres.port}/{name}"
        passes = tmp_path / "passes"
        passes.write_text(f"127.0.0.1:{postgres.port}:{name}:notary:{PASSWORD}\n")
        passes.chmod(0o600)
        made = run("init", "--data", tmp_path / "data", "--database", bare, PGPASSFILE=str(passes))
        assert made.exit_code == 0, made.output
        text = "".join(path.read_text("latin-1") for path in (tmp_path / "data").rglob("*") if path.is_file())
        assert PASSWORD not in text + made.output


def test_what_is_wrong_with_a_database_is_said(postgres: PostgresServer, dsn: str, tmp_path: Path) -> None:
    name = dsn.partition("@/")[2].partition("?")[0]
    cases = {
        "mysql://localhost/x": "postgresql://",
        f"postgresql://notary@127.0.0.1:{postgres.port}/{name}": "password",
        f"postgresql://notary@/none?host={postgres.folder}&port={postgres.port}": "does not exist",
        "postgresql://notary@/x?host=/nowhere": "cannot be used now",
    }
    for number, (database, word) in enumerate(cases.items()):
        path = tmp_path / str(number)
        made = run("init", "--data", path, "--database", database, PGPASSFILE="/dev/null")
        assert made.exit_code in (1, 2), made.output
        assert word in " ".join(made.output.split())
        assert "Traceback" not in made.output


def test_a_database_of_another_version_is_not_used(folder: DataFolder, dsn: str) -> None:
    with open_session(dsn) as session:
        session.execute("INSERT INTO migrations VALUES ('9999_later')")
    with pytest.raises(UnavailableError, match="newer version"):
        host_of(folder).check()
    with open_session(dsn) as session:
        session.execute("DELETE FROM migrations WHERE name IN ('9999_later', '0002_hosts')")
    with pytest.raises(UnavailableError, match="older version"):
        host_of(folder).check()


def test_a_backup_says_who_makes_it(folder: DataFolder, tmp_path: Path) -> None:
    result = run("backup", "--data", folder.path, tmp_path / "backup")
    assert result.exit_code != 0
    assert "pg_basebackup" in result.output
    assert not (tmp_path / "backup").exists()
