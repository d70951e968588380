# SPDX-License-Identifier: Apache-2.0
"""Records as the API shows them to their lender."""

from typing import Any

import orjson

from notary.encoding import format_time
from notary.history import Book, Case, Policy, finding_json, findings_of, read_events
from notary.parties.keyring import Keyring
from notary.parties.signatures import Assurance, assurance
from notary.ports.records import StoredRecord
from notary.ports.store import Store
from notary.receipts.document_words import word_json
from notary.receipts.provenance import words_on_documents
from notary.records import parse_record

RECORDED = "recorded"
"""The state of a record that no anchor covers yet."""


class RecordWriter:
    """Turns stored records into JSON members."""

    def __init__(self, store: Store, keyring: Keyring) -> None:
        self._store = store
        self._keyring = keyring

    def summary(self, record: StoredRecord) -> dict[str, Any]:
        """Return one line of a loan's timeline."""
        anchor = self._store.anchor_over(record.index)
        return self.line(record, anchor.state.value if anchor else RECORDED)

    def line(self, record: StoredRecord, state: str) -> dict[str, Any]:
        """Return the summary of a record whose state is known."""
        payload = orjson.loads(record.payload)
        return {
            "id": record.record_id,
            "type": payload["type"],
            "sequence": record.sequence,
            "index": record.index,
            "occurred_at": payload["occurred_at"],
            "received_at": format_time(record.received_at),
            "assurance": self._assurance(record, payload),
            "state": state,
        }

    def whole(self, record: StoredRecord, as_of: int, policy: Policy) -> dict[str, Any]:
        """Return the summary with the record itself, its envelope, the notary's words on its documents, and what is odd
        about it by its loan's history.
        """
        history = self._store.loan_records(record.lender, record.loan)
        words = words_on_documents(self._store, record.lender, record.payload)
        case = Case(Book.of(read_events(history), as_of), policy)
        return {
            **self.summary(record),
            "findings": [finding_json(item) for item in findings_of(case, record.sequence)],
            "loan": record.loan,
            "documents": [word_json(word) for word in words],
            "record": orjson.loads(record.payload),
            "envelope": record.envelope.to_json(),
        }

    def _assurance(self, record: StoredRecord, payload: dict[str, Any]) -> str:
        envelope = record.envelope
        if not envelope.signatures:
            return Assurance.RECEIVED.value
        keys = self._keyring.keys_of(record.lender, envelope, record.received_at)
        return assurance(parse_record(payload), {kid: key.party for kid, key in keys.items()}).value
