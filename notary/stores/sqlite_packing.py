# SPDX-License-Identifier: Apache-2.0
"""Brings a database of before records were packed up to date."""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from notary.errors import CorruptLogError
from notary.log.entries import SECRET_SIZE
from notary.privacy.vault import LoanKeys, Vault
from notary.stores.packing import pack, split_signatures
from notary.stores.record_ids import id_text
from notary.stores.statements import STATEMENTS

UNPACKED = "unpacked"
"""The table that is there as long as records may not be packed."""
_PAGE = 1000

_Row = tuple[bytes, int]


def pack_records(connection: sqlite3.Connection, vault: Vault) -> bool:
    """Pack the records that are not, in the transaction under way; tell whether there were any."""
    last = 0
    while rows := connection.execute(STATEMENTS["unpacked_records"], (last, _PAGE)).fetchall():
        connection.executemany(STATEMENTS["save_packed_record"], _packed(rows, vault))
        last = rows[-1][0]
    connection.execute(f"DROP TABLE {UNPACKED}")
    return last > 0


def _packed(rows: Sequence[Sequence[Any]], vault: Vault) -> Iterator[_Row]:
    for index, lender, record_id, sequence, received_at, kind, sealed, *names in rows:
        keys: LoanKeys = vault.loan(*names)
        stands = (lender, index, sequence, received_at, record_id, kind)
        try:
            opened = keys.open_unpacked(*stands, sealed)
        except CorruptLogError:
            # It stays as it is, and goes on not to open: that is for the audit to say.
            continue
        packed = pack(*split_signatures(opened[SECRET_SIZE:]), kind, id_text(record_id), keys.number)
        yield keys.seal_record(*stands, opened[:SECRET_SIZE] + packed), index
