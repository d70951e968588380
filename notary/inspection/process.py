# SPDX-License-Identifier: Apache-2.0
"""The checking process: a task a line on standard input, a line of checks for each on standard output.

It has the libraries loaded and reads no document itself: each is read by a fork of it, which has hard limits and tells
what it finds as it goes. So whatever a document does to the fork, its crash or end by force included, is an answer, and
what was found before it is kept.
"""

import asyncio
import logging
import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import BinaryIO, NoReturn

import orjson

from notary.documents.document import CheckStatus, CheckSubject, CheckTask, DocumentCheck, checks_json
from notary.inspection import limits
from notary.inspection.attached import inspect_signature, inspect_timestamp
from notary.inspection.judgement import context
from notary.inspection.pdf import inspect_pdf
from notary.inspection.tasks import read_task

_MAX_ANSWER = 64 * 1024
_OUT_OF_HAND = (
    ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, OSError, RuntimeError, TypeError,
    ValueError,
)  # fmt: skip
"""What libraries raise over input that nobody thought of; anything else ends the fork, which says the same."""

_IMPORTED_LATE = (
    "cryptography.hazmat.backends.openssl.backend",
    "lxml.etree",
    "pyhanko.pdf_utils.crypt.pdfmac",
    "pyhanko.pdf_utils.metadata.xmp_xml",
)
"""What libraries import when they first need it, which is too late where nothing can be opened any more."""

Inspect = Callable[[CheckTask], Iterator[DocumentCheck]]


def serve(lines: BinaryIO, answers: BinaryIO) -> None:
    """Answer every task of a stream until it ends."""
    # What the libraries log of bad documents is in the checks.
    logging.disable(logging.CRITICAL)
    for name in _IMPORTED_LATE:
        import_module(name)
    for line in lines:
        checks = in_fork(inspect, read_task(line))
        answers.write(orjson.dumps(checks_json(checks), option=orjson.OPT_APPEND_NEWLINE))
        answers.flush()


def inspect(task: CheckTask) -> Iterator[DocumentCheck]:
    """Confine this process for good, and yield what is found in the task's document."""
    with task.document.open() as file:
        loop = asyncio.new_event_loop()
        limits.confine()
        trusted = context(task.roots, task.at)
        if task.subject is CheckSubject.PDF:
            yield from inspect_pdf(file, trusted, loop)
        elif task.subject is CheckSubject.SIGNATURE:
            yield inspect_signature(file, task.attachment, trusted, loop)
        else:
            yield inspect_timestamp(file, task.attachment, trusted, loop)


def in_fork(work: Inspect, task: CheckTask, wall: float = limits.WALL_SECONDS) -> list[DocumentCheck]:
    """Run `work` in a fork of this process, and return what it found and how it ended, if not well."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        _tell(work, task, write)
    os.close(write)
    try:
        told, in_time = _listen(read, time.monotonic() + wall)
    finally:
        os.close(read)
        # Where it has told everything, its end is under way already and this changes nothing.
        if not in_time:
            os.kill(child, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    checks = [DocumentCheck.from_json(orjson.loads(line)) for line in told.split(b"\n")[:-1]]
    if code == 0:
        return checks
    return [*checks, DocumentCheck.of(task.subject.value, CheckStatus.UNKNOWN, _reason(code, in_time))]


def _tell(work: Inspect, task: CheckTask, pipe: int) -> NoReturn:
    """Write what is found to the pipe, and end this process whatever happens."""
    code = 1
    try:
        for check in work(task):
            _write(pipe, check)
        code = 0
    except _OUT_OF_HAND as error:
        detail = f"the check was given up: {type(error).__name__}: {error}"
        _write(pipe, DocumentCheck.of(task.subject.value, CheckStatus.UNKNOWN, detail))
        code = 0
    finally:
        os._exit(code)


def _write(pipe: int, check: DocumentCheck) -> None:
    os.write(pipe, orjson.dumps(check.to_json(), option=orjson.OPT_APPEND_NEWLINE))


def _listen(pipe: int, deadline: float) -> tuple[bytes, bool]:
    """Return what comes through the pipe, and whether that was all of it by the deadline."""
    told = b""
    while len(told) <= _MAX_ANSWER:
        ready, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            break
        part = os.read(pipe, _MAX_ANSWER)
        if not part:
            return told, True
        told += part
    return told, False


def _reason(code: int, in_time: bool) -> str:
    if code == -signal.SIGXCPU:
        return f"the check took more than {limits.CPU_SECONDS} s of computing and was ended"
    return "the check ended by itself" if in_time else "the check did not come to an end and was ended"
