# SPDX-License-Identifier: Apache-2.0
"""What a batch's signer signs, and how one record of the batch shows that it is among those that were signed.

A signer signs one statement over many records, a canonical JSON object::

    {"id": UUID, "records": how many, "root": b64(root), "type": "batch"}

`root` is that of the RFC 9162 section 2.1 tree whose leaves are the records' payloads, in their order. A record's
`BatchPlace` is the statement, the record's index in that tree and the inclusion proof (2.1.3) that leads there.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from notary.canonical import canonical_json, parse_canonical
from notary.encoding import b64, b64url, parse_b64
from notary.errors import InclusionProofError, MalformedJsonError
from notary.hashing import HASH_SIZE, leaf_hash, node_hash
from notary.jws_header import fault, read_bytes
from notary.log.merkle import InclusionProof, inclusion_root
from notary.once import once

MAX_RECORDS = 1 << 32
_LONGEST_PATH = 32
_MAX_STATEMENT = 256
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class BatchStatement:
    """What is signed of a batch: its id (UUID), how many records it has, and the root over their payloads."""

    id: str
    records: int
    root: bytes

    def encode(self) -> bytes:
        """Return the bytes that are signed."""
        return self._encoded

    # Each record of the batch is written with it.
    @once
    def _encoded(self) -> bytes:
        return canonical_json({"type": "batch", "id": self.id, "records": self.records, "root": b64(self.root)})


@dataclass(frozen=True)
class BatchPlace:
    """Where a record stands in a signed batch; `path` are the proof's hashes, leaf to root."""

    statement: BatchStatement
    index: int
    path: tuple[bytes, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the member `batch` of a signature."""
        payload = b64url(self.statement.encode())
        return {"index": self.index, "path": [_b64(value) for value in self.path], "payload": payload}

    def verify(self, payload: bytes) -> None:
        """Check that the batch has this payload in this place. Raises `InclusionProofError`."""
        found = _root_above(leaf_hash(payload), self.index, self.statement.records, self.path)
        if found != self.statement.root:
            raise InclusionProofError(f"the path leads to root {found.hex()}, not to {self.statement.root.hex()}")


# Of two neighbours' paths all but the lowest hashes are the same.
_b64 = lru_cache(maxsize=1024)(b64)


@lru_cache(maxsize=1024)
def _root_above(value: bytes, index: int, size: int, path: tuple[bytes, ...]) -> bytes:
    """Return the root that a path leads to from a node, the index-th of `size` side by side.

    That is `inclusion_root`, one level at a time, so that the way on from where two ways have met is gone once. Raises
    `InclusionProofError`.
    """
    if index >= size - 1 or not path:
        return inclusion_root(InclusionProof(index, size, path), value)
    parent = node_hash(path[0], value) if index & 1 else node_hash(value, path[0])
    return _root_above(parent, index >> 1, size + 1 >> 1, path[1:])


def read_statement(value: Any, pointer: str) -> BatchStatement:
    """Read an encoded statement that stands at `pointer`. Raises `InvalidEnvelopeError`."""
    if not isinstance(value, str) or len(value) > 2 * _MAX_STATEMENT:
        raise fault(pointer, f"a base64url string of at most {_MAX_STATEMENT} bytes is wanted")
    return _statement(value, pointer)


def read_place(value: Any, pointer: str) -> BatchPlace:
    """Read the member `batch` of a signature. Raises `InvalidEnvelopeError`; nothing is verified."""
    if not isinstance(value, dict) or value.keys() != {"index", "path", "payload"}:
        raise fault(pointer, "a batch has the members index, path and payload, and no others")
    statement, index = read_statement(value["payload"], f"{pointer}/payload"), value["index"]
    if type(index) is not int or not 0 <= index < statement.records:
        raise fault(f"{pointer}/index", f"must be an integer from 0, and below the batch's {statement.records} records")
    return BatchPlace(statement, index, _path(value["path"], f"{pointer}/path"))


# All records of a batch have the same statement.
@lru_cache(maxsize=1024)
def _statement(value: str, pointer: str) -> BatchStatement:
    try:
        members = parse_canonical(read_bytes(value, pointer, _MAX_STATEMENT), limit=_MAX_STATEMENT)
    except MalformedJsonError as error:
        raise fault(pointer, error.faults[0].detail) from None
    if not isinstance(members, dict) or members.keys() != {"type", "id", "records", "root"}:
        raise fault(pointer, "a batch's payload has the members id, records, root and type, and no others")
    if members["type"] != "batch":
        raise fault(pointer, "type must be batch")
    if not isinstance(members["id"], str) or not _UUID.fullmatch(members["id"]):
        raise fault(pointer, "id must be a UUID in lower case")
    if type(members["records"]) is not int or not 1 <= members["records"] <= MAX_RECORDS:
        raise fault(pointer, f"records must be an integer from 1 to {MAX_RECORDS}")
    return BatchStatement(members["id"], members["records"], _hash(members["root"], pointer))


def _path(value: Any, pointer: str) -> tuple[bytes, ...]:
    if not isinstance(value, list) or len(value) > _LONGEST_PATH:
        raise fault(pointer, f"a list of at most {_LONGEST_PATH} hashes is wanted")
    items: Sequence[Any] = value
    return tuple(_hash(item, f"{pointer}/{number}") for number, item in enumerate(items))


def _hash(value: Any, pointer: str) -> bytes:
    try:
        data = parse_b64(value) if isinstance(value, str) and len(value) < 2 * HASH_SIZE else b""
    except ValueError:
        data = b""
    if len(data) != HASH_SIZE:
        raise fault(pointer, f"a hash is {HASH_SIZE} bytes in base64")
    return data
