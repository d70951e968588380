# SPDX-License-Identifier: Apache-2.0
"""What the PostgreSQL store promises beyond the ports: its tables, its errors, how it comes back and how it forgets."""

import re
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest

import notary.stores
from api.traffic.tables import TrafficTables
from notary.access import Grant, LoanPass
from notary.documents.document import Attachment, AttachmentKind, Document
from notary.errors import CorruptLogError, DataKeyError, InvalidInputError, UnavailableError
from notary.log.submission import Submission
from notary.ports.drafts import Draft
from notary.ports.log import Batch
from notary.privacy.data_key import DataKey
from notary.privacy.vault import Vault
from notary.stores.postgres import PostgresStore
from notary.stores.postgres_connection import connect
from notary.stores.postgres_pool import MOST
from notary.stores.sqlite import SqliteStore
from notary.stores.sqlite_access_log import SqliteAccessLog
from notary.stores.statements import POSTGRES_STATEMENTS, STATEMENTS
from tests.ports.test_store import entry, head
from tests.support.builders import NOW, VAULT, NotaryKit, add_lender, history, kit_over, placed, record_id, submission
from tests.support.postgres import ABSENT, POSTGRES, USER, PostgresServer, running_postgres
from tests.support.service import free_port, until

pytestmark = pytest.mark.skipif(POSTGRES is None, reason=ABSENT)

