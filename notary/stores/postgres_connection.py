# SPDX-License-Identifier: Apache-2.0
"""Connections to PostgreSQL: how they are made, and what their errors mean.

A URI is libpq's (`postgresql://...`), several hosts and `target_session_attrs` included. What it does not say comes
from libpq's own places (`PGPASSFILE`, `PGSERVICEFILE`, ...).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.numeric import Int8BinaryDumper, Int8Dumper

from notary.errors import CorruptLogError, Fault, InvalidInputError, UnavailableError

Connection = psycopg.Connection[tuple[object, ...]]

_UNLESS_TOLD = {
    "application_name": "loan-notary",
    "connect_timeout": "5",
    # A host that is gone is found out in seconds, not in hours.
    "keepalives_idle": "3",
    "keepalives_interval": "1",
    "keepalives_count": "3",
    "tcp_user_timeout": "5000",
}
_SESSION = """
SELECT set_config(name, value, false) FROM (VALUES
  ('lock_timeout', '8s', '0'),
  ('statement_timeout', '60s', '0'),
  -- A stopped process must not keep what it has locked.
  ('idle_in_transaction_session_timeout', '5s', '0'),
  -- On disk when a commit returns; a server that waits for standbys too is let be.
  ('synchronous_commit', 'on', 'off')
) AS wanted (name, value, instead_of) WHERE current_setting(name) = instead_of
"""
_CORRUPT = (psycopg.IntegrityError, psycopg.errors.DataCorrupted, psycopg.errors.IndexCorrupted)


def parameters(uri: str) -> dict[str, str]:
    """Return the connection parameters of a URI. Raises `UnavailableError`, which tells nothing of a password."""
    try:
        given = {name: str(value) for name, value in conninfo_to_dict(uri).items()}
    except psycopg.ProgrammingError:
        given = {"host": "@"}
    ports = given.get("port", "").split(",")
    # The rest of a password that is not escaped is taken for a host or a port, which errors would then name.
    if "@" in given.get("host", "") or not all(port == "" or port.isdecimal() for port in ports):
        raise UnavailableError(
            "the database's address is not one of PostgreSQL (postgresql://user@host:port/name, special characters as"
            " %XX)"
        ) from None
    return {**_UNLESS_TOLD, **given}


def connect(uri: str) -> Connection:
    """Return a new connection in which each statement is a transaction. Raises `UnavailableError`."""
    wanted = parameters(uri)
    with translated():
        connection = psycopg.connect("", autocommit=True, **wanted)  # type: ignore[arg-type]  # all are libpq's own
        try:
            for dumper in (Int8Dumper, Int8BinaryDumper):
                connection.adapters.register_dumper(int, dumper)
            connection.execute(_SESSION)
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def unhurried(connection: Connection) -> Iterator[None]:
    """Let statements take as long as they need."""
    connection.execute("SET statement_timeout = 0")
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("RESET statement_timeout")
            connection.execute(_SESSION)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what psycopg raises into `CorruptLogError` (rows that contradict each other) or `UnavailableError`.

    The latter is all that is the server's or the network's doing, also after the outcome of a commit got lost.
    """
    try:
        yield
    except psycopg.DataError as error:
        if error.sqlstate is None:
            # The server has not seen it: a NUL, which no text in it can have.
            raise InvalidInputError(Fault("", f"no such value can be in the database: {_text(error)}")) from error
        raise CorruptLogError(f"the database is damaged, or would be: {_text(error)}") from error
    except _CORRUPT as error:
        raise CorruptLogError(f"the database is damaged, or would be: {_text(error)}") from error
    except psycopg.Error as error:
        raise UnavailableError(f"the database cannot be used now: {_text(error)}") from error


def _text(error: psycopg.Error) -> str:
    # Not the detail, which may quote a row.
    return error.diag.message_primary or " ".join(str(error).split())
