# SPDX-License-Identifier: Apache-2.0
"""The tables on PostgreSQL: made, brought up to date, and looked over for damage."""

import psycopg

from notary.errors import UnavailableError
from notary.stores.postgres_connection import Connection, unhurried
from notary.stores.postgres_transactions import begin, roll_back
from notary.stores.statements import POSTGRES_MIGRATIONS

_INDEXES = """
SELECT c.oid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
WHERE a.amname = 'btree' AND c.relnamespace = current_schema()::regnamespace AND i.indisvalid ORDER BY 1
"""
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"


def bring_up_to_date(connection: Connection) -> None:
    """Apply the migrations that were not, all in one transaction; harmless to repeat, also where others do it now.

    Changes nothing where there is nothing to apply, so that a standby, or a role that may make no tables, will do.
    Raises `UnavailableError` for a database of a newer version, and what psycopg raises.
    """
    if _applied(connection) == POSTGRES_MIGRATIONS.keys():
        return
    try:
        begin(connection, "schema")
        connection.execute('CREATE TABLE IF NOT EXISTS migrations (name TEXT COLLATE "C" PRIMARY KEY)')
        applied = _applied(connection)
        if newer := sorted(applied - POSTGRES_MIGRATIONS.keys()):
            raise UnavailableError(f"the database is of a newer version: it has {newer[-1]}")
        for name, script in POSTGRES_MIGRATIONS.items():
            if name not in applied:
                connection.execute(script)
                connection.execute("INSERT INTO migrations VALUES (%s)", (name,))
        connection.execute("COMMIT")
    except BaseException:
        roll_back(connection)
        raise


def check_version(connection: Connection) -> None:
    """Raise `UnavailableError` for a database that is not of this version."""
    applied = _applied(connection)
    if newer := sorted(applied - POSTGRES_MIGRATIONS.keys()):
        raise UnavailableError(f"the database is of a newer version: it has {newer[-1]}")
    if older := sorted(POSTGRES_MIGRATIONS.keys() - applied):
        raise UnavailableError(f"the database is of an older version, without {older[0]}: `loan-notary init` first")


def _applied(connection: Connection) -> set[str]:
    if connection.execute("SELECT to_regclass('migrations')").fetchone() == (None,):
        return set()
    return {str(name) for (name,) in connection.execute("SELECT name FROM migrations")}


def damage(connection: Connection) -> list[str]:
    """Return what amcheck finds wrong with tables and indexes; nothing where it is not there, or not ours to use."""
    if connection.execute("SELECT 1 FROM pg_extension WHERE extname = 'amcheck'").fetchone() is None:
        return []
    found: list[str] = []
    with unhurried(connection):
        try:
            for (name,) in connection.execute(_TABLES).fetchall():
                faults = connection.execute("SELECT blkno, offnum, msg FROM verify_heapam(%s::regclass)", (name,))
                found += [f"table {name}, page {page}, row {row}: {text}" for page, row, text in faults]
            for (name,) in connection.execute(_INDEXES).fetchall():
                try:
                    connection.execute("SELECT bt_index_check(%s::regclass, true)", (name,))
                except (psycopg.errors.IndexCorrupted, psycopg.errors.DataCorrupted) as error:
                    found.append(f"index {name}: {error.diag.message_primary}")
        except psycopg.errors.InsufficientPrivilege:
            return []
    return found
