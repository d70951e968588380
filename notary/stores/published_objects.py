# SPDX-License-Identifier: Apache-2.0
"""A log published to an object store that speaks S3, or to another one that the package `obstore` knows.

Nothing is overwritten but by a conditional request: `If-None-Match: *` for what is new, `If-Match` for the checkpoint.
Credentials, endpoint and region come from the environment (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
`AWS_ENDPOINT_URL`, `AWS_REGION` and so on), or from the machine's or container's role.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import MemoryStore, S3Store

from notary.audit.sources import KEYS
from notary.errors import CorruptLogError, Fault, InvalidInputError, NotFoundError, UnavailableError
from notary.ports.publication import Held

IMMUTABLE = "public, max-age=31536000, immutable"
FRESH = "public, max-age=2"
_BINARY = {"Content-Type": "application/octet-stream", "Cache-Control": IMMUTABLE}
_TEXT = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": FRESH}
_JSON = {"Content-Type": "application/json", "Cache-Control": FRESH}
_WAIT = timedelta(seconds=30)


class PublishedObjects:
    """Implements `notary.ports.publication.Publication`."""

    def __init__(self, store: S3Store | MemoryStore, place: str) -> None:
        self._store, self._place = store, place

    @classmethod
    def open(cls, bucket: str, prefix: str) -> "PublishedObjects":
        """Name a bucket, and what its objects' names begin with; nothing is asked of it yet.

        Raises `InvalidInputError` for a set-up that cannot be used.
        """
        endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
        try:
            store = S3Store(
                bucket,
                prefix=prefix or None,
                client_options={"allow_http": endpoint.startswith("http://"), "timeout": _WAIT},
                retry_config={"max_retries": 4, "retry_timeout": _WAIT},
            )
        except BaseError as error:
            raise InvalidInputError(Fault("", f"the bucket {bucket} cannot be used: {_first_line(error)}")) from None
        return cls(store, f"s3://{bucket}/{prefix}".rstrip("/"))

    @property
    def place(self) -> str:
        return self._place

    def get(self, path: str, limit: int) -> Held:
        try:
            with self._translated(path):
                found = obstore.get(self._store, path)
                if found.meta["size"] > limit:
                    raise CorruptLogError(f"{path} has more than {limit} bytes")
                return Held(bytes(found.bytes()), found.meta["e_tag"] or "")
        except FileNotFoundError:
            raise NotFoundError(f"there is no {path} in {self._place}") from None

    def put_new(self, path: str, data: bytes) -> bool:
        try:
            with self._translated(path, AlreadyExistsError):
                obstore.put(self._store, path, data, mode="create", attributes=_attributes(path), use_multipart=False)
        except AlreadyExistsError:
            return False
        except FileNotFoundError:
            raise UnavailableError(f"there is no bucket for {self._place}") from None
        return True

    def replace(self, path: str, data: bytes, version: str) -> bool:
        try:
            with self._translated(path, PreconditionError):
                obstore.put(
                    self._store,
                    path,
                    data,
                    mode={"e_tag": version},
                    attributes=_attributes(path),
                    use_multipart=False,
                )
        except (PreconditionError, FileNotFoundError):
            return False
        return True

    def names(self, folder: str) -> list[str]:
        with self._translated(folder):
            found = obstore.list_with_delimiter(self._store, f"{folder}/")
            return [item["path"] for item in found["objects"]]

    def remove(self, path: str) -> None:
        try:
            with self._translated(path):
                obstore.delete(self._store, path)
        except FileNotFoundError:
            return

    @contextmanager
    def _translated(self, path: str, answer: type[BaseError] | None = None) -> Iterator[None]:
        """Raise `UnavailableError` for what the store raises, unless it is the `answer` to what was asked.

        A server may say 409 or 412 to any request: where no condition was set, or another one, it says nothing.
        """
        try:
            yield
        except BaseError as error:
            if answer and isinstance(error, answer):
                raise
            raise UnavailableError(f"{path} in {self._place} cannot be used now: {_first_line(error)}") from error


def _attributes(path: str) -> dict[str, str]:
    if path.startswith("tile/"):
        return _BINARY
    return _JSON if path == KEYS else _TEXT


def _first_line(error: BaseError) -> str:
    # What follows is the whole request, as Rust prints it for programmers.
    return str(error).partition("\n")[0]
