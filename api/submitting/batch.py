# SPDX-License-Identifier: Apache-2.0
"""Submitting many records in one request: a part of them at a time, in constant memory.

A line that is refused does not sink the others. The answer to a line has its own `status`: 201 or 200 with the record's
place, or a problem document.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, NamedTuple

import orjson

from api.problems import describe
from api.submitting.required_documents import check_documents
from api.wiring import Services
from api.writer_protocol import MAX_SUBMISSIONS
from notary.envelope import Signature
from notary.errors import LogBusyError, NotaryError, RefusedError
from notary.log.submission import Placed, Submission
from notary.ports.parties import Lender
from notary.registration import Registrar

_MAX_PART = 8 * 1024 * 1024
"""Bytes of lines after which a part is placed, however few they are: a frame to the writer has a limit."""

_AHEAD = 2
"""Parts of a batch that were checked and are not answered yet: one that the log has in hand, one that comes next."""

Places = list[Placed | RefusedError]


class Line(NamedTuple):
    """A line with its number, and what it is: a submission, or the answer of problem that it gets."""

    number: int
    result: Submission | dict[str, Any]


SignatureOf = Callable[[int], Signature]
"""Gives the signature of the batch that a line's record belongs to, by the line's number."""


def answer_lines(
    services: Services,
    lender: Lender,
    lines: Iterable[bytes],
    documents_required: bool,
    first: int = 1,
    signature_of: SignatureOf | None = None,
) -> Iterator[bytes]:
    """Submit the lines, part by part, and yield their answers: a JSON line each, in order.

    Their numbers begin with `first`. Where documents are required, a record is refused whose documents were not
    deposited. Raises `LogBusyError` where the log is too busy for the first part: nothing is answered then, and all
    may be sent again.
    """
    under_way: deque[tuple[list[Line], Future[Places]]] = deque()
    begun = False
    # A thread of its own waits for the log, while this one checks the parts after that.
    with ThreadPoolExecutor(1) as waiting:
        for part in cut_lines(services, lender, lines, documents_required, first, signature_of):
            answered = b""
            # Until the first part is placed no other is on its way: a busy log must have taken nothing.
            while under_way and (not begun or len(under_way) == _AHEAD or under_way[0][1].done()):
                answered += _settle(*under_way.popleft(), may_raise=not begun)
                begun = True
            under_way.append((part, waiting.submit(copy_context().run, _place, services, lender, part)))
            if answered:
                yield answered
        for settling in under_way:
            yield _settle(*settling, may_raise=not begun)


def cut_lines(
    services: Services,
    lender: Lender,
    lines: Iterable[bytes],
    documents_required: bool,
    first: int = 1,
    signature_of: SignatureOf | None = None,
) -> Iterator[list[Line]]:
    """Check lines, numbered from `first` on, and yield them in parts that the log takes at once."""
    for bodies in _parts(lines):
        # Once all lines of the part are here: keys are looked up for the part, however slowly the lines came in.
        check = _Check(services, services.registrar.for_one_part(), lender, documents_required, signature_of)
        yield [Line(number, check.result(number, body)) for number, body in enumerate(bodies, first)]
        first += len(bodies)


def _parts(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    part: list[bytes] = []
    size = 0
    for body in lines:
        part.append(body)
        size += len(body)
        if len(part) == MAX_SUBMISSIONS or size > _MAX_PART:
            yield part
            part, size = [], 0
    if part:
        yield part


class _Check(NamedTuple):
    """Checks the lines of one part."""

    services: Services
    registrar: Registrar
    lender: Lender
    documents_required: bool
    signature_of: SignatureOf | None

    def result(self, number: int, body: bytes) -> Submission | dict[str, Any]:
        try:
            signed = self.signature_of(number) if self.signature_of else None
            submission = self.registrar.submission(self.lender, body, prove=False, signed=signed)
            check_documents(self.services, self.lender, submission, self.documents_required)
        except NotaryError as error:
            return describe(error)
        return submission


def place_part(services: Services, lender: Lender, part: Sequence[Line]) -> bytes:
    """Place some lines together, and return a line of answer for each, in order.

    Raises `UnavailableError` where it is not known what became of them; sending them again is harmless.
    """
    return _answers(part, _place(services, lender, part))


def _place(services: Services, lender: Lender, part: Sequence[Line]) -> Places:
    submissions = [line.result for line in part if isinstance(line.result, Submission)]
    return services.gate.append(lender, submissions) if submissions else []


def _settle(part: Sequence[Line], places: Future[Places], *, may_raise: bool) -> bytes:
    """Wait for the places of a part and return its answers."""
    try:
        return _answers(part, places.result())
    except NotaryError as error:
        if may_raise and isinstance(error, LogBusyError):
            raise
        # The response has begun, so its status cannot change: each line says itself that it was not taken.
        problem = describe(error)
        return b"".join(
            answer_line(line.number, problem if isinstance(line.result, Submission) else line.result) for line in part
        )


def _answers(part: Sequence[Line], places: Places) -> bytes:
    following = iter(places)
    answers = []
    for line in part:
        if isinstance(line.result, Submission):
            answers.append(_placed_line(line.number, line.result, next(following)))
        else:
            answers.append(answer_line(line.number, line.result))
    return b"".join(answers)


def _placed_line(number: int, submission: Submission, placed: Placed | RefusedError) -> bytes:
    if isinstance(placed, RefusedError):
        return answer_line(number, {"id": submission.record_id, **describe(placed)})
    # As `answer_line` writes it, in a third of the time: an id that was checked is a UUID and needs no escapes.
    return b'{"line":%d,"status":%d,"id":"%b","index":%d,"sequence":%d}\n' % (
        number, 201 if placed.fresh else 200, submission.record_id.encode(), placed.index, placed.sequence
    )  # fmt: skip


def answer_line(number: int, members: dict[str, Any]) -> bytes:
    """Return the answer to a line."""
    return orjson.dumps({"line": number, **members}, option=orjson.OPT_APPEND_NEWLINE)
