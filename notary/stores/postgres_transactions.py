# SPDX-License-Identifier: Apache-2.0
"""Transactions on PostgreSQL, each in as few messages as it takes."""

from contextlib import suppress
from typing import Any
from zlib import crc32

import psycopg
from psycopg.pq import TransactionStatus

from notary.stores.postgres_connection import Connection

LOCK_CLASS = int.from_bytes(b"LNtx")
"""Of the advisory locks that keep transactions apart: the first of their two numbers."""


def begin(connection: Connection, alone: str) -> None:
    """Begin a transaction, once all others of the name `alone` (if it has one) have ended: one message to the server.

    Each statement sees what was committed before it, so also what those others did.
    """
    connection.execute(_beginning(alone))


def begin_reading(connection: Connection, alone: str, statement: bytes) -> Any:
    """Do what `begin` does, and return the first row of a statement after it, if it has one: still one message."""
    cursor = connection.execute(_beginning(alone) + b"; " + statement)
    while cursor.nextset():
        pass
    return cursor.fetchone()


def _beginning(alone: str) -> bytes:
    number = crc32(alone.encode()) - (1 << 31)
    lock = b"; SELECT pg_advisory_xact_lock(%d, %d)" % (LOCK_CLASS, number) if alone else b""
    return b"BEGIN ISOLATION LEVEL READ COMMITTED" + lock


def roll_back(connection: Connection) -> None:
    """End a transaction that is not to be; one of a broken connection has ended already."""
    if connection.info.transaction_status in {TransactionStatus.INTRANS, TransactionStatus.INERROR}:
        with suppress(psycopg.OperationalError):
            connection.execute("ROLLBACK")
