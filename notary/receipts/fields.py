# SPDX-License-Identifier: Apache-2.0
"""How receipts spell bytes, times and anchors in JSON, and how strictly they are read."""

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field, ValidationError

from notary.encoding import b64, parse_b64, parse_b64url, parse_time
from notary.errors import Fault, ReceiptError
from notary.log.anchors import Anchor, AnchorState, Evidence
from notary.records.faults import pointer_to
from notary.records.fields import Model

_Shape = TypeVar("_Shape", bound=Model)
_MOST_FAULTS = 20


def read_shape(shape: type[_Shape], value: object) -> _Shape:
    """Read parsed JSON as a model. Raises `ReceiptError` with a fault for each member that is wrong, up to 20."""
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        faults = (Fault(pointer_to(item["loc"]), item["msg"]) for item in details[:_MOST_FAULTS])
        raise ReceiptError(*faults) from None


def anchor_members(anchor: Anchor) -> dict[str, Any]:
    """Return an anchor as a JSON object; `AnchorShape` reads it."""
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


Hash = Annotated[bytes, _reader(parse_b64), Field(min_length=32, max_length=32)]
Secret = Annotated[bytes, _reader(parse_b64url), Field(min_length=32, max_length=32)]
Seal = Annotated[bytes, _reader(parse_b64url), Field(min_length=64, max_length=64)]
Blob = Annotated[bytes, _reader(parse_b64), Field(min_length=1, max_length=64 * 1024)]
Time = Annotated[int, _reader(parse_time)]
Address = Annotated[str, Field(pattern="^0x[0-9a-f]{40}$")]
Hex32 = Annotated[str, Field(pattern="^0x[0-9a-f]{64}$")]
Whole = Annotated[int, Field(ge=0, lt=2**53)]
Name = Annotated[str, Field(min_length=1, max_length=256)]
# Only the container is lax: strict mode would take a tuple but not the list that JSON gives.
Hashes = Annotated[tuple[Hash, ...], Field(strict=False, max_length=64)]
_Nodes = Annotated[tuple[Blob, ...], Field(strict=False, min_length=1, max_length=64)]
# An anchor that is not in a block yet, or no more, is no anchor to show.
_State = Annotated[Literal[AnchorState.MINED, AnchorState.FINAL], _reader(AnchorState)]


class _EvidenceShape(Model):
    header: Blob
    account_proof: _Nodes
    storage_proof: _Nodes


class AnchorShape(Model):
    """The members of an anchor in a receipt."""

    chain_id: Whole
    registry: Address
    log_id: Hex32
    size: Whole
    root: Hash
    state: _State
    transaction_hash: Hex32
    block_number: Whole
    block_hash: Hex32
    block_time: Whole
    evidence: Literal["none"] | _EvidenceShape

    def anchor(self, checkpoint: str) -> Anchor:
        """Return the anchor, of the checkpoint that stands beside it."""
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
