# SPDX-License-Identifier: Apache-2.0
"""How the processes that serve HTTP talk to the one that writes, over a Unix socket.

A frame is its length (uint32, big-endian) and a body. Records are in columns, and what is bytes stands as it is behind
the JSON that tells what there is: neither end writes a member's name, or a digit, for each record.

::

    request    <traceparent, or nothing> LF, then parts: what each caller brings
    part       <length of the JSON, uint32> <JSON: the columns of _TOLD> <32 bytes each of the columns of _HASHES>
               <payloads>
    answer     <length of the JSON, uint32> <JSON> <tag and inclusion proof of each place that has them>
    verdict    <length of the JSON, uint32> <JSON>

The columns are those of `Submission`: of each all records' values, one after the other; of payloads the JSON tells the
sizes. An answer's JSON is `["placed", checkpoint, indexes, sequences, fresh, hashes, refusals]`, or `["busy"]`, or
`["unavailable", reason]`. `hashes` is 0 or how many hashes the bytes hold of a place; a refusal is
`[where it belongs among the places, name of the error, its values]`. An answer with places comes before they are on
disk, and says nothing until the verdict that follows it in a frame of its own: `["committed"]`, or
`["unavailable", reason]`. No other answer has one.

Both ends are of one release and one user, so what is read was written by this module; a frame that was cut off or
damaged on the way is told from that by its sizes, and is a `FrameError`.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, islice, pairwise
from typing import Any

import orjson

from notary.errors import (
    CurrencyError,
    DuplicateRecordError,
    ErasedError,
    FrameError,
    HolderError,
    LogBusyError,
    RefusedError,
    SequenceError,
    ShareError,
    TransitionError,
    UnavailableError,
)
from notary.hashing import HASH_SIZE
from notary.log.submission import Placed, Submission
from notary.log.tiles import split_hashes

LENGTH_SIZE = 4
MAX_FRAME = 64 * 1024 * 1024
MAX_SUBMISSIONS = 512
"""Submissions in one frame, at most."""

_KINDS = (
    CurrencyError, DuplicateRecordError, ErasedError, HolderError, SequenceError, ShareError, TransitionError,
)  # fmt: skip
_REFUSALS = {error.__name__: error for error in _KINDS}
_TOLD = 11
"""lender, record_id, loan, type, facts, sequence, previous (hex), payload's size, signatures, received_at, prove"""
_HASHES = 3
"""payload_digest, nonce, commitment"""
_DAMAGE = (ValueError, TypeError, KeyError)
"""What reading a frame ends with that is not what this module writes."""


def frame(body: bytes) -> bytes:
    """Return `body` with its length before it."""
    return len(body).to_bytes(LENGTH_SIZE) + body


def write_part(submissions: Sequence[Submission]) -> bytes:
    """Return submissions as a part of a request's body; nothing for none."""
    if not submissions:
        return b""
    (
        lenders, record_ids, loans, types, facts, sequences, previous, payloads, digests, signatures, nonces,
        commitments, received_at, prove, _,
    ) = zip(*submissions, strict=True)  # fmt: skip
    told = (
        lenders, record_ids, loans, types, facts, sequences, [item.hex() if item else None for item in previous],
        tuple(map(len, payloads)), signatures, received_at, prove,
    )  # fmt: skip
    return _headed(told, (*digests, *nonces, *commitments, *payloads))


def write_request(parts: Iterable[bytes], trace: str = "") -> bytes:
    """Return the body of a request of some parts, which belongs to a trace if a `traceparent` is given."""
    return b"%b\n%b" % (trace.encode("ascii"), b"".join(parts))


def read_request(body: bytes) -> tuple[str, list[Submission]]:
    """Return the `traceparent` of a request, "" if there is none, and its submissions. Raises `FrameError`."""
    start = body.find(b"\n") + 1
    submissions: list[Submission] = []
    try:
        trace = body[: start - 1].decode("ascii")
        while start < len(body):
            start = _read_part(body, start, submissions)
    except _DAMAGE as error:
        raise FrameError(f"a request to the writer: {error}") from error
    return trace, submissions


