# SPDX-License-Identifier: Apache-2.0
"""`api.serving.gateway.Gateway` without a server: the short way of a plain record, then the WSGI application."""

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

from api.serving.single_post import SinglePost, is_plain
from api.serving.wsgi import Wsgi


@contextmanager
def running_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Run an event loop in a thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def close(post: SinglePost) -> None:
    """Close it; the loop closes what it has open a round later."""
    post.close()
    await asyncio.sleep(0)


class PostFirst:
    """A WSGI application in front of another one, which it asks where `post` has no answer."""

    def __init__(self, inner: Wsgi, post: SinglePost, loop: asyncio.AbstractEventLoop) -> None:
        self._inner = inner
        self._post = post
        self._loop = loop

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request."""
        if is_plain(environ):
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            environ["wsgi.input"] = BytesIO(body)
            answering = self._post.answer(environ, body)
            created = asyncio.run_coroutine_threadsafe(answering, self._loop).result()
            if created is not None:
                start_response("201 CREATED", created.headers)
                return [created.receipt]
        return self._inner(environ, start_response)
