# SPDX-License-Identifier: Apache-2.0
"""Receipts: one JSON document that shows what the notary recorded, for ever and without the notary.

Its bytes are canonical JSON, and its `seal` is the log key's Ed25519 signature over all the rest, so there is one
spelling of a receipt and no byte of it can change unseen. What the seal alone vouches for is the notary's word
(`received_at`, a transaction's hash); the verifier says so.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError

from notary.anchors import Anchor, AnchorState, Evidence
from notary.canonical import canonical_json, parse_canonical
from notary.encoding import b64, b64url, format_time, parse_b64, parse_b64url, parse_time
from notary.envelope import Envelope, envelope_from_json
from notary.errors import Fault, ReceiptError
from notary.records.faults import pointer_to
from notary.records.fields import Model
from notary.signatures import Party
from notary.signed_note import NoteSigner

FORMAT = "loan-notary/receipt@1"
MAX_RECEIPT = 512 * 1024
_SEAL_LABEL = FORMAT.encode() + b" seal\n"


@dataclass(frozen=True)
class KeyOfParty:
    """A public key (JWK) and the party that it was registered for, such as "lender" or "borrower"."""

    party: str
    jwk: dict[str, str]


@dataclass(frozen=True)
class Receipt:
    """What a receipt holds.

    `nonce` and `tag` open the entry at `index`; `inclusion` leads from it to the root in `checkpoint`, which the key
    in `log_key` (a C2SP verifier key) signed. `anchors` are those of this very checkpoint. `received_at` is in
    milliseconds since 1970. `seal` is None until the receipt is sealed.
    """

    lender: str
    received_at: int
    envelope: Envelope
    keys: tuple[KeyOfParty, ...]
    nonce: bytes
    tag: bytes
    index: int
    inclusion: tuple[bytes, ...]
    checkpoint: str
    log_key: str
    anchors: tuple[Anchor, ...] = ()
    seal: bytes | None = None

    @property
    def state(self) -> str:
        """Say how far the record has come: `recorded`, then the state of its best anchor."""
        states = {anchor.state for anchor in self.anchors}
        order = (AnchorState.FINAL, AnchorState.MINED)
        return next((state.value for state in order if state in states), "recorded")

    def sealed_bytes(self) -> bytes:
        """Return what the seal is over: a label, then the receipt's canonical JSON without the seal."""
        return _sealed(_members(self))


def write_receipt(receipt: Receipt, signer: NoteSigner) -> bytes:
    """Seal a receipt with the log's key and return its bytes."""
    members = _members(receipt)
    seal = signer.sign(_sealed(members))
    return canonical_json({**members, "seal": b64url(seal)})


def parse_receipt(data: bytes) -> Receipt:
    """Read a receipt; nothing in it is verified. Raises `InvalidInputError` of several kinds."""
    value = parse_canonical(data, limit=MAX_RECEIPT)
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise ReceiptError(Fault("/format", f"only receipts of the format {FORMAT} are known here"))
    try:
        shape = _ReceiptShape.model_validate(value)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        raise ReceiptError(*(Fault(pointer_to(item["loc"]), item["msg"]) for item in details[:20])) from None
    receipt = Receipt(
        lender=shape.lender,
        received_at=shape.received_at,
        envelope=envelope_from_json(shape.envelope, "/envelope"),
        keys=tuple(KeyOfParty(item.party, item.jwk) for item in shape.keys),
        nonce=shape.nonce,
        tag=shape.tag,
        index=shape.index,
        inclusion=shape.inclusion,
        checkpoint=shape.checkpoint,
        log_key=shape.log_key,
        anchors=tuple(item.anchor(shape.checkpoint) for item in shape.anchors),
        seal=shape.seal,
    )
    if receipt.state != shape.state:
        raise ReceiptError(Fault("/state", f"is {shape.state}, but the anchors make it {receipt.state}"))
    return receipt


def _sealed(members: dict[str, Any]) -> bytes:
    return _SEAL_LABEL + canonical_json(members)


