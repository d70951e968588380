# SPDX-License-Identifier: Apache-2.0
"""A real PostgreSQL of the machine's own package, with a data folder, a socket and a port of its own."""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from tests.support.service import free_port

_FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
POSTGRES = _FOLDERS[-1] if _FOLDERS else None
ABSENT = "there is no PostgreSQL in /usr/lib/postgresql"
USER, PASSWORD = "notary", "p@ss/word"
_SETTINGS = {"max_connections": "100", "shared_buffers": "32MB", "logging_collector": "off", "wal_level": "replica"}


@dataclass(frozen=True)
class PostgresServer:
    """A running server. `USER` owns every database; over the port he needs `PASSWORD`, over the socket nothing."""

    folder: Path
    port: int
    fsync: bool

    def dsn(self, database: str, *, tcp: bool = False) -> str:
        """Return what to connect with, over the socket or over the port."""
        if tcp:
            return f"postgresql://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{self.port}/{database}"
        return f"postgresql://{USER}@/{database}?host={self.folder}&port={self.port}"

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        settings = _SETTINGS | {"fsync": "on" if self.fsync else "off", "port": str(self.port)}
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        options += f" -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        self._control("-w", "-l", str(self.folder / "server.log"), "-o", options, "start")

    def stop(self, how: str = "fast") -> None:
        """Stop it: "smart", "fast", or "immediate", which is as if the machine had lost its power."""
        self._control("-w", "-m", how, "stop")

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """Make a database as a copy of another one, and drop it at the end; yields its name."""
        name = f"db_{secrets.token_hex(6)}"
        self._administer(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {USER}")
        try:
            yield name
        finally:
            self._administer(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def promote(self) -> None:
        """Make a replica a primary, and wait until it is."""
        self._control("-w", "promote")

    def superuser(self, database: str = "postgres") -> "psycopg.Connection[tuple[object, ...]]":
        """Connect as who may do everything."""
        return psycopg.connect(host=str(self.folder), port=self.port, user="postgres", dbname=database, autocommit=True)

    def _administer(self, statement: str) -> None:
        with self.superuser() as connection:
            connection.execute(statement.encode())

    def _control(self, *arguments: str) -> None:
        _run("pg_ctl", "-D", str(self.folder / "data"), *arguments)


@contextmanager
def running_postgres(*, fsync: bool = False) -> Iterator[PostgresServer]:
    """Run a new server. Its folder is not pytest's, which only root could enter while the server is not root."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    try:
        if _account() is not None:
            shutil.chown(folder, _account())
        # Not the order of bytes: what has to come in that order has to say so.
        order = ("--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US")
        trust = ("--auth-local=trust", "--auth-host=scram-sha-256", "--username=postgres")
        _run("initdb", "-D", str(folder / "data"), "--no-sync", *order, *trust)
        server = PostgresServer(folder, free_port(), fsync)
        server.start()
        try:
            with server.superuser() as connection:
                role = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(USER), PASSWORD)
                connection.execute(role)
            yield server
        finally:
            server.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_replica(primary: PostgresServer) -> Iterator[PostgresServer]:
    """Run a hot standby that follows `primary`, all its databases."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    try:
        if _account() is not None:
            shutil.chown(folder, _account())
        source = ("-h", str(primary.folder), "-p", str(primary.port), "-U", "postgres")
        _run("pg_basebackup", *source, "-D", str(folder / "data"), "-R", "-X", "stream", "-c", "fast", "--no-sync")
        server = PostgresServer(folder, free_port(), primary.fsync)
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _account() -> str | None:
    """Return as whom the server runs where the tests are root's, which PostgreSQL refuses to be."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _run(program: str, *arguments: str) -> None:
    assert POSTGRES is not None
    # To a file and not to a pipe, which the server would keep open.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            [POSTGRES / program, *arguments],
            check=False,
            user=_account(),
            cwd="/",
            env={"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        output.seek(0)
        assert done.returncode == 0, output.read().decode()
