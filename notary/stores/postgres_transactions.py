# SPDX-License-Identifier: Apache-2.0
"""Transactions on PostgreSQL, each in as few messages as it takes."""

from contextlib import suppress
from typing import Any
from zlib import crc32

import psycopg
from psycopg.errors import Diagnostic
from psycopg.pq import TransactionStatus

from notary.errors import UnavailableError
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


def commit(connection: Connection) -> None:
    """Commit a transaction: on disk when this returns, and on the standbys that the server waits for.

    Raises `UnavailableError` where the server was told to wait no longer (`pg_cancel_backend`): it only warns of that.
    """
    warnings: list[str] = []

    def hear(notice: Diagnostic) -> None:
        if notice.severity_nonlocalized == "WARNING":
            warnings.append(notice.message_primary or "")

    connection.add_notice_handler(hear)
    try:
        connection.execute("COMMIT")
    finally:
        connection.remove_notice_handler(hear)
    if warnings:
        raise UnavailableError(f"it is here, but maybe on no standby: {warnings[0]}")


def roll_back(connection: Connection) -> None:
    """End a transaction that is not to be; one of a broken connection has ended already."""
    if connection.info.transaction_status in {TransactionStatus.INTRANS, TransactionStatus.INERROR}:
        with suppress(psycopg.OperationalError):
            connection.execute("ROLLBACK")