def _members(receipt: Receipt) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "state": receipt.state,
        "lender": receipt.lender,
        "received_at": format_time(receipt.received_at),
        "envelope": receipt.envelope.to_json(),
        "keys": [{"party": item.party, "jwk": item.jwk} for item in receipt.keys],
        "nonce": b64url(receipt.nonce),
        "tag": b64url(receipt.tag),
        "index": receipt.index,
        "inclusion": [b64(value) for value in receipt.inclusion],
        "checkpoint": receipt.checkpoint,
        "log_key": receipt.log_key,
        "anchors": [_anchor_members(anchor) for anchor in receipt.anchors],
    }


def _anchor_members(anchor: Anchor) -> dict[str, Any]:
    evidence = anchor.evidence
    return {
        "chain_id": anchor.chain_id,
        "registry": anchor.registry,
        "log_id": anchor.log_id,
        "size": anchor.size,
        "root": b64(anchor.root),
        "state": anchor.state.value,
        "transaction_hash": anchor.transaction_hash,
        "block_number": anchor.block_number,
        "block_hash": anchor.block_hash,
        "block_time": anchor.block_time,
        "evidence": "none"
        if evidence is None
        else {
            "header": b64(evidence.header),
            "account_proof": [b64(node) for node in evidence.account_proof],
            "storage_proof": [b64(node) for node in evidence.storage_proof],
        },
    }


def _reader(parse: Callable[[str], Any]) -> BeforeValidator:
    def read(value: object) -> Any:
        if not isinstance(value, str):
            raise ValueError("must be a string")
        return parse(value)

    return BeforeValidator(read)


_Hash = Annotated[bytes, _reader(parse_b64), Field(min_length=32, max_length=32)]
_Secret = Annotated[bytes, _reader(parse_b64url), Field(min_length=32, max_length=32)]
_Seal = Annotated[bytes, _reader(parse_b64url), Field(min_length=64, max_length=64)]
_Blob = Annotated[bytes, _reader(parse_b64), Field(min_length=1, max_length=64 * 1024)]
_Time = Annotated[int, _reader(parse_time)]
_Hex32 = Annotated[str, Field(pattern="^0x[0-9a-f]{64}$")]
_Whole = Annotated[int, Field(ge=0, lt=2**53)]
_Name = Annotated[str, Field(min_length=1, max_length=256)]
# An anchor that is not in a block yet, or no more, is no anchor to show.
_State = Annotated[Literal[AnchorState.MINED, AnchorState.FINAL], _reader(AnchorState)]
# Only the container is lax: strict mode would take a tuple but not the list that JSON gives.
_Hashes = Annotated[tuple[_Hash, ...], Field(strict=False, max_length=64)]
_Nodes = Annotated[tuple[_Blob, ...], Field(strict=False, min_length=1, max_length=64)]


class _EvidenceShape(Model):
    header: _Blob
    account_proof: _Nodes
    storage_proof: _Nodes


class _AnchorShape(Model):
    chain_id: _Whole
    registry: Annotated[str, Field(pattern="^0x[0-9a-f]{40}$")]
    log_id: _Hex32
    size: _Whole
    root: _Hash
    state: _State
    transaction_hash: _Hex32
    block_number: _Whole
    block_hash: _Hex32
    block_time: _Whole
    evidence: Literal["none"] | _EvidenceShape

    def anchor(self, checkpoint: str) -> Anchor:
        proof = self.evidence
        return Anchor(
            chain_id=self.chain_id,
            registry=self.registry,
            log_id=self.log_id,
            size=self.size,
            root=self.root,
            checkpoint=checkpoint,
            state=self.state,
            transaction_hash=self.transaction_hash,
            block_number=self.block_number,
            block_hash=self.block_hash,
            block_time=self.block_time,
            evidence=None if proof == "none" else Evidence(proof.header, proof.account_proof, proof.storage_proof),
        )


class _KeyShape(Model):
    party: Party
    jwk: dict[str, str]


class _ReceiptShape(Model):
    format: str
    state: Literal["recorded", "mined", "final"]
    lender: _Name
    received_at: _Time
    envelope: dict[str, Any]
    keys: Annotated[tuple[_KeyShape, ...], Field(strict=False, max_length=16)]
    nonce: _Secret
    tag: _Secret
    index: _Whole
    inclusion: _Hashes
    checkpoint: Annotated[str, Field(max_length=64 * 1024)]
    log_key: _Name
    anchors: Annotated[tuple[_AnchorShape, ...], Field(strict=False, max_length=16)]
    seal: _Seal
