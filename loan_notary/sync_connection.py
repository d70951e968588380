# SPDX-License-Identifier: Apache-2.0
"""Sending calls and waiting for each answer."""

import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from loan_notary.call import Call
from loan_notary.connection import PART, RETRIES, TIMEOUT, Connection, Sending
from loan_notary.retries import Retries

T = TypeVar("T")


class SyncConnection(Connection):
    """The connections of a `Client`, which says what the arguments are."""

    def __init__(
        self,
        url: str,
        api_key: str = "",
        *,
        log_key: str | None = None,
        timeout: httpx.Timeout | float = TIMEOUT,
        retries: Retries = RETRIES,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        super().__init__(url, api_key, log_key, retries)
        self._http = httpx.Client(base_url=self.url, headers=self._headers, timeout=timeout, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, call: Call[T]) -> T:
        """Send a call, again where that may help. Raises `ProblemError`, `NoAnswerError` and `BadAnswerError`."""
        sending = Sending(call, self, self._retries)
        while (wait := self._attempt(call, sending)) is not None:
            time.sleep(wait)
        return sending.result()

    def download(self, call: Call[bytes], target: Path) -> Path:
        """Write what a call returns to a file, in constant memory. The file is not there if this fails.

        >>> from loan_notary import calls
        >>> package = client.download(calls.records.evidence(recorded.record["loan"]), tmp_path / "loan.zip")
        >>> client.verify(package).verdict.value
        'valid'
        """
        coming = target.with_name(f"{target.name}.part")
        try:
            with coming.open("wb") as file:
                for part in self._parts(call):
                    file.write(part)
            return coming.replace(target)
        finally:
            coming.unlink(missing_ok=True)

    def _attempt(self, call: Call[T], sending: Sending[T]) -> float | None:
        try:
            if call.body is None or isinstance(call.body, bytes):
                response = self._http.request(call.method, call.path, content=call.body, headers=call.headers)
            else:
                with call.body.open("rb") as file:
                    response = self._http.request(call.method, call.path, content=file, headers=call.headers)
        except httpx.RequestError as error:
            return sending.unanswered(error)
        return sending.answered(response)

    def _parts(self, call: Call[Any]) -> Iterator[bytes]:
        """Yield the body of an answer as it comes. Once it has begun it is not asked for again."""
        sending, begun = Sending(call, self, self._retries), False
        while True:
            try:
                with self._http.stream(call.method, call.path, headers=call.headers) as response:
                    if response.is_success:
                        begun = True
                        yield from response.iter_bytes(PART)
                        return
                    response.read()
                    wait = sending.answered(response)
            except httpx.RequestError as error:
                if begun:
                    raise sending.broken(error) from error
                wait = sending.unanswered(error)
            if wait is None:
                sending.result()
                return
            time.sleep(wait)
