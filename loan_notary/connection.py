# SPDX-License-Identifier: Apache-2.0
"""What both clients have in common: where the notary is, who asks, how often, and verifying. No I/O."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Generic, TypeVar

import httpx

from loan_notary.answers import Job
from loan_notary.call import Call
from loan_notary.errors import Fault, InvalidInputError, NoAnswerError
from loan_notary.receipts import History, Receipt, verify
from loan_notary.retries import Retries
from notary.receipts.acceptance import AcceptanceRules
from notary.receipts.report import Report

TIMEOUT = httpx.Timeout(60.0, connect=5.0)
"""Seconds; a batch of records whose signatures are all new takes the longest."""
RETRIES = Retries()
POLL_FIRST, POLL_GROWTH, POLL_LONGEST = 0.2, 1.5, 5.0
"""Seconds between looks at a record that is waited for."""

PART = 1 << 20
"""Bytes that are read at once of what goes to or comes from a file."""
UNFINISHED = ("open", "running")
"""States of a job that goes on."""
JobReport = Callable[[Job], object]

_VISIBLE = re.compile("[!-~]*")

T = TypeVar("T")


class Connection:
    """One notary, as one API key sees it. `log_key` is the log's key as the notary publishes it, for `verify`."""

    def __init__(self, url: str, api_key: str, log_key: str | None, retries: Retries) -> None:
        if not re.match("https?://.", url):
            raise InvalidInputError(Fault("", "the URL of a notary begins with http:// or https://"))
        if not _VISIBLE.fullmatch(api_key):
            # The text is not quoted: it may be another secret.
            raise InvalidInputError(Fault("", "what was given as API key cannot be one"))
        self.url = url.rstrip("/")
        self.log_key = log_key
        self._retries = retries
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    def verify(
        self,
        receipt: Receipt | History | bytes | Path,
        rules: AcceptanceRules | None = None,
        documents: Sequence[Path] = (),
    ) -> Report:
        """Verify a receipt, history receipt or evidence package here, offline; see `loan_notary.verify`.

        >>> report = client.verify(recorded)
        >>> report.verdict.value, report.holds("signatures"), report.facts["type"]
        ('valid', True, 'agreement')
        """
        return verify(receipt, self.log_key, rules, documents)


def ignore(_job: Job) -> None:
    """Do nothing with a job's progress."""


def lines_in(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of what comes in parts."""
    rest = b""
    for part in parts:
        *lines, rest = (rest + part).split(b"\n")
        yield from lines
    if rest:
        yield rest


class Sending(Generic[T]):
    """One call on its way: says after each attempt how many seconds to wait for the next one, or that it was the last.

    ::

        while (wait := <attempt>) is not None: <sleep>
    """

    def __init__(self, call: Call[T], connection: Connection, retries: Retries) -> None:
        self._call, self._connection, self._retries = call, connection, retries
        self._failed = 0
        self._answer = (0, b"")

    def unanswered(self, error: httpx.RequestError) -> float:
        """Note an attempt without an answer. Raises `NoAnswerError` after the last one."""
        self._failed += 1
        wait = self._retries.after_silence(self._failed)
        if wait is None:
            detail = str(error) or type(error).__name__
            raise NoAnswerError(f"the notary at {self._connection.url} does not answer: {detail}") from error
        return wait

    def broken(self, error: httpx.RequestError) -> NoAnswerError:
        """Return the error for an answer that has ended in the middle."""
        return NoAnswerError(f"the notary at {self._connection.url} stopped in the middle: {error}")

    def answered(self, response: httpx.Response) -> float | None:
        """Note an answer; None if it is the one to take."""
        self._failed += 1
        self._answer = response.status_code, response.content
        return self._retries.after_answer(
            self._failed, response.status_code, response.headers, response.content, datetime.now(UTC)
        )

    def result(self) -> T:
        """Return what the last answer says. Raises `ProblemError` and `BadAnswerError`."""
        return self._call.result(*self._answer)
