# SPDX-License-Identifier: Apache-2.0
"""A database's loans and records in the clear, as they stood before they were sealed: for tests that change rows."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from notary.privacy.vault import Vault
from notary.stores.record_ids import id_bytes
from notary.stores.record_rows import RECORD_COLUMNS, open_loan, open_record
from notary.stores.sqlite_sealing import seal_clear_rows
from notary.stores.statements import STATEMENTS
from tests.support.builders import VAULT

_TABLES = (
    "CREATE TABLE clear_loans (loan_id INTEGER PRIMARY KEY, lender, number, key, state, records, last_digest)",
    "CREATE TABLE clear_records (entry_index INTEGER PRIMARY KEY, lender, record_id, loan_id, sequence, received_at,"
    " nonce, payload, signatures)",
)


@contextmanager
def in_the_clear(path: Path, vault: Vault = VAULT) -> Iterator[sqlite3.Connection]:
    """Show `loans` and `records` in the clear for a while; what is changed in them is sealed again at the end."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        for table in _TABLES:
            connection.execute(table)
        _open(connection, vault)
        for old, new in (("loans", "sealed_loans"), ("records", "sealed_records")):
            connection.execute(f"ALTER TABLE {old} RENAME TO {new}")
            connection.execute(f"ALTER TABLE clear_{old} RENAME TO {old}")
        yield connection
        for name in ("loans", "records"):
            connection.execute(f"ALTER TABLE {name} RENAME TO clear_{name}")
            connection.execute(f"ALTER TABLE sealed_{name} RENAME TO {name}")
        for name in ("records", "loans", "loan_keys"):
            connection.execute(f"DELETE FROM {name}")
        seal_clear_rows(connection, vault)


def _open(connection: sqlite3.Connection, vault: Vault) -> None:
    loans = connection.execute(
        "SELECT l.lender, l.number_index, k.wrapped, l.records, l.sealed, l.erasure, l.loan_id"
        " FROM loans l JOIN loan_keys k USING (loan_id)"
    ).fetchall()
    for *row, loan_id in loans:
        loan = open_loan(vault, row)
        values = (loan_id, loan.lender, loan.number, loan.key, loan.state, loan.records, loan.last_digest)
        connection.execute("INSERT INTO clear_loans VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    for row in connection.execute(STATEMENTS["records"], (0, -1)).fetchall():
        item = open_record(vault, row[:RECORD_COLUMNS])
        (loan_id,) = connection.execute("SELECT loan_id FROM records WHERE entry_index = ?", (item.index,)).fetchone()
        values = (
            item.index, item.lender, id_bytes(item.record_id), loan_id, item.sequence, item.received_at, item.nonce,
            item.payload, item.signatures,
        )  # fmt: skip
        connection.execute("INSERT INTO clear_records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