ONLY_POSTGRES = {"unswept", "migrations", "shared_values", "windows", "seeded_answers"}
LENDER_TOO = {("loan_keys", "lender"), ("holds", "lender")}
"""Columns that only PostgreSQL has."""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server that tests may stop and start; files are brought to disk as in earnest."""
    with running_postgres(fsync=True) as server:
        yield server


@pytest.fixture
def name(server: PostgresServer) -> Iterator[str]:
    with server.database() as name:
        PostgresStore.create(server.dsn(name), VAULT).close()
        yield name


@pytest.fixture
def store(server: PostgresServer, name: str) -> Iterator[PostgresStore]:
    store = PostgresStore(server.dsn(name), VAULT)
    yield store
    store.close()


# --- the tables


def test_both_databases_have_the_same_tables_and_columns(server: PostgresServer, name: str, tmp_path: Path) -> None:
    SqliteStore.create(tmp_path / "notary.db", VAULT).close()
    SqliteAccessLog(tmp_path / "accesses.db").close()
    sqlite = set()
    for path in tmp_path.glob("*.db"):
        with closing(sqlite3.connect(path)) as plain:
            sqlite |= {
                (table, column, bool(required or key))
                for (table,) in plain.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
                if not table.startswith(("sqlite_", "_sqlite"))
                for _, column, _, required, _, key in plain.execute(f"PRAGMA table_info({table})")
            }
    with server.superuser(name) as connection:
        rows = connection.execute(
            "SELECT table_name, column_name, is_nullable = 'NO' FROM information_schema.columns"
            " WHERE table_schema = 'public'"
        ).fetchall()
    postgres = {row for row in rows if row[0] not in ONLY_POSTGRES and row[:2] not in LENDER_TOO}
    assert postgres == sqlite


def test_text_is_compared_by_its_bytes_everywhere(server: PostgresServer, name: str) -> None:
    with server.superuser(name) as connection:
        others = connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'"
        ).fetchall()
    assert others == []


def test_every_statement_that_is_asked_for_is_there_for_both() -> None:
    source = "".join(path.read_text("utf-8") for path in Path(notary.stores.__file__).parent.glob("*_table*.py"))
    asked = set(re.findall(r"rows\.\w+\(\s*\"(\w+)\"", source))
    assert len(asked) > 80
    assert asked <= STATEMENTS.keys()
    assert asked <= POSTGRES_STATEMENTS.keys()


def test_creating_again_changes_nothing_and_many_may_at_once(server: PostgresServer) -> None:
    with server.database() as name:
        faults: list[Exception] = []

        def create() -> None:
            try:
                PostgresStore.create(server.dsn(name), VAULT).close()
            except UnavailableError as error:
                faults.append(error)

        together(create, 4)
        assert faults == []
        store = PostgresStore.create(server.dsn(name), VAULT)
        lender = add_lender(store, "示范银行", b"key", NOW)
        assert PostgresStore.create(server.dsn(name), VAULT).lender(lender.number) == lender
        with pytest.raises(DataKeyError):
            PostgresStore.create(server.dsn(name), Vault(DataKey(bytes(31) + b"x")))
        with server.superuser(name) as connection:
            connection.execute("INSERT INTO migrations VALUES ('9999_later')")
        with pytest.raises(UnavailableError, match="newer version: it has 9999_later"):
            PostgresStore.create(server.dsn(name), VAULT)
        store.close()


# --- errors


@pytest.mark.parametrize(
    "uri",
    [
        "postgresql://notary:top/secret@127.0.0.1:1/notary",
        "postgresql://notary:top@secret@127.0.0.1:1/notary",
        "postgresql://notary:top secret@127.0.0.1:1/notary",
        "postgresql://notary:topsecret@127.0.0.1:1/notary?no=such",
        "postgresql://notary:topsecret@[::1/notary",
        "notary.db",
    ],
)
def test_what_is_no_address_is_said_without_a_password(uri: str) -> None:
    with pytest.raises(UnavailableError) as error:
        PostgresStore(uri, VAULT)
    assert "secret" not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__


def test_a_server_that_does_not_let_us_in_is_unavailable(server: PostgresServer, name: str) -> None:
    for uri, said in {
        server.dsn(name, tcp=True).replace("p%40ss", "pass"): "password authentication failed",
        server.dsn("nowhere"): "does not exist",
        f"postgresql://notary@127.0.0.1:{free_port()}/notary": "refused",
    }.items():
        with pytest.raises(UnavailableError, match=said) as error:
            PostgresStore(uri, VAULT).head()
        assert "ss/word" not in str(error.value)
        with pytest.raises(UnavailableError):
            PostgresStore.create(uri, VAULT)


def test_a_database_without_tables_cannot_be_used(server: PostgresServer) -> None:
    with server.database() as name, pytest.raises(UnavailableError, match='"head" does not exist'):
        PostgresStore(server.dsn(name), VAULT).head()


def test_text_that_cannot_be_stored_is_said_to_be_wrong_and_not_the_log(store: PostgresStore) -> None:
    with pytest.raises(InvalidInputError):
        store.api_key(1, "key\0")


def test_several_processes_rows_that_contradict_each_other_are_a_corrupt_log(store: PostgresStore) -> None:
    with pytest.raises(CorruptLogError) as error:
        store.set_policy(9, "one", NOW, "key")
    # The detail of PostgreSQL's message would quote the row.
    assert "9" not in str(error.value)


def test_what_is_held_too_long_is_unavailable(server: PostgresServer, name: str) -> None:
    store = PostgresStore(server.dsn(name) + "&options=-c%20lock_timeout%3D100ms", VAULT)
    other = PostgresStore(server.dsn(name), VAULT)
    with other.turn(None), ThreadPoolExecutor(1) as thread:
        with pytest.raises(UnavailableError, match="lock timeout"):
            thread.submit(store.commit, None, Batch(head(1), [entry(0)])).result()
        assert store.head() is None
    store.commit(None, Batch(head(1), [entry(0)]))
    store.close()


def test_a_commit_waits_for_another_turn_and_goes_on_from_it(server: PostgresServer, store: PostgresStore) -> None:
    store.commit(None, Batch(head(1), [entry(0)]))
    waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with ThreadPoolExecutor(1) as thread, server.superuser() as watch:
        with store.turn(head(1)):
            waiting = thread.submit(store.commit, head(2), Batch(head(3), [entry(2)]))
            until(lambda: watch.execute(waits).fetchone() == (1,), "the other commit waits")
            store.commit(head(1), Batch(head(2), [entry(1)]))
        waiting.result()
    assert store.head() == head(3)


def test_a_turn_that_is_left_without_a_commit_changes_nothing(store: PostgresStore) -> None:
    with pytest.raises(ZeroDivisionError), store.turn(None):
        raise ZeroDivisionError
    with store.turn(None) as known:
        assert known is None
    store.commit(None, Batch(head(1), [entry(0)]))


def test_few_connections_do_for_many_threads(server: PostgresServer, name: str, store: PostgresStore) -> None:
    assert PostgresStore(server.dsn(name), VAULT)._connections is store._connections
    together(lambda: [store.head() for _ in range(5)], 5 * MOST)
    with server.superuser() as connection:
        row = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = %s", (name,)).fetchone()
    assert row is not None
    assert 1 <= int(str(row[0])) <= MOST


def test_every_connection_is_durable_whatever_the_role_s_setting(server: PostgresServer, name: str) -> None:
    with server.superuser(name) as connection:
        connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        connection.execute(f"ALTER DATABASE {name} SET lock_timeout = '3s'")
    with closing(connect(server.dsn(name))) as connection:
        shown = [connection.execute(f"SHOW {each}").fetchone() for each in ("synchronous_commit", "lock_timeout")]
    assert shown == [("on",), ("3s",)]


# --- a server that goes away


def test_a_restarted_server_is_used_again_without_an_error(server: PostgresServer, store: PostgresStore) -> None:
    store.commit(None, Batch(head(1), [entry(0)]))
    for how in ("fast", "immediate"):
        server.stop(how)
        server.start()
        assert store.head() == head(1)


def test_a_commit_is_not_there_when_the_server_dies_under_it(server: PostgresServer, store: PostgresStore) -> None:
    store.commit(None, Batch(head(1), [entry(0)]))
    with store.turn(head(1)):
        server.stop("immediate")
        with pytest.raises(UnavailableError):
            store.commit(head(1), Batch(head(2), [entry(1)]))
    with pytest.raises(UnavailableError):
        store.head()
    server.start()
    assert store.head() == head(1)
    store.commit(head(1), Batch(head(2), [entry(1)]))


def test_a_commit_that_no_standby_has_is_not_taken_for_made(server: PostgresServer, store: PostgresStore) -> None:
    kit = kit_over(store)
    with server.superuser() as connection, ThreadPoolExecutor(1) as pool:

        def standby(name: str) -> None:
            connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'".encode())
            connection.execute("SELECT pg_reload_conf()")

        def cancelled() -> bool:
            found = connection.execute(
                "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
            )
            return found.rowcount == 1

        standby("gone")
        try:
            # The second time it is there, and still only there.
            for _ in range(2):
                append = pool.submit(kit.sequencer.append, history("A", 1))
                until(cancelled, "the commit waits for a standby")
                with pytest.raises(UnavailableError, match="standby"):
                    append.result()
        finally:
            standby("")
    assert [(item.index, item.fresh) for item in placed(kit.sequencer.append(history("A", 1)))] == [(1, False)]


def test_a_commit_whose_answer_is_lost_is_found_out(server: PostgresServer, name: str) -> None:
    with CutAtCommit(server.folder / f".s.PGSQL.{server.port}") as proxy:
        uri = server.dsn(name, tcp=True).replace(f":{server.port}", f":{proxy.port}")
        kit = kit_over(PostgresStore(uri, VAULT))
        batch = history("L-1", 3)
        proxy.armed.set()
        with pytest.raises(UnavailableError):
            kit.sequencer.append(batch)
        assert proxy.cut.is_set()
        # It was one: what is sent again is known.
        assert {(place.index, place.fresh) for place in placed(kit.sequencer.append(batch))} == {
            (1, False), (2, False), (3, False),
        }  # fmt: skip
        assert placed(kit.sequencer.append(history("L-2", 1, 10)))[0].index == 4
        kit.store.close()


class CutAtCommit:
    """Passes on what goes to a server and back; once `armed`, passes on one COMMIT and hangs up before its answer."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.armed, self.cut = threading.Event(), threading.Event()
        self._ends: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> "CutAtCommit":
        self._start(self._serve)
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for end in (*self._ends, self._listener):
            end.close()

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        self._threads.append(threading.Thread(target=target, args=arguments, daemon=True))
        self._threads[-1].start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                self._ends += [client, server]
                server.connect(str(self._target))
                self._start(self._pump, client, server, True)
                self._start(self._pump, server, client, False)

    def _pump(self, source: socket.socket, target: socket.socket, upwards: bool) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                if upwards and self.armed.is_set() and b"COMMIT\0" in data:
                    self.armed.clear()
                    source.shutdown(socket.SHUT_RDWR)
                    target.sendall(data)
                    # Its answer is read by nobody; the server has done it by then.
                    self.cut.set()
                    return
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def together(work: Callable[[], object], count: int) -> None:
    """Do something in many threads at once."""
    with ThreadPoolExecutor(count) as threads:
        for done in [threads.submit(work) for _ in range(count)]:
            done.result()


