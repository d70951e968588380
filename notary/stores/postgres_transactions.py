# SPDX-License-Identifier: Apache-2.0
"""Transactions on PostgreSQL, each in as few messages as it takes."""

from contextlib import suppress
from zlib import crc32

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus

from notary.stores.postgres_connection import Connection

LOCK_CLASS = int.from_bytes(b"LNtx")
"""Of the advisory locks that keep transactions apart: the first of their two numbers."""


def begin(connection: Connection, alone: str) -> None:
    """Begin a transaction, once all others of the name `alone` (if it has one) have ended: one message to the server.

    Each statement sees what was committed before it, so also what those others did.
    """
    number = crc32(alone.encode()) - (1 << 31)
    lock = f"; SELECT pg_advisory_xact_lock({LOCK_CLASS}, {number})" if alone else ""
    connection.execute(sql.SQL("BEGIN ISOLATION LEVEL READ COMMITTED" + lock))


def roll_back(connection: Connection) -> None:
    """End a transaction that is not to be; one of a broken connection has ended already."""
    if connection.info.transaction_status in {TransactionStatus.INTRANS, TransactionStatus.INERROR}:
        with suppress(psycopg.OperationalError):
            connection.execute("ROLLBACK")
