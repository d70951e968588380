# SPDX-License-Identifier: Apache-2.0
"""The RSGI application: plain records on the event loop, all else by Flask in threads.

What waits for others waits here, where it costs nothing: a body for its sender, a record for the log.
"""

import asyncio
from io import BytesIO

import structlog
from werkzeug.exceptions import HTTPException, InternalServerError, ServiceUnavailable

from api.serving.bodies import StreamedBody, read_whole
from api.serving.pipe import NoPipeError
from api.serving.rsgi import HttpProtocol, Scope
from api.serving.single_post import SinglePost, is_plain
from api.serving.wsgi import Environ, Wsgi, WsgiThreads, environ_of
from api.traffic.middleware import REFUSAL
from notary.registration import MAX_BODY

_THREADS = 64
"""Requests that Flask has in hand at a time; each waits most of its time for the disk."""
_UPLOADS = 32
"""And such that it reads the body of while it comes; more are sent away."""
PATIENCE = 60.0
"""Seconds within which a small body is there, or a large one's next part, and an answer's next part is taken."""

_log = structlog.get_logger()


class Gateway:
    """Answers requests by the WSGI application `app`, and plain records by `post` if there is one."""

    def __init__(self, app: Wsgi, post: SinglePost | None, patience: float = PATIENCE) -> None:
        self._post = post
        self._patience = patience
        self._requests = WsgiThreads(app, _THREADS, patience)
        self._uploads = WsgiThreads(app, _UPLOADS, patience)

    async def __rsgi__(self, scope: Scope, protocol: HttpProtocol) -> None:
        """Answer a request."""
        environ = environ_of(scope)
        try:
            await self._answer(environ, scope, protocol)
        except HTTPException as error:
            await self._refuse(error, environ, scope, protocol)
        except NoPipeError as error:
            _log.error("a long answer has no way to its client", reason=error.strerror)
            away = ServiceUnavailable("there is no room on disk for the way of this answer", retry_after=1)
            await self._refuse(away, environ, scope, protocol)
        except Exception as error:
            # The server would answer it with nothing, and write no more of it than that it was.
            failed = InternalServerError(original_exception=error)
            await self._refuse(failed, environ, scope, protocol)
            raise

    async def _answer(self, environ: Environ, scope: Scope, protocol: HttpProtocol) -> None:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if "HTTP_TRANSFER_ENCODING" in environ or length > MAX_BODY:
            await self._upload(environ, scope, protocol)
            return
        body = await read_whole(protocol, self._patience) if length else b""
        if self._post is not None and len(body) == length and is_plain(environ):
            created = await self._post.answer(environ, body)
            if created is not None:
                protocol.response_bytes(201, created.headers, created.receipt)
                return
        environ["wsgi.input"] = BytesIO(body)
        await self._requests.answer(environ, scope, protocol)

    async def _upload(self, environ: Environ, scope: Scope, protocol: HttpProtocol) -> None:
        if self._uploads.are_busy:
            raise ServiceUnavailable("too many large bodies are on their way", retry_after=1)
        environ["wsgi.input"] = body = StreamedBody(self._patience)
        if "HTTP_TRANSFER_ENCODING" in environ:
            # Of chunks nothing tells the length; of all else it does, and werkzeug notices what was cut short. It asks
            # whether this is there, and not what it is.
            environ["wsgi.input_terminated"] = True
        receiving = asyncio.get_running_loop().create_task(body.receive(protocol))
        try:
            await self._uploads.answer(environ, scope, protocol)
        finally:
            # What nobody has read is not received any more; the server then closes the connection.
            receiving.cancel()

    async def _refuse(self, error: HTTPException, environ: Environ, scope: Scope, protocol: HttpProtocol) -> None:
        await self._requests.answer({**environ, REFUSAL: error, "wsgi.input": BytesIO()}, scope, protocol)
