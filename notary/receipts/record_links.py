# SPDX-License-Identifier: Apache-2.0
"""The links of one record, alone in a receipt or among others in a history receipt: form, signatures, inclusion,
documents.

A check returns a sentence for the report, or raises what stands against it.
"""

from notary.canonical import parse_canonical
from notary.envelope import MAX_PAYLOAD
from notary.errors import Fault, ReceiptError
from notary.hashing import leaf_hash
from notary.log.checkpoint import Checkpoint
from notary.log.merkle import InclusionProof, verify_inclusion
from notary.parties.certificates import certified_key
from notary.parties.keys import parse_jwk
from notary.parties.signatures import Assurance, PartyOfKey, Schemes, verify_recorded
from notary.receipts.document_links import compare_documents
from notary.receipts.receipt import KeyOfParty, Receipt
from notary.receipts.report import NotCheckedError, Report, UntoldError
from notary.records import Record, parse_record


class RecordLinks:
    """The links of one record; `record`, `assurance` and `signers` hold what was found, once it was."""

    def __init__(self, receipt: Receipt, schemes: Schemes, report: Report) -> None:
        self._receipt = receipt
        self._schemes = schemes
        self._report = report
        self.record: Record | None = None
        self.assurance: Assurance | None = None
        self.signers: list[dict[str, str | None]] = []

    def check_record(self) -> str:
        """Check that the payload is a record of a known type."""
        payload = self._receipt.envelope.payload
        self.record = record = parse_record(parse_canonical(payload, limit=MAX_PAYLOAD))
        return f"{record.type} {record.id} of loan {record.loan}"

    def check_signatures(self) -> str:
        """Check every signature with the key that the receipt names for it."""
        if self.record is None:
            raise NotCheckedError("the record could not be read")
        receipt, moment = self._receipt, self._receipt.received_at
        keys = self._keys()
        self.assurance, doubts = verify_recorded(receipt.envelope, self.record, keys, self._schemes, moment)
        self.signers = [{"party": item.party, "kid": kid, "subject": item.subject} for kid, item in keys.items()]
        if self.assurance is not Assurance.RECEIVED:
            self._report.trust("the notary's word for whose keys signed, and when these keys were valid")
        for domain in filter(None, (signature.domain for signature in receipt.envelope.signatures)):
            name = f"registry {domain.registry} on chain {domain.chain_id}"
            self._report.trust(f"that {name}, which a wallet signed for, was the notary's")
        if doubts:
            raise UntoldError("; ".join(doubts))
        return self.assurance.value

    def _keys(self) -> dict[str, PartyOfKey]:
        """Return the receipt's keys by their id, in the order of the signatures that they made."""
        receipt = self._receipt
        keys = [self._key(number, item) for number, item in enumerate(receipt.keys)]
        if [item.key.kid for item in keys] != [signature.kid for signature in receipt.envelope.signatures]:
            raise ReceiptError(Fault("/keys", "are not the keys of the signatures, in their order"))
        return {item.key.kid: item for item in keys}

    def _key(self, number: int, item: KeyOfParty) -> PartyOfKey:
        """Return one of the receipt's keys, which its certificates must vouch for if it came with some."""
        key = parse_jwk(item.jwk)
        signatures = self._receipt.envelope.signatures
        chained = number < len(signatures) and bool(signatures[number].x5c)
        if chained != (item.root is not None):
            raise ReceiptError(Fault(f"/keys/{number}/root", "is there exactly if the signature has an x5c"))
        if item.root is None:
            return PartyOfKey(item.party, key, item.validity)
        certified = certified_key(signatures[number], [item.root], self._receipt.received_at, self._schemes)
        # It is of the signature's key id, as `key` must be: no two keys have one id.
        return PartyOfKey(item.party, key, item.validity, root=item.root, subject=certified.subject)

    @property
    def speaks_of_documents(self) -> bool:
        """Whether the record names documents, or the receipt says something of any."""
        return bool(self._receipt.documents or (self.record and self.record.documents))

    def check_documents(self) -> str:
        """Check that the notary's words are on the documents that the record names."""
        if self.record is None:
            raise NotCheckedError("the record could not be read")
        if self._receipt.documents:
            self._report.trust("the notary's word for which documents were deposited, when, and what it found in them")
        return compare_documents(self._receipt, self.record)

    def check_inclusion(self, checkpoint: Checkpoint) -> str:
        """Check that the record's entry is in the tree of the checkpoint."""
        receipt = self._receipt
        proof = InclusionProof(receipt.index, checkpoint.size, receipt.inclusion)
        verify_inclusion(proof, leaf_hash(receipt.entry()), checkpoint.root)
        return f"the envelope is committed to by entry {receipt.index} of {checkpoint.size}"
