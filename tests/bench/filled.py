# SPDX-License-Identifier: Apache-2.0
"""Fills a log with millions of entries and their records, as fast as the store takes them; nothing is checked.

The records are as small as records can be, because their length is not what is measured. Each takes half a kilobyte on
disk.
"""

from hashlib import sha256

from notary.hashing import leaf_hashes
from notary.log.entries import RECORD
from notary.log.reader import Log
from notary.log.right_edge import RightEdge
from notary.log.signed_note import NoteSigner
from notary.ports.log import Batch
from notary.ports.records import Loan, StoredRecord
from notary.stores.sqlite import SqliteStore
from tests.support.builders import NOW, head_of, record_id

_COMMIT = 16_384
_LOAN = 64
_FIRST_ID = 1_000_000_000
"""Far from those that benchmarks submit."""


def fill(store: SqliteStore, signer: NoteSigner, size: int) -> None:
    """Append to the log that is there until it has `size` entries; all records are the first lender's."""
    head = Log(store).head()
    edge = RightEdge.load(head.size, store.read_tiles)
    for start in range(head.size, size, _COMMIT):
        numbers = range(start, min(start + _COMMIT, size))
        entries = [RECORD + sha256(b"%d" % number).digest() * 2 for number in numbers]
        edge.extend(leaf_hashes(entries))
        batch = Batch(
            head_of(edge.size, edge.root(), signer),
            entries,
            [_record(number) for number in numbers],
            [_loan(number) for number in range(numbers[0] // _LOAN, numbers[-1] // _LOAN + 1)],
            edge.take_changed_tiles(start),
        )
        store.commit(head, batch)
        head = batch.head


def filled_id(number: int) -> str:
    """Return the id of the record of an entry."""
    return record_id(_FIRST_ID + number)


def _record(number: int) -> StoredRecord:
    loan, sequence = divmod(number, _LOAN)
    payload = b'{"id":"%b","loan":"L-%d","type":"repayment"}' % (filled_id(number).encode(), loan)
    return StoredRecord(
        number,
        1,
        filled_id(number),
        f"L-{loan}",
        sequence,
        NOW + number,
        sha256(payload).digest(),
        payload,
        "[]",
        "repayment",
    )


def _loan(number: int) -> Loan:
    name = f"L-{number}"
    return Loan(1, name, sha256(name.encode()).digest(), "active", _LOAN, bytes(32))
