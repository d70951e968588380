# SPDX-License-Identifier: Apache-2.0
"""Brings a database of before everything was sealed up to date: what stands in the clear is sealed and swept out.

So is one of before records were packed, whose pages are then more than half empty.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson

from notary.access import Grant, LoanPass
from notary.errors import CorruptLogError, UnavailableError
from notary.ports.drafts import Draft
from notary.ports.records import Loan, StoredRecord
from notary.privacy.vault import LoanKeys, OwnerKeys, Vault
from notary.stores.record_ids import id_text
from notary.stores.record_rows import record_to_row, seal_loan
from notary.stores.sealed_rows import delivery_row, draft_row, grant_row, pass_row
from notary.stores.sqlite_packing import UNPACKED, pack_records
from notary.stores.statements import STATEMENTS
from notary.webhooks import Delivery

Owners = Mapping[int, OwnerKeys]


def seal_clear_rows(connection: sqlite3.Connection, vault: Vault) -> None:
    """Seal what is in the clear, and leave no trace of it in the file; harmless to repeat.

    Raises `UnavailableError` where others read the database, so that its files cannot be swept now.
    """
    connection.isolation_level = None
    connection.execute("BEGIN IMMEDIATE")
    try:
        owners = _give_keys(connection, vault)
        tables = _tables(connection)
        # Before what is in the clear joins them, packed.
        packed = UNPACKED in tables and pack_records(connection, vault)
        if _CLEAR_LOANS in tables:
            _seal_loans(connection, vault, owners)
            for table in tables & _SEALED.keys():
                _SEALED[table](connection, owners)
            for table in ("clear_records", _CLEAR_LOANS, *sorted(tables & _SEALED.keys())):
                connection.execute(f"DROP TABLE {table}")
        if packed or _CLEAR_LOANS in tables:
            # Told apart from the tables: a kill before the file was written anew must not leave it as it is.
            connection.execute(f"CREATE TABLE {_UNSWEPT} (only INTEGER) STRICT")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    if _UNSWEPT in _tables(connection):
        connection.execute("VACUUM")
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise UnavailableError(
                "all is sealed, but the database's files hold what they held as long as somebody reads it: end whatever"
                " has it open, and try again"
            )
        connection.execute(f"DROP TABLE {_UNSWEPT}")


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute(STATEMENTS["tables"])}


def _give_keys(connection: sqlite3.Connection, vault: Vault) -> Owners:
    """Give keys to the organisations that have none; return those of all."""
    for (number,) in connection.execute(STATEMENTS["organisations_without_keys"]).fetchall():
        connection.execute(STATEMENTS["add_owner_keys"], (number, vault.new_owner(number)))
    rows = connection.execute("SELECT organisation, wrapped FROM organisation_keys")
    return {number: vault.owner(number, wrapped) for number, wrapped in rows}


def _seal_loans(connection: sqlite3.Connection, vault: Vault, owners: Owners) -> None:
    loans: dict[int, tuple[Loan, LoanKeys]] = {}
    for loan_id, *members in connection.execute(STATEMENTS["clear_loans"]).fetchall():
        loan = Loan(*members)
        keys, wrapped = vault.new_loan(loan.lender, owners[loan.lender].loan(loan.number), loan.number, loan.key)
        loans[loan_id] = loan, keys
        row = (loan_id, loan.lender, keys.index, loan.records, seal_loan(loan, keys))
        connection.execute(STATEMENTS["add_loan"], row)
        connection.execute(STATEMENTS["add_loan_keys"], (loan_id, loan.lender, wrapped))
    connection.executemany(STATEMENTS["add_record"], _records(connection, loans))


def _records(connection: sqlite3.Connection, loans: Mapping[int, tuple[Loan, LoanKeys]]) -> Iterator[tuple[Any, ...]]:
    for row in connection.execute(STATEMENTS["clear_records"]):
        index, lender, record_id, loan_id, sequence, received_at, nonce, payload, signatures = row
        if loan_id not in loans:
            raise CorruptLogError(f"the record of entry {index} belongs to no loan")
        loan, keys = loans[loan_id]
        stands = (index, lender, id_text(record_id), loan.number, sequence, received_at)
        record = StoredRecord(*stands, nonce, payload, signatures, _type(payload))
        yield record_to_row(record, record_id, loan_id, keys)


def _type(payload: bytes) -> str:
    try:
        return str(orjson.loads(payload).get("type", ""))
    except orjson.JSONDecodeError:
        return ""  # what is wrong with a record is for the audit to say


def _seal_grants(connection: sqlite3.Connection, owners: Owners) -> None:
    for row in connection.execute(STATEMENTS["clear_grants"]).fetchall():
        grant = Grant(*row)
        connection.execute(STATEMENTS["add_grant"], grant_row(grant, owners[grant.lender]))


def _seal_passes(connection: sqlite3.Connection, owners: Owners) -> None:
    for sha256, *row in connection.execute(STATEMENTS["clear_passes"]).fetchall():
        loan_pass = LoanPass(*row)
        connection.execute(STATEMENTS["add_pass"], pass_row(loan_pass, sha256, owners[loan_pass.lender]))


def _seal_drafts(connection: sqlite3.Connection, owners: Owners) -> None:
    for row in connection.execute(STATEMENTS["clear_drafts"]).fetchall():
        draft = Draft(*row)
        connection.execute(STATEMENTS["add_draft"], draft_row(draft, owners[draft.lender]))


def _seal_deliveries(connection: sqlite3.Connection, owners: Owners) -> None:
    for lender, *row in connection.execute(STATEMENTS["clear_deliveries"]).fetchall():
        connection.execute(STATEMENTS["save_delivery"], delivery_row(Delivery(*row), owners[lender]))


_CLEAR_LOANS, _UNSWEPT = "clear_loans", "unswept"
_SEALED: Mapping[str, Callable[[sqlite3.Connection, Owners], None]] = {
    "clear_grants": _seal_grants,
    "clear_passes": _seal_passes,
    "clear_drafts": _seal_drafts,
    "clear_deliveries": _seal_deliveries,
}
"""What seals the rows of each table that organisations' keys seal."""
