# SPDX-License-Identifier: Apache-2.0
"""Receipts: one JSON document that shows what the notary recorded, for ever and without the notary.

What it has in common with a history receipt, the seal above all, is in `notary.receipts.sealed`.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import Field

from notary.canonical import parse_canonical
from notary.encoding import b64, b64url, format_time
from notary.envelope import Envelope, envelope_from_json
from notary.errors import Fault, ReceiptError
from notary.log.entries import RecordEntry, commit
from notary.parties.signatures import Party, PartyOfKey
from notary.parties.validity import Validity
from notary.receipts.document_words import DocumentShape, DocumentWord, word_json
from notary.receipts.fields import Blob, Hashes, Secret, Time, Whole, read_shape
from notary.receipts.sealed import SealedDocument, SealedShape
from notary.records.fields import Model

FORMAT = "loan-notary/receipt@1"
MAX_RECEIPT = 512 * 1024


@dataclass(frozen=True)
class KeyOfParty:
    """A public key (JWK), the party that it was registered for, such as "lender" or "borrower", and when it counts.

    `root` is the party's registered CA certificate (DER), where the signature came with a chain of certificates.
    """

    party: str
    jwk: dict[str, str]
    validity: Validity
    root: bytes | None = None

    @classmethod
    def of(cls, signer: PartyOfKey) -> Self:
        """Return what a receipt tells of the key that a signature was verified with."""
        return cls(signer.party, signer.key.jwk, signer.validity, signer.root)

    def members(self) -> dict[str, Any]:
        """Return the JSON members."""
        root = None if self.root is None else b64(self.root)
        return {"party": self.party, "jwk": self.jwk, **self.validity.members(), "root": root}


@dataclass(frozen=True, kw_only=True)
class Receipt(SealedDocument):
    """What a receipt holds.

    `documents` are the notary's words on the documents that the record names, in their order. `nonce` and `tag` open
    the entry at `index`; `inclusion` leads from it to the root in `checkpoint`. `received_at` is
    in milliseconds since 1970.
    """

    format = FORMAT

    received_at: int
    envelope: Envelope
    keys: tuple[KeyOfParty, ...]
    nonce: bytes
    tag: bytes
    index: int
    inclusion: tuple[bytes, ...]
    documents: tuple[DocumentWord, ...] = ()

    def entry(self) -> bytes:
        """Return the entry of the log that the receipt opens."""
        return RecordEntry(self.tag, commit(self.nonce, self.envelope.encode())).encode()

    def members(self) -> dict[str, Any]:
        """Return the JSON members without the seal."""
        return {**super().members(), **self.record_members(), "tag": b64url(self.tag)}

    def record_members(self) -> dict[str, Any]:
        """Return the members that a history receipt has for each record too; `RecordShape` reads them."""
        return {
            "received_at": format_time(self.received_at),
            "envelope": self.envelope.to_json(),
            "keys": [item.members() for item in self.keys],
            "documents": [word_json(word) for word in self.documents],
            "nonce": b64url(self.nonce),
            "index": self.index,
            "inclusion": [b64(value) for value in self.inclusion],
        }


def parse_receipt(data: bytes) -> Receipt:
    """Read a receipt; nothing in it is verified. Raises `InvalidInputError` of several kinds."""
    return receipt_from_json(parse_canonical(data, limit=MAX_RECEIPT))


def receipt_from_json(value: Any) -> Receipt:
    """Read a receipt from its parsed JSON. Raises `InvalidInputError` of several kinds."""
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise ReceiptError(Fault("/format", f"only receipts of the format {FORMAT} are known here"))
    shape = read_shape(_ReceiptShape, value)
    receipt = Receipt(tag=shape.tag, **shape.common(), **shape.record(""))
    shape.check_state(receipt)
    return receipt


class _KeyShape(Model):
    party: Party
    jwk: dict[str, str]
    valid_from: Time
    valid_until: Time | None
    revoked_from: Time | None
    root: Blob | None

    def key(self) -> KeyOfParty:
        validity = Validity(self.valid_from, self.valid_until, self.revoked_from)
        return KeyOfParty(self.party, self.jwk, validity, self.root)


class RecordShape(Model):
    """What opens one record's entry, as it is read."""

    received_at: Time
    envelope: dict[str, Any]
    keys: Annotated[tuple[_KeyShape, ...], Field(strict=False, max_length=16)]
    documents: Annotated[tuple[DocumentShape, ...], Field(strict=False, max_length=256)]
    nonce: Secret
    index: Whole
    inclusion: Hashes

    def record(self, pointer: str) -> dict[str, Any]:
        """Return the arguments that `Receipt` takes of these, which stand at `pointer` in their document.

        Raises `InvalidEnvelopeError`.
        """
        return {
            "received_at": self.received_at,
            "envelope": envelope_from_json(self.envelope, f"{pointer}/envelope"),
            "keys": tuple(item.key() for item in self.keys),
            "documents": tuple(item.word() for item in self.documents),
            "nonce": self.nonce,
            "index": self.index,
            "inclusion": self.inclusion,
        }


class _ReceiptShape(RecordShape, SealedShape):
    tag: Secret