# --- how it forgets


def files_with(server: PostgresServer, name: str, secret: bytes) -> list[str]:
    """Return the tables in whose files some bytes are, as they are on disk now."""
    with server.superuser(name) as connection:
        connection.execute("CHECKPOINT")
        rows = connection.execute(
            "SELECT relname, pg_relation_filepath(oid) FROM pg_class WHERE relkind IN ('r', 'i', 't')"
            " AND pg_relation_filepath(oid) IS NOT NULL"
        ).fetchall()
    paths = {str(table): server.folder / "data" / str(path) for table, path in rows}
    found = [table for table, path in paths.items() if path.exists() and secret in path.read_bytes()]
    known = {path.name for path in paths.values()}
    folder = next(iter(paths.values())).parent
    return sorted(found) + [
        path.name for path in folder.iterdir() if path.name not in known and secret in path.read_bytes()
    ]


def secrets_of(server: PostgresServer, name: str) -> dict[str, bytes]:
    """Return what an erasure of the only loan must destroy, by table."""
    queries = {
        "loan_keys": "SELECT wrapped FROM loan_keys", "grants": "SELECT loan FROM grants",
        "passes": "SELECT loan FROM passes", "drafts": "SELECT sealed FROM drafts",
    }  # fmt: skip
    with server.superuser(name) as connection:
        return {table: connection.execute(query.encode()).fetchall()[0][0] for table, query in queries.items()}  # type: ignore[misc]


