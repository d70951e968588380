# SPDX-License-Identifier: Apache-2.0
"""How the processes that serve HTTP talk to the one that writes, over a Unix socket.

A frame is its length (uint32, big-endian) and a JSON array. A request is `[submission, ...]`, each an array of the
members of `Submission` in order, bytes in hex and the payload as text; where requests are traced, a `traceparent` and
a line end stand before it. The answer is `["placed", checkpoint, [place,
...]]`, or `["busy"]`, or `["unavailable", reason]`; a place is `[index, sequence, fresh, tag, proof]` or `[name of
the error, its values]`.
"""

from collections.abc import Sequence
from typing import Any

import orjson

from notary.errors import (
    CurrencyError,
    DuplicateRecordError,
    ErasedError,
    HolderError,
    LogBusyError,
    RefusedError,
    SequenceError,
    ShareError,
    TransitionError,
    UnavailableError,
)
from notary.log.sequencer import Placed, Submission
from notary.log.tiles import split_hashes

LENGTH_SIZE = 4
MAX_FRAME = 64 * 1024 * 1024
MAX_SUBMISSIONS = 512
"""Submissions in one frame, at most."""

BUSY = b'["busy"]'
_KINDS = (
    CurrencyError, DuplicateRecordError, ErasedError, HolderError, SequenceError, ShareError, TransitionError,
)  # fmt: skip
_REFUSALS = {error.__name__: error for error in _KINDS}


def frame(body: bytes) -> bytes:
    """Return `body` with its length before it."""
    return len(body).to_bytes(LENGTH_SIZE) + body


def write_request(submissions: Sequence[Submission], trace: str = "") -> bytes:
    """Return the body of a request, which belongs to a trace if a `traceparent` is given."""
    body = orjson.dumps([
        [
            item.lender, item.record_id, item.loan, item.type, item.facts, item.sequence,
            item.previous.hex() if item.previous else None, item.payload.decode(), item.payload_digest.hex(),
            item.signatures, item.nonce.hex(), item.commitment.hex(), item.received_at, item.prove,
        ]
        for item in submissions
    ])  # fmt: skip
    return f"{trace}\n".encode() + body if trace else body


def split_trace(body: bytes) -> tuple[str, bytes]:
    """Return the `traceparent` before a request's body, "" if there is none, and the rest."""
    if body.startswith(b"["):
        return "", body
    trace, _, rest = body.partition(b"\n")
    return trace.decode("ascii"), rest


def read_request(body: bytes) -> list[Submission]:
    """Return the submissions of a request's body."""
    return [
        Submission(
            lender, record_id, loan, record_type, facts, sequence, bytes.fromhex(previous) if previous else None,
            payload.encode(), bytes.fromhex(digest), signatures, bytes.fromhex(nonce), bytes.fromhex(commitment),
            received_at, prove,
        )
        for (
            lender, record_id, loan, record_type, facts, sequence, previous, payload, digest, signatures,
            nonce, commitment, received_at, prove,
        ) in orjson.loads(body)
    ]  # fmt: skip


def write_answer(places: Sequence[Placed | RefusedError]) -> bytes:
    """Return the body of the answer to a request that the sequencer took."""
    checkpoint = next((place.checkpoint for place in places if isinstance(place, Placed)), "")
    return orjson.dumps(["placed", checkpoint, [_place_row(place) for place in places]])


def write_unavailable(reason: str) -> bytes:
    """Return the body of the answer to a request that could not be carried out."""
    return orjson.dumps(["unavailable", reason])


def read_answer(body: bytes) -> list[Placed | RefusedError]:
    """Return the places of an answer. Raises `LogBusyError` or `UnavailableError` if it has none."""
    kind, *rest = orjson.loads(body)
    if kind == "busy":
        raise LogBusyError("more records wait than the log takes in; try again shortly")
    if kind == "unavailable":
        raise UnavailableError(rest[0])
    checkpoint, rows = rest
    return [_place(row, checkpoint) for row in rows]


def _place_row(place: Placed | RefusedError) -> list[Any]:
    if isinstance(place, RefusedError):
        return [type(place).__name__, place.values]
    return [place.index, place.sequence, place.fresh, place.tag.hex(), b"".join(place.proof).hex()]


def _place(row: list[Any], checkpoint: str) -> Placed | RefusedError:
    if isinstance(row[0], str):
        return _REFUSALS[row[0]](*row[1])
    index, sequence, fresh, tag, proof = row
    return Placed(index, sequence, checkpoint, fresh, bytes.fromhex(tag), tuple(split_hashes(bytes.fromhex(proof))))
