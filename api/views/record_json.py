# SPDX-License-Identifier: Apache-2.0
"""Records as the API shows them to their lender."""

from typing import Any

import orjson

from notary.encoding import format_time
from notary.history import Book, Case, Policy, finding_json, findings_of, read_events
from notary.ports import Store, StoredRecord
from notary.records import RECORD_TYPES
from notary.signatures import assurance


class RecordWriter:
    """Turns stored records into JSON members."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def summary(self, record: StoredRecord) -> dict[str, Any]:
        """Return one line of a loan's timeline."""
        payload = orjson.loads(record.payload)
        anchor = self._store.anchor_over(record.index)
        return {
            "id": record.record_id,
            "type": payload["type"],
            "sequence": record.sequence,
            "index": record.index,
            "occurred_at": payload["occurred_at"],
            "received_at": format_time(record.received_at),
            "assurance": self._assurance(record, payload["type"]),
            "state": anchor.state.value if anchor else "recorded",
        }

    def whole(self, record: StoredRecord, as_of: int, policy: Policy) -> dict[str, Any]:
        """Return the summary with the record itself, its envelope, and what is odd about it by its loan's history."""
        history = self._store.loan_records(record.lender, record.loan)
        case = Case(Book.of(read_events(history), as_of), policy)
        return {
            **self.summary(record),
            "findings": [finding_json(item) for item in findings_of(case, record.sequence)],
            "loan": record.loan,
            "record": orjson.loads(record.payload),
            "envelope": record.envelope.to_json(),
        }

    def _assurance(self, record: StoredRecord, record_type: str) -> str:
        kids = [signature.kid for signature in record.envelope.signatures]
        parties = {key.party for key in self._store.party_keys(record.lender, kids).values()}
        return assurance(parties, RECORD_TYPES[record_type].signers).value