def kept_loan(store: PostgresStore) -> None:
    """Make a log of one loan, and all else that may tell of a loan."""
    kit = kit_over(store)
    placed(kit.sequencer.append(history("L-1", 2)))
    store.add_organisation("Audit Ltd", "auditor", NOW)
    store.add_draft(Draft(1, record_id(50), b'{"loan":"L-1"}', "[]", "{}", NOW, NOW + 1000))
    store.add_grant(Grant("grant_1", 2, 1, "L-1", None, None, NOW, NOW + 100))
    store.add_pass(LoanPass("pass_1", 1, "L-1", NOW, NOW + 50), b"secret")


def test_no_file_of_the_database_holds_what_an_erasure_destroyed(
    server: PostgresServer, name: str, store: PostgresStore
) -> None:
    kept_loan(store)
    secrets = secrets_of(server, name)
    assert {table: files_with(server, name, secret) for table, secret in secrets.items()} == {
        table: [table] for table in secrets
    }
    store.begin_erasure(1, "L-1", record_id(9))
    store.finish_erasure(1, "L-1", NOW)
    assert {table: files_with(server, name, secret) for table, secret in secrets.items()} == {
        table: [] for table in secrets
    }


def test_no_file_of_the_database_holds_what_an_erasure_removed_of_documents(
    server: PostgresServer, name: str, store: PostgresStore
) -> None:
    kept_loan(store)
    digest, signature = "ab" * 32, b"a signature by somebody whose name is in it"
    store.save_document(Document(1, digest, "", 1, "text/plain", NOW, ()))
    store.save_attachment(1, digest, Attachment("cd" * 32, AttachmentKind.SIGNATURE, NOW, ()), signature)
    assert files_with(server, name, signature) == ["document_attachments"]
    store.begin_erasure(1, "L-1", record_id(9))
    store.remove_document(1, digest)
    store.finish_erasure(1, "L-1", NOW)
    assert files_with(server, name, signature) == files_with(server, name, digest.encode()) == []


