# SPDX-License-Identifier: Apache-2.0
"""A batch under one signature: an NDJSON file of records whose first line signs all others.

::

    {"payload": b64url(statement), "protected": b64url(header), "signature": b64url(bytes)}
    <record>
    <record, or an envelope that others have signed>
    ...

The first line is a JWS in flattened JSON serialization (RFC 7515 section 7.2.2) over a `BatchStatement`. In the log
each record is by itself: it gets the signature together with its own place in the batch.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from notary.batch_place import BatchPlace, BatchStatement, read_statement
from notary.batch_tree import TreeGrowth
from notary.canonical import canonical_json, parse_json
from notary.encoding import b64url, parse_b64url
from notary.envelope import BATCH_TYPE, EnvelopeSigner, Signature, read_signature, sign_payload
from notary.errors import BatchMismatchError, Fault, MalformedJsonError
from notary.hashing import leaf_hash
from notary.jws_header import fault

_SIGNED = {"protected", "signature"}
_IN_AN_ENVELOPE = b'"payload"'


@dataclass(frozen=True)
class SignedBatch:
    """A statement on a batch, and its signer's signature, which belongs to no record yet."""

    statement: BatchStatement
    signature: Signature

    def to_json(self) -> dict[str, Any]:
        """Return the JWS as a JSON object."""
        return {**self.signature.to_json(), "payload": b64url(self.statement.encode())}

    def to_line(self) -> bytes:
        """Return the first line of the batch's file, without its end."""
        return canonical_json(self.to_json())

    def signature_at(self, index: int, path: tuple[bytes, ...]) -> Signature:
        """Return the signature of the batch's record `index`; `path` proves that it is there."""
        return self.signature._replace(batch=BatchPlace(self.statement, index, path))

    def require(self, records: int, root: bytes) -> None:
        """Return if these are the number of records and the root that were signed. Raises `BatchMismatchError`."""
        if records != self.statement.records:
            detail = f"{self.statement.records} records were signed, and {records} are here"
            raise BatchMismatchError(Fault("/payload/records", detail, "C3"))
        if root != self.statement.root:
            detail = "a record was changed, moved or exchanged since it was signed: these have another root"
            raise BatchMismatchError(Fault("/payload/root", detail, "C3"))


def sign_batch(batch_id: str, lines: Iterable[bytes], signer: EnvelopeSigner) -> SignedBatch:
    """Sign the lines of a file, without their ends, as one batch of the id `batch_id` (UUID).

    Raises `InvalidEnvelopeError` for an id that is none, and where there are no lines, or too many.
    """
    tree = TreeGrowth()
    for line in lines:
        tree.append(line_leaf(line))
    statement = BatchStatement(batch_id, tree.size, tree.root())
    signature = sign_payload(statement.encode(), signer, BATCH_TYPE)
    # Read again as the notary will.
    return batch_from_json(SignedBatch(statement, signature).to_json())


def read_first_line(line: bytes) -> SignedBatch | None:
    """Read the first line of a file; None for one that is a record or an envelope, well formed or not.

    Raises `InvalidInputError` for what is meant as a batch's signature and is none, so that no record goes in unsigned.
    """
    if b'"signature"' not in line and b'"protected"' not in line:
        return None
    try:
        value = parse_json(line, limit=len(line))
    except MalformedJsonError:
        if b'"signatures"' in line:
            return None
        raise
    return batch_from_json(value) if isinstance(value, dict) and value.keys() & _SIGNED else None


def batch_from_json(value: dict[str, Any]) -> SignedBatch:
    """Read a batch's JWS from a parsed JSON object. Raises `InvalidEnvelopeError`; nothing is verified."""
    if value.keys() != _SIGNED | {"payload"}:
        raise fault("", "a batch's signature has the members payload, protected and signature, and no others")
    return SignedBatch(read_statement(value["payload"], "/payload"), read_signature(value, BATCH_TYPE, ""))


def line_leaf(line: bytes) -> bytes:
    """Return the leaf hash of a line: over the payload of an envelope, and over any other line as it stands."""
    return leaf_hash(_payload_of(line))


def _payload_of(line: bytes) -> bytes:
    if _IN_AN_ENVELOPE not in line:
        return line
    try:
        value = parse_json(line, limit=len(line))
        payload = value.get("payload") if isinstance(value, dict) else None
        return parse_b64url(payload) if isinstance(payload, str) else line
    except (MalformedJsonError, ValueError):
        return line
