# SPDX-License-Identifier: Apache-2.0
"""Sending calls from an event loop."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from loan_notary.call import Call
from loan_notary.connection import PART, RETRIES, TIMEOUT, Connection, Sending
from loan_notary.retries import Retries

T = TypeVar("T")


class AsyncConnection(Connection):
    """The connections of an `AsyncClient`."""

    def __init__(
        self,
        url: str,
        api_key: str = "",
        *,
        log_key: str | None = None,
        timeout: httpx.Timeout | float = TIMEOUT,
        retries: Retries = RETRIES,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__(url, api_key, log_key, retries)
        self._http = httpx.AsyncClient(base_url=self.url, headers=self._headers, timeout=timeout, transport=transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def send(self, call: Call[T]) -> T:
        """Send a call, again where that may help. Raises `ProblemError`, `NoAnswerError` and `BadAnswerError`."""
        sending = Sending(call, self, self._retries)
        while (wait := await self._attempt(call, sending)) is not None:
            await asyncio.sleep(wait)
        return sending.result()

    async def download(self, call: Call[bytes], target: Path) -> Path:
        """Write what a call returns to a file; see `Client.download`. A thread writes it."""
        coming = target.with_name(f"{target.name}.part")
        try:
            with coming.open("wb") as file:
                async for part in self._parts(call):
                    await asyncio.to_thread(file.write, part)
            return coming.replace(target)
        finally:
            coming.unlink(missing_ok=True)

    async def _attempt(self, call: Call[T], sending: Sending[T]) -> float | None:
        content: bytes | AsyncIterable[bytes] | None
        content, headers = call.body if not isinstance(call.body, Path) else _parts(call.body), call.headers
        if isinstance(call.body, Path):
            headers = {**headers, "Content-Length": str(call.body.stat().st_size)}
        try:
            response = await self._http.request(call.method, call.path, content=content, headers=headers)
        except httpx.RequestError as error:
            return sending.unanswered(error)
        return sending.answered(response)

    async def _parts(self, call: Call[Any]) -> AsyncIterator[bytes]:
        """Yield the body of an answer as it comes. Once it has begun it is not asked for again."""
        sending, begun = Sending(call, self, self._retries), False
        while True:
            try:
                async with self._http.stream(call.method, call.path, headers=call.headers) as response:
                    if response.is_success:
                        begun = True
                        async for part in response.aiter_bytes(PART):
                            yield part
                        return
                    await response.aread()
                    wait = sending.answered(response)
            except httpx.RequestError as error:
                if begun:
                    raise sending.broken(error) from error
                wait = sending.unanswered(error)
            if wait is None:
                sending.result()
                return
            await asyncio.sleep(wait)


async def _parts(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while part := await asyncio.to_thread(file.read, PART):
            yield part
