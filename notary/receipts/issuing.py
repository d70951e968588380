# SPDX-License-Identifier: Apache-2.0
"""Issuing receipts: for a record just placed, and for any record as far as its anchors have come."""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from notary.documents.document import DocumentStore
from notary.envelope import Envelope
from notary.errors import CorruptLogError, HistoryLimitError
from notary.log.cover import CoverStore, cover_of, endorsed, proven
from notary.log.entries import loan_tag, parse_record_entry
from notary.log.reader import Log
from notary.log.signed_note import LogSigner, NoteSigner
from notary.log.submission import Placed, Submission
from notary.parties.keyring import Keyring
from notary.ports.log import LogStore
from notary.ports.parties import Lender, PartyStore
from notary.ports.records import Loan, StoredRecord
from notary.receipts.fresh import FreshReceipts
from notary.receipts.history_receipt import MAX_HISTORY, MAX_RECORDS, HistoryReceipt
from notary.receipts.provenance import words_on_documents
from notary.receipts.receipt import KeyOfParty, Receipt
from notary.receipts.sealed import Environment, write_sealed

ReceiptWriter = Callable[[Lender, Submission, Placed], bytes]


class IssuingStore(LogStore, PartyStore, DocumentStore, CoverStore, Protocol):
    """What receipts are made from."""


class ReceiptIssuer:
    """Writes receipts, sealed with the log's key; `environment` is what they say they are for."""

    def __init__(
        self, store: IssuingStore, keyring: Keyring, signer: LogSigner, environment: Environment = "test"
    ) -> None:
        self._store = store
        self._keyring = keyring
        self._log = Log(store)
        self._signer = signer
        self._environment = environment
        self._fresh = signer.current(), FreshReceipts(signer.current(), environment)

    def fresh(self, lender: Lender, submission: Submission, placed: Placed) -> bytes:
        """Return the receipt of a record from the sequencer's own answer, which holds its proof; reads no log."""
        return self.writer()(lender, submission, placed)

    def writer(self) -> ReceiptWriter:
        """Return what does as `fresh` does, with the log's keys of this moment, for the records of one commit."""
        signer = self._signer.current()
        known, receipts = self._fresh
        if signer is not known:
            _, receipts = self._fresh = signer, FreshReceipts(signer, self._environment)

        def write(lender: Lender, submission: Submission, placed: Placed) -> bytes:
            documents = words_on_documents(self._store, lender.number, submission.payload)
            if not signer.has_signed(placed.checkpoint):
                # The writer has seen a moment earlier or later than this process that the log has another key.
                placed = placed._replace(checkpoint=signer.endorse(placed.checkpoint))
            return receipts.write(lender.name, submission, placed, documents)

        return write

    def stored(self, record: StoredRecord) -> bytes:
        """Return the receipt of a record in the log, under the checkpoint that says most about it.

        Raises `CorruptLogError`, and seals nothing, if the proof does not lead to that checkpoint.
        """
        cover = cover_of(self._store, self._log, record.index)
        entry = next(self._store.entries(record.index, record.index + 1), None)
        if entry is None:
            raise CorruptLogError(f"record {record.record_id} has no entry {record.index}")
        signer = self._signer.current()
        cover = endorsed(cover, self._log, signer)
        proof = proven(self._log, record.index, entry, cover)
        receipt = self._receipt(
            self._store.lender(record.lender),
            record,
            parse_record_entry(entry).tag,
            proof.hashes,
            cover.checkpoint,
            signer,
        )
        return write_sealed(replace(receipt, **cover.members()), signer)

    def history(self, lender: Lender, loan: Loan) -> bytes:
        """Return the history receipt of a loan, under the checkpoint that says most about all its records.

        Raises `HistoryLimitError` for a loan of more records or bytes than such a document may have, `CorruptLogError`,
        and seals nothing, if a proof does not lead to that checkpoint.
        """
        records = self._store.loan_records(lender.number, loan.number)
        if len(records) > MAX_RECORDS:
            raise HistoryLimitError(f"{len(records)} records", f"{MAX_RECORDS} records")
        signer = self._signer.current()
        cover = endorsed(cover_of(self._store, self._log, records[-1].index), self._log, signer)

        def receipt(record: StoredRecord) -> Receipt:
            found = self._receipt(lender, record, loan_tag(loan.key, record.sequence), (), cover.checkpoint, signer)
            return replace(found, inclusion=proven(self._log, record.index, found.entry(), cover).hashes)

        receipts = tuple(map(receipt, records))
        history = HistoryReceipt(
            environment=self._environment,
            lender=lender.name,
            log_key=signer.log_key,
            loan_key=loan.key,
            records=receipts,
            **cover.members(),
        )
        data = write_sealed(history, signer)
        if len(data) > MAX_HISTORY:
            raise HistoryLimitError(f"{len(data)} bytes", f"{MAX_HISTORY} bytes")
        return data

    def _receipt(
        self,
        lender: Lender,
        record: StoredRecord,
        tag: bytes,
        inclusion: tuple[bytes, ...],
        checkpoint: str,
        signer: NoteSigner,
    ) -> Receipt:
        envelope = record.envelope
        return Receipt(
            environment=self._environment,
            lender=lender.name,
            received_at=record.received_at,
            envelope=envelope,
            keys=self._keys(record, envelope),
            documents=words_on_documents(self._store, lender.number, record.payload),
            nonce=record.nonce,
            tag=tag,
            index=record.index,
            inclusion=inclusion,
            checkpoint=checkpoint,
            log_key=signer.log_key,
        )

    def _keys(self, record: StoredRecord, envelope: Envelope) -> tuple[KeyOfParty, ...]:
        keys = self._keyring.keys_of(record.lender, envelope, record.received_at)
        signers = [keys[signature.kid] for signature in envelope.signatures]
        return tuple(map(KeyOfParty.of, signers))
