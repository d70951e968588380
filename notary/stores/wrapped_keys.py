# SPDX-License-Identifier: Apache-2.0
"""Wrapping anew what another data key has wrapped, each key where it stands: nowhere is a second copy of it."""

from notary.stores.database import Database

_PART = 500
"""Loans of one transaction: others write between."""


class WrappedKeys(Database):
    """The part of a store that a rotation of the data key needs."""

    def rewrap(self, old: bytes) -> int:
        """Wrap all keys anew that the data key of this id has wrapped; return how many they were.

        Each part is taken alone in the log, so that a commit that wrapped with the old key is seen, or begins after it.
        Raises `DataKeyError`, `UnavailableError`; harmless to repeat.
        """
        with self._transaction("organisations") as rows:
            found = list(rows.all("organisation_keys_of", (old,)))
            if found:
                # Written over, or, on PostgreSQL, gone from the files at its next start or erasure.
                self._destroyed(rows, ("organisation_keys",))
            count = rows.do_each(
                "rewrap_organisation",
                [(self._vault.rewrapped_owner(number, wrapped), number, wrapped) for number, wrapped in found],
            )
        last = 0
        while True:
            with self._transaction("log") as rows:
                part = list(rows.all("loan_keys_of", (last, old, _PART)))
                if part:
                    # Again for each part: an erasure between them sweeps, and forgets what was noted before.
                    self._destroyed(rows, ("loan_keys",))
                count += rows.do_each(
                    "rewrap_loan",
                    [
                        (self._vault.rewrapped_loan(lender, index, wrapped), loan_id, wrapped)
                        for loan_id, lender, index, wrapped in part
                    ],
                )
            if not part:
                return count
            last = part[-1][0]
