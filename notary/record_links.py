# SPDX-License-Identifier: Apache-2.0
"""The links of one record, alone in a receipt or among others in a history receipt: form, signatures, inclusion.

A check returns a sentence for the report, or raises what stands against it.
"""

from notary.canonical import parse_canonical
from notary.checkpoint import Checkpoint
from notary.entries import RecordEntry, commit
from notary.envelope import MAX_PAYLOAD
from notary.errors import Fault, ReceiptError
from notary.hashing import leaf_hash
from notary.keys import parse_jwk
from notary.merkle import InclusionProof, verify_inclusion
from notary.receipt import Receipt
from notary.records import Record, parse_record
from notary.report import NotCheckedError, Report
from notary.signatures import Assurance, PartyOfKey, Schemes, verify_signatures


class RecordLinks:
    """The links of one record; `record` and `assurance` hold what was found, None until it was."""

    def __init__(self, receipt: Receipt, schemes: Schemes, report: Report) -> None:
        self._receipt = receipt
        self._schemes = schemes
        self._report = report
        self.record: Record | None = None
        self.assurance: Assurance | None = None

    def check_record(self) -> str:
        """Check that the payload is a record of a known type."""
        payload = self._receipt.envelope.payload
        self.record = record = parse_record(parse_canonical(payload, limit=MAX_PAYLOAD))
        return f"{record.type} {record.id} of loan {record.loan}"

    def check_signatures(self) -> str:
        """Check every signature with the key that the receipt names for it."""
        if self.record is None:
            raise NotCheckedError("the record could not be read")
        receipt = self._receipt
        keys = [PartyOfKey(item.party, parse_jwk(item.jwk)) for item in receipt.keys]
        if [item.key.kid for item in keys] != [signature.kid for signature in receipt.envelope.signatures]:
            raise ReceiptError(Fault("/keys", "are not the keys of the signatures, in their order"))
        by_id = {item.key.kid: item for item in keys}
        self.assurance = verify_signatures(receipt.envelope, self.record, by_id, self._schemes)
        if self.assurance is not Assurance.RECEIVED:
            self._report.trust("the notary's word for whose keys signed")
        return self.assurance.value

    def check_inclusion(self, checkpoint: Checkpoint) -> str:
        """Check that the record's entry is in the tree of the checkpoint."""
        receipt = self._receipt
        entry = RecordEntry(receipt.tag, commit(receipt.nonce, receipt.envelope.encode())).encode()
        proof = InclusionProof(receipt.index, checkpoint.size, receipt.inclusion)
        verify_inclusion(proof, leaf_hash(entry), checkpoint.root)
        return f"the envelope is committed to by entry {receipt.index} of {checkpoint.size}"
