# SPDX-License-Identifier: Apache-2.0
"""A loan as the API shows it: where it stood at a moment, and the records that say so."""

from typing import Any

from api.views.record_json import RecordWriter
from notary.history import Book, loan_view, read_events, view_json
from notary.listing import Lists
from notary.parties.keyring import Keyring
from notary.policies import Policies
from notary.ports.parties import Lender
from notary.ports.store import Store


class LoanWriter:
    """Turns stored loans into JSON members."""

    def __init__(self, store: Store, keyring: Keyring, policies: Policies) -> None:
        self._store = store
        self._policies = policies
        self._lists = Lists(store)
        self._write = RecordWriter(store, keyring)

    def whole(self, lender: Lender, number: str, as_of: int) -> dict[str, Any]:
        """Return a loan as it was known at a moment, in milliseconds since 1970."""
        # Asked once for all records, before they are read: what it says of each was so then.
        place = self._lists.begin_loans(as_of)
        records = [record for record in self._store.loan_records(lender.number, number) if record.received_at <= as_of]
        version, policy = self._policies.at(lender, as_of)
        return {
            "loan": number,
            **view_json(loan_view(Book.of(read_events(records), as_of), policy.thresholds)),
            "policy": version,
            "records": [self._write.line(record, place.state(record.index)) for record in records],
        }
