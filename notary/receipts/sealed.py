# SPDX-License-Identifier: Apache-2.0
"""What a receipt and a history receipt have in common: under whose log they stand, how far it is anchored, the seal.

The bytes are canonical JSON, and `seal` is the log key's Ed25519 signature over the digest of all the rest, so there is
one spelling of a document and no byte of it can change unseen. What the seal alone vouches for is the notary's word;
the verifier says so.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import Field

from notary.canonical import canonical_json
from notary.encoding import b64, b64url
from notary.errors import Fault, ReceiptError
from notary.log.anchors import Anchor, AnchorState
from notary.log.signed_note import NoteSigner
from notary.receipts.fields import AnchorShape, Blob, Name, Seal, anchor_members
from notary.records.fields import Model

Environment = Literal["production", "test"]
"""What a notary says its records are: for good, or to try things out."""
ENVIRONMENTS: tuple[str, ...] = get_args(Environment)


@dataclass(frozen=True, kw_only=True)
class SealedDocument:
    """The common members.

    `checkpoint` is a signed note of the log whose C2SP verifier key is `log_key`; `timestamps` (RFC 3161 tokens in DER)
    and `anchors` are those of this very checkpoint; `seal` is None until the document is sealed.
    """

    format: ClassVar[str]

    environment: Environment
    lender: str
    checkpoint: str
    log_key: str
    timestamps: tuple[bytes, ...] = ()
    anchors: tuple[Anchor, ...] = ()
    seal: bytes | None = None

    @property
    def state(self) -> str:
        """Say how far the log has come: `recorded`, then the state of its best anchor."""
        states = {anchor.state for anchor in self.anchors}
        order = (AnchorState.FINAL, AnchorState.MINED)
        return next((state.value for state in order if state in states), "recorded")

    def members(self) -> dict[str, Any]:
        """Return the JSON members without the seal; a format adds its own."""
        return {
            "format": self.format,
            "environment": self.environment,
            "state": self.state,
            "lender": self.lender,
            "checkpoint": self.checkpoint,
            "log_key": self.log_key,
            "timestamps": [b64(token) for token in self.timestamps],
            "anchors": [anchor_members(anchor) for anchor in self.anchors],
        }

    def sealed_bytes(self) -> bytes:
        """Return what the seal is over."""
        return seal_preimage(self.format, canonical_json(self.members()))


def write_sealed(document: SealedDocument, signer: NoteSigner) -> bytes:
    """Seal a document with the log's key and return its bytes."""
    members = document.members()
    seal = signer.sign(seal_preimage(document.format, canonical_json(members)))
    return canonical_json({**members, "seal": b64url(seal)})


class SealedShape(Model):
    """The common members as they are read."""

    format: str
    environment: Environment
    state: Literal["recorded", "mined", "final"]
    lender: Name
    checkpoint: Annotated[str, Field(max_length=64 * 1024)]
    log_key: Name
    timestamps: Annotated[tuple[Blob, ...], Field(strict=False, max_length=16)]
    anchors: Annotated[tuple[AnchorShape, ...], Field(strict=False, max_length=16)]
    seal: Seal

    def common(self) -> dict[str, Any]:
        """Return the arguments that `SealedDocument` takes of these."""
        return {
            "environment": self.environment,
            "lender": self.lender,
            "checkpoint": self.checkpoint,
            "log_key": self.log_key,
            "timestamps": self.timestamps,
            "anchors": tuple(item.anchor(self.checkpoint) for item in self.anchors),
            "seal": self.seal,
        }

    def check_state(self, document: SealedDocument) -> None:
        """Raise `ReceiptError` unless the state is that of the best anchor."""
        if document.state != self.state:
            raise ReceiptError(Fault("/state", f"is {self.state}, but the anchors make it {document.state}"))


def seal_preimage(name: str, text: bytes) -> bytes:
    """Return what a seal of the format `name` is over: `<name> seal\\n` and 32 bytes.

    Those are SHA-256 of `text`, the canonical JSON without the seal. Ed25519 itself would hash all of it twice
    (RFC 8032 section 5.1.6).
    """
    return name.encode() + b" seal\n" + sha256(text).digest()