def test_an_older_transaction_lets_the_erasure_be_asked_for_again(
    server: PostgresServer, name: str, store: PostgresStore
) -> None:
    kept_loan(store)
    wrapped = secrets_of(server, name)["loan_keys"]
    store.begin_erasure(1, "L-1", record_id(9))
    with server.superuser(name) as reader:
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT count(*) FROM head")
        with pytest.raises(UnavailableError, match="ask again"):
            store.finish_erasure(1, "L-1", NOW)
        reader.execute("COMMIT")
    assert files_with(server, name, wrapped) == ["loan_keys"]
    store.finish_erasure(1, "L-1", NOW + 1)
    assert files_with(server, name, wrapped) == []
    erasure = store.erasure(1, "L-1")
    assert erasure is not None
    assert erasure.erased_at == NOW


def test_answers_that_an_older_transaction_still_sees_are_not_gone(server: PostgresServer, name: str) -> None:
    PostgresStore.create(server.dsn(name), VAULT)
    traffic, sealed = TrafficTables(server.dsn(name)), b"an answer, as it is sealed"
    with server.superuser(name) as connection:
        connection.execute("INSERT INTO seeded_answers VALUES (1, 'a', 'b', 1, 1, 'c', 1, 200, 'd', %s)", (sealed,))
    with server.superuser(name) as reader:
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT count(*) FROM head")
        traffic.forget("forget_answers_about_loans", 1)
        with pytest.raises(UnavailableError, match="ask again"):
            traffic.sweep()
        reader.execute("COMMIT")
    assert files_with(server, name, sealed) == ["seeded_answers"]
    traffic.sweep()
    assert files_with(server, name, sealed) == []


def test_a_start_sweeps_what_a_kill_has_left(server: PostgresServer, name: str, store: PostgresStore) -> None:
    kept_loan(store)
    wrapped = secrets_of(server, name)["loan_keys"]
    with server.superuser(name) as connection:
        connection.execute("UPDATE loan_keys SET wrapped = '\\x00'")
        connection.execute("INSERT INTO unswept (table_name) VALUES ('loan_keys')")
    assert files_with(server, name, wrapped) == ["loan_keys"]
    PostgresStore.create(server.dsn(name), VAULT)
    assert files_with(server, name, wrapped) == []


def test_what_a_data_key_had_wrapped_before_its_rotation_is_gone_from_the_files_after_a_start(
    server: PostgresServer, name: str, store: PostgresStore
) -> None:
    kept_loan(store)
    wrapped = secrets_of(server, name)["loan_keys"]
    # Two organisations and a loan; the key that wraps here is the same before and after.
    assert store.rewrap(wrapped[:8]) == 3
    PostgresStore.create(server.dsn(name), VAULT)
    assert files_with(server, name, wrapped) == []


def test_what_a_rotation_wraps_anew_after_a_sweep_is_gone_from_the_files_too(
    server: PostgresServer, name: str, store: PostgresStore
) -> None:
    kept_loan(store)
    wrapped = secrets_of(server, name)["loan_keys"]
    with server.superuser(name) as connection:
        # As it is when a kill, and the sweep of the start after it, came before the loans' turn.
        connection.execute("CREATE TABLE away AS SELECT * FROM organisation_keys")
        connection.execute("UPDATE organisation_keys SET wrapped = '\\x00'")
        assert store.rewrap(wrapped[:8]) == 1
        connection.execute(
            "UPDATE organisation_keys k SET wrapped = a.wrapped FROM away a WHERE a.organisation = k.organisation"
        )
        connection.execute("DROP TABLE away")
    PostgresStore.create(server.dsn(name), VAULT)
    assert files_with(server, name, wrapped) == []


