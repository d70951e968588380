# SPDX-License-Identifier: Apache-2.0
"""A WSGI application behind the gateway, for tests of the gateway alone: `python -m tests.support.odd_app PORT FOLDER`.

What it has noticed stands in files of FOLDER, named like the path that was asked for.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import orjson
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from api.parent import exit_with_parent
from api.server import serve
from api.serving.gateway import Gateway
from api.serving.single_post import SinglePost
from api.traffic.middleware import REFUSAL

PART = b"x" * 65536
LONG = 80
"""Parts of the answers that are long: five megabytes."""
PATIENCE = 1.0
_FOLDER = "ODD_APP_FOLDER"


class OddApp:
    """Answers by path."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @Request.application
    def __call__(self, request: Request) -> Response:
        """Answer a request, or with the error that it has come to before, as `api.traffic.middleware.Traffic` does."""
        if REFUSAL in request.environ:
            raise request.environ[REFUSAL]
        match request.path.strip("/"):
            case "empty":
                return Response(iter(()))
            case "nothing":
                return Response(status=204)
            case "stream" | "break" as name:
                return Response(self._parts(name, request.args.get("parts", LONG, int)))
            case "length" | "less" as name:
                return Response(self._parts(name, LONG), headers={"Content-Length": str(LONG * len(PART))})
            case "digest":
                data = self._whole(request)
                return Response(f"{len(data)} {sha256(data).hexdigest()}")
            case "duplex":
                return Response(f"{part.decode()}!\n" for part in iter(lambda: request.stream.read(65536), b""))
            case "raise":
                raise RuntimeError("as asked")
        return Response(orjson.dumps({k: v for k, v in request.environ.items() if isinstance(v, str)}))

    def _whole(self, request: Request) -> bytes:
        try:
            data = request.get_data()
        except HTTPException:
            (self._folder / "digest.refused").write_text("1")
            raise
        (self._folder / "digest.taken").write_text(str(len(data)))
        return data

    def _parts(self, name: str, count: int) -> Iterator[bytes]:
        noted = self._folder / name
        made = 0
        try:
            for made in range(1, count + 1):
                if name in ("break", "less") and made == count // 2:
                    if name == "less":
                        return
                    raise RuntimeError("as asked")
                yield PART
                noted.with_suffix(".made").write_text(str(made))
        finally:
            noted.with_suffix(".closed").write_text(str(made))


class OddPost:
    """Takes the place of `SinglePost`: leaves everything to the application, or fails."""

    async def answer(self, environ: dict[str, Any], body: bytes) -> None:  # noqa: ARG002 - as `SinglePost` has it
        """Answer nothing."""
        if body == b"raise":
            raise RuntimeError("as asked")


def make() -> Gateway:
    """Make what a worker process serves."""
    exit_with_parent(os.getppid())
    # Where pipes are made, so that a test can take it away.
    tempfile.tempdir = os.path.join(os.environ[_FOLDER], "tmp")
    return Gateway(OddApp(Path(os.environ[_FOLDER])), cast(SinglePost, OddPost()), PATIENCE)


def main() -> None:
    """Serve by one worker process."""
    exit_with_parent(os.getppid())
    os.environ[_FOLDER] = sys.argv[2]
    serve("tests.support.odd_app:make", "127.0.0.1", int(sys.argv[1]), 1)


if __name__ == "__main__":
    main()