def write_answer(places: Sequence[Placed | RefusedError]) -> bytes:
    """Return the body of the answer to a request that the sequencer took."""
    taken = [place for place in places if isinstance(place, Placed)]
    refusals = [
        (number, type(place).__name__, place.values)
        for number, place in enumerate(places)
        if isinstance(place, RefusedError)
    ]
    hashes = [len(place.proof) + 1 if place.tag else 0 for place in taken]
    told = (
        "placed", taken[0].checkpoint if taken else "", [place.index for place in taken],
        [place.sequence for place in taken], [place.fresh for place in taken], hashes, refusals,
    )  # fmt: skip
    return _headed(told, [value for place in taken for value in (place.tag, *place.proof)] if any(hashes) else ())


def write_busy() -> bytes:
    """Return the body of the answer to a request that there is no room for."""
    return _headed(("busy",), ())


def write_unavailable(reason: str) -> bytes:
    """Return the body of the answer to a request that could not be carried out."""
    return _headed(("unavailable", reason), ())


def write_committed() -> bytes:
    """Return the body of the verdict on places that are on disk."""
    return _headed(("committed",), ())


def read_answer(body: bytes) -> list[Placed | RefusedError]:
    """Return the places of an answer, which a verdict follows.

    Raises `LogBusyError` or `UnavailableError` if it has none, and `FrameError`.
    """
    try:
        (kind, *told), start = _head(body, 0)
        if kind == "placed":
            return _places(told, body[start:])
    except _DAMAGE as error:
        raise FrameError(f"the writer's answer: {error}") from error
    if kind == "busy":
        raise LogBusyError("more records wait than the log takes in; try again shortly")
    raise UnavailableError(*told)


def read_verdict(body: bytes) -> None:
    """Read what follows places. Raises `UnavailableError` if they are not known to be on disk, and `FrameError`."""
    try:
        (kind, *told), _ = _head(body, 0)
    except _DAMAGE as error:
        raise FrameError(f"the writer's verdict: {error}") from error
    if kind == "unavailable":
        raise UnavailableError(*told)
    if kind != "committed":
        raise FrameError(f"the writer's verdict: {kind}")


def _headed(told: Sequence[Any], rest: Iterable[bytes]) -> bytes:
    head = orjson.dumps(told)
    return b"".join((len(head).to_bytes(LENGTH_SIZE), head, *rest))


def _head(body: bytes, start: int) -> tuple[list[Any], int]:
    """Return the JSON that begins at `start` behind its length, and where it ends."""
    begin = start + LENGTH_SIZE
    end = begin + int.from_bytes(body[start:begin])
    told = orjson.loads(body[begin:end])
    if not isinstance(told, list):
        raise TypeError("no list")
    return told, end


def _read_part(body: bytes, start: int, submissions: list[Submission]) -> int:
    """Add the submissions of the part that begins at `start`, and return where it ends."""
    told, start = _head(body, start)
    if len(told) != _TOLD:
        raise ValueError(f"{len(told)} columns")
    lenders, record_ids, loans, types, facts, sequences, previous, sizes, signatures, received_at, prove = told
    count = len(sizes)
    middle = start + _HASHES * count * HASH_SIZE
    ends: list[int] = list(accumulate(sizes, initial=middle))
    if ends[-1] > len(body):
        raise ValueError(f"of {ends[-1]} bytes {len(body)} are there")
    hashes = [body[place : place + HASH_SIZE] for place in range(start, middle, HASH_SIZE)]
    rows = zip(
        lenders, record_ids, loans, types, facts, sequences,
        [bytes.fromhex(item) if item else None for item in previous],
        [body[begin:end] for begin, end in pairwise(ends)], hashes[:count], signatures, hashes[count : 2 * count],
        hashes[2 * count :], received_at, prove, [()] * count, strict=True,
    )  # fmt: skip
    submissions += map(Submission._make, rows)
    return ends[-1]


def _places(told: list[Any], rest: bytes) -> list[Placed | RefusedError]:
    checkpoint, indexes, sequences, fresh, hashes, refusals = told
    if sum(hashes) * HASH_SIZE != len(rest):
        raise ValueError(f"{len(rest)} bytes of hashes")
    following = iter(split_hashes(rest))
    places: list[Placed | RefusedError] = [
        Placed(index, sequence, checkpoint, is_fresh, *_tag_and_proof(following, count))
        for index, sequence, is_fresh, count in zip(indexes, sequences, fresh, hashes, strict=True)
    ]
    for number, name, values in refusals:
        places.insert(number, _REFUSALS[name](*values))
    return places


def _tag_and_proof(following: Iterator[bytes], count: int) -> tuple[bytes, tuple[bytes, ...]] | tuple[()]:
    return (next(following), tuple(islice(following, count - 1))) if count else ()