# --- damage


def test_amcheck_finds_an_index_that_leads_elsewhere(server: PostgresServer, name: str, store: PostgresStore) -> None:
    with server.superuser(name) as connection:
        assert store.damage() == []
        connection.execute("CREATE EXTENSION amcheck")
        assert store.damage() == []
        for function in ("bt_index_check(regclass, boolean)", "verify_heapam"):
            connection.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {USER}")
        assert store.damage() == []
        change = "UPDATE pg_index SET indisready = %s WHERE indexrelid = 'organisations_pkey'::regclass"
        connection.execute(change, (False,))
        with closing(connect(server.dsn(name))) as writer:
            writer.execute("INSERT INTO organisations (name, created_at) VALUES ('hidden', 1)")
        connection.execute(change, (True,))
    assert ["organisations_pkey" in text for text in store.damage()] == [True]


# --- commits of few rows and of many


@pytest.mark.parametrize("count", [1, 128, 129, 300])
def test_few_rows_and_many_are_committed_alike(store: PostgresStore, count: int) -> None:
    kit = kit_over(store)
    numbers = range(1, count + 1)
    placed(kit.sequencer.append([submission(number, f"L-{number}", "agreement") for number in numbers]))
    more = [submission(1000 + number, f"L-{number}", "repayment") for number in numbers]
    assert [item.index for item in placed(kit.sequencer.append(more))] == list(range(count + 1, 2 * count + 1))
    assert [loan.number for _, loan in store.records()] == [f"L-{number}" for number in numbers] * 2
    assert {loan.records for _, loan in store.records()} == {2}
    assert len(list(store.entries(0, 1000))) == 2 * count + 1
    assert kit.log.root(2 * count + 1) == kit.log.head().root


@pytest.mark.parametrize("count", [1, 129])
def test_a_commit_that_the_server_refuses_leaves_nothing(store: PostgresStore, count: int) -> None:
    kit = kit_over(store)
    placed(kit.sequencer.append(history("L-1", 1)))
    before = kit.log.head()
    with store.lent() as connection:
        connection.execute("INSERT INTO entries VALUES (%s, '')", (before.size + count - 1,))
    asked = [submission(100 + number, f"M-{number}", "agreement") for number in range(count)]
    with pytest.raises(CorruptLogError, match="duplicate key"):
        kit.sequencer.append(asked)
    assert kit.log.head() == before
    assert len(list(store.records())) == 1
    with store.lent() as connection:
        connection.execute("DELETE FROM entries WHERE entry_index >= %s", (before.size,))
    assert len(placed(kit.sequencer.append(asked))) == count


def sent_for(store: PostgresStore, kit: NotaryKit, asked: list[Submission], trace: Path) -> list[str]:
    """Return the messages of a commit that the server is waited for after."""
    with trace.open("wb") as file:
        # The one connection that there is, and is lent again.
        with store.lent() as connection:
            connection.pgconn.trace(file.fileno())
        placed(kit.sequencer.append(asked))
        connection.pgconn.untrace()
    lines = (line.split("\t") for line in trace.read_text().splitlines())
    sent = [kind.strip() for _, side, _, kind, *_ in (line for line in lines if len(line) > 3) if side == "F"]
    return [kind for kind in sent if kind in ("Query", "Sync", "CopyDone")]


def test_few_rows_go_together_and_many_are_copied(store: PostgresStore, tmp_path: Path) -> None:
    kit = kit_over(store)
    placed(kit.sequencer.append(history("L-1", 8)))
    few = sent_for(store, kit, [submission(100, "L-1", "repayment")], tmp_path / "few")
    # 14 and more with a wait for each of its writes.
    assert 0 < len(few) <= 10
    assert "CopyDone" not in few
    many = [submission(200 + number, "L-1", "repayment") for number in range(129)]
    assert sent_for(store, kit, many, tmp_path / "many").count("CopyDone") == 2
