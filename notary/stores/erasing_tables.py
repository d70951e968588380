# SPDX-License-Identifier: Apache-2.0
"""Legal holds and erasures.

A loan's keys are overwritten, its records deleted, and what else tells of it deleted or changed. `Database._sweep` then
sees to it that the files hold nothing of what stood there.
"""

from typing import Any

from notary.errors import ErasedError, HeldError, NotFoundError
from notary.ports.records import Hold
from notary.privacy.erasing import Erasure
from notary.privacy.vault import OwnerKeys
from notary.stores.database import Database, Runner
from notary.stores.record_ids import id_text
from notary.stores.sealed_rows import delivery_row, open_delivery
from notary.webhooks import without_loan

_ALONE = "holds and erasures"


class ErasingTables(Database):
    """Implements `notary.privacy.erasing.ErasureStore` in the same database as the store."""

    def set_hold(self, lender: int, loan: str, hold: Hold) -> bool:
        with self._transaction(_ALONE) as rows:
            loan_id, erasure, _ = self._found(rows, lender, loan)
            if erasure:
                raise ErasedError(erasure)
            return rows.do("add_hold", {"lender": lender, "loan": loan_id, "by": hold.by, "at": hold.set_at}) == 1

    def lift_hold(self, lender: int, loan: str, by: str) -> bool:
        with self._transaction(_ALONE) as rows:
            loan_id, *_ = self._found(rows, lender, loan)
            return rows.do("remove_hold", (loan_id, by)) == 1

    def holds(self, lender: int, loan: str) -> tuple[Hold, ...]:
        with self._reading() as rows:
            loan_id, erasure, _ = self._found(rows, lender, loan)
            if erasure:
                raise ErasedError(erasure)
            return _holds(rows, loan_id)

    def erasure(self, lender: int, loan: str) -> Erasure | None:
        with self._reading() as rows:
            loan_id, erasure, erased_at = self._found(rows, lender, loan)
            return Erasure(erasure, lender, _entries(rows, loan_id), erased_at) if erasure else None

    def begin_erasure(self, lender: int, loan: str, erasure: str) -> Erasure:
        with self._transaction(_ALONE) as rows:
            loan_id, begun, erased_at = self._found(rows, lender, loan)
            if not begun:
                if held := _holds(rows, loan_id):
                    raise HeldError(tuple(hold.by for hold in held))
                rows.do("begin_erasure", (erasure, loan_id))
            return Erasure(begun or erasure, lender, _entries(rows, loan_id), erased_at)

    def finish_erasure(self, lender: int, loan: str, now: int) -> None:
        owner = self.owner_keys(lender)
        with self._transaction(_ALONE) as rows:
            loan_id, erasure, erased_at = self._found(rows, lender, loan)
            if erasure and erased_at is None:
                _wipe_loan(rows, owner, loan_id, now)
                # What a loan's keys have sealed is gone with them, wherever a copy is left.
                self._destroyed(rows, {"loan_keys"} | _wipe_sealed_by_owner(rows, owner, lender, loan))
        self._sweep()

    def unfinished_erasures(self) -> list[tuple[int, str]]:
        found = self._rows.all("unfinished_erasures")
        return [(lender, self._vault.loan(lender, index, wrapped).number) for lender, index, wrapped in found]

    def erasure_of_record(self, lender: int, record_id: str) -> str:
        row = self._rows.one("erasure_of_record", (lender, self.owner_keys(lender).record(record_id)))
        return row[0] if row else ""

    def loan_reference(self, lender: int, loan: str) -> str:
        return self.owner_keys(lender).loan_reference(loan)

    def loan_of_reference(self, lender: int, reference: str) -> str | None:
        index = bytes.fromhex(reference.removeprefix("loan_"))
        [row] = self._rows.each("find_loan", [(lender, index)])
        if row is None:
            return None
        _, _, wrapped, _, _, erasure, _ = row
        return None if erasure else self._vault.loan(lender, index, wrapped).number

    def _found(self, rows: Runner, lender: int, loan: str) -> Any:
        row = rows.one("erasure", (lender, self._index(lender, loan)))
        if row is None:
            raise NotFoundError("you have no loan of this number")
        return row


def _wipe_loan(rows: Runner, owner: OwnerKeys, loan_id: int, now: int) -> None:
    records = list(rows.all("records_to_erase", (loan_id,)))
    left = [(index, whose, owner.record(id_text(record_id)), of) for index, whose, record_id, of in records]
    rows.do_each("add_erased_record", left)
    rows.do("remove_records", (loan_id,))
    rows.do("wipe_loan_keys", (loan_id,))
    rows.do("wipe_loan", (b"", now, loan_id))


def _wipe_sealed_by_owner(rows: Runner, owner: OwnerKeys, lender: int, loan: str) -> set[str]:
    """Wipe what keys have sealed that outlive the loan; return the tables that it stood in."""
    index = owner.loan(loan)
    changed = {
        "drafts": rows.do("wipe_drafts", (lender, index)),
        "grants": rows.do("wipe_grants", (b"", lender, index)),
        "passes": rows.do("wipe_passes", (b"", lender, index)),
        "deliveries": 0,
    }
    # First: messages that are being added now are there before they are read, or are not added any more.
    rows.do("count_erasure", (lender,))
    for row in list(rows.all("messages_of_lender", (lender,))):
        message = open_delivery(row, owner)
        rest = without_loan(message, loan)
        if rest is None:
            changed["deliveries"] += rows.do("remove_message", (message.id,))
        elif rest != message:
            changed["deliveries"] += rows.do("change_message", (delivery_row(rest, owner)[2], message.id))
    return {table for table, count in changed.items() if count}


def _holds(rows: Runner, loan_id: int) -> tuple[Hold, ...]:
    return tuple(Hold(*row) for row in rows.all("holds", (loan_id,)))


def _entries(rows: Runner, loan_id: int) -> tuple[int, ...]:
    return tuple(index for (index,) in rows.all("entries_of_loan", {"loan": loan_id}))
