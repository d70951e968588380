# SPDX-License-Identifier: Apache-2.0
"""What goes between the servers and the writer: it comes as it went, and what is cut off or damaged is told."""

from hashlib import sha256
from typing import Any

import orjson
import pytest

from api.writer_protocol import (
    LENGTH_SIZE,
    read_answer,
    read_request,
    read_verdict,
    write_answer,
    write_busy,
    write_committed,
    write_part,
    write_request,
    write_unavailable,
)
from notary.errors import (
    CurrencyError,
    DuplicateRecordError,
    FrameError,
    LogBusyError,
    RefusedError,
    SequenceError,
    UnavailableError,
)
from notary.log.submission import Placed, Submission

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def _hash(number: int) -> bytes:
    return sha256(b"%d" % number).digest()


def submission(number: int, **changes: Any) -> Submission:
    made = Submission(
        7, f"id-{number}", f"示范 {number}", "repayment", '{"paid":1}', None, None, b'{"n":%d}\n' % number,
        _hash(number), "[]", _hash(number + 1), _hash(number + 2), 1_764_000_000_000 + number, False,
    )  # fmt: skip
    return made._replace(**changes)


SUBMISSIONS = [
    submission(1),
    submission(2, sequence=0, prove=True),
    submission(3, sequence=4, previous=_hash(9), payload="金额".encode(), signatures='[{"protected":"x"}]', facts=""),
]
TAG, PROOF = _hash(1), (_hash(2), _hash(3))
PLACES = [
    Placed(5, 0, "a note\n", True),
    DuplicateRecordError("id-2", 3),
    SequenceError("/sequence", 4, 2),
    Placed(6, 1, "a note\n", True, TAG, PROOF),
    Placed(2, 9, "a note\n", False),
    Placed(7, 0, "a note\n", True, TAG),
    CurrencyError("repayment", "EUR", "CNY"),
]


@pytest.mark.parametrize("trace", ["", TRACE])
def test_submissions_come_as_they_went_in_parts_of_any_size(trace: str) -> None:
    parts = [write_part(SUBMISSIONS[:2]), write_part([]), write_part(SUBMISSIONS[2:])]
    assert read_request(write_request(parts, trace)) == (trace, SUBMISSIONS)
    assert read_request(write_request([], trace)) == (trace, [])


def test_keys_stay_with_the_receipt() -> None:
    [read] = read_request(write_request([write_part([submission(1, keys=("a key",))])]))[1]
    assert read == submission(1)


def test_places_come_as_they_went() -> None:
    read = read_answer(write_answer(PLACES))
    assert [_told(item) for item in read] == [_told(item) for item in PLACES]
    assert read_answer(write_answer([])) == []
    refused = read_answer(write_answer(PLACES[1:3]))
    assert [_told(item) for item in refused] == [_told(item) for item in PLACES[1:3]]


def _told(place: Placed | RefusedError) -> object:
    return place if isinstance(place, Placed) else (type(place), place.values, str(place))


def test_what_comes_without_places_is_told_apart() -> None:
    with pytest.raises(LogBusyError):
        read_answer(write_busy())
    with pytest.raises(UnavailableError, match=r"^no room on the disk$"):
        read_answer(write_unavailable("no room on the disk"))


def test_a_verdict_is_that_it_is_on_disk_and_nothing_else() -> None:
    read_verdict(write_committed())
    with pytest.raises(UnavailableError, match=r"^no room on the disk$"):
        read_verdict(write_unavailable("no room on the disk"))
    for other in (b"", write_busy(), write_answer(PLACES), write_committed()[:-1]):
        with pytest.raises(FrameError, match="the writer's verdict"):
            read_verdict(other)


def test_a_request_that_was_cut_off_is_told() -> None:
    whole = write_request([write_part(SUBMISSIONS)], TRACE)
    for size in range(len(TRACE) + 2, len(whole)):
        with pytest.raises(FrameError, match="a request to the writer"):
            read_request(whole[:size])
    with pytest.raises(FrameError):
        read_request(whole + b"\0")


def test_an_answer_that_was_cut_off_is_told() -> None:
    whole = write_answer(PLACES)
    for size in range(len(whole)):
        with pytest.raises(FrameError, match="the writer's answer"):
            read_answer(whole[:size])
    with pytest.raises(FrameError):
        read_answer(whole + b"\0")


def headed(told: object, rest: bytes = b"") -> bytes:
    head = orjson.dumps(told)
    return len(head).to_bytes(LENGTH_SIZE) + head + rest


@pytest.mark.parametrize(
    "damaged",
    [
        headed({"a": "list"}),
        headed([[]] * 10),
        headed([[]] * 12),
        headed([[1], *[[]] * 10]),
        headed([[]] * 7 + [["x"]] + [[]] * 3),
        headed([1] * 11),
        headed([["a"]] * 6 + [["no hex"], [1]] + [["a"]] * 3, bytes(97)),
        b"\xff" * 8,
    ],
)
def test_a_damaged_request_is_told(damaged: bytes) -> None:
    with pytest.raises(FrameError):
        read_request(b"\n" + damaged)


def test_a_request_without_its_line_of_trace_is_told() -> None:
    with pytest.raises(FrameError):
        read_request(write_part([submission(1, payload=b"x")]))
    with pytest.raises(FrameError):
        read_request("示范\n".encode())


@pytest.mark.parametrize(
    "damaged",
    [
        headed([]),
        headed(5),
        headed(["placed", "note"]),
        headed(["placed", "note", [1], [1], [True], [], []]),
        headed(["placed", "note", [1], [1], [True], [1], []], bytes(31)),
        headed(["placed", "note", [], [], [], [], [[0, "NoSuchError", []]]]),
        headed(["placed", "note", [], [], [], [], [[0, "SequenceError", []]]]),
    ],
)
def test_a_damaged_answer_is_told(damaged: bytes) -> None:
    with pytest.raises(FrameError):
        read_answer(damaged)
