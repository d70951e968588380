# SPDX-License-Identifier: Apache-2.0
"""A log published to a folder, for a web server to serve.

A file is written whole under another name in the folder `.incoming`, brought to disk, and then given its own name,
which fails if there is one. A crash leaves files in `.incoming` that nobody asks for.

What stands at the top says what there is below it. So the names of all files that were added before are on disk before
it has its own.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from notary.errors import CorruptLogError, NotFoundError, UnavailableError
from notary.ports.publication import Held
from notary.stores.durable import sync_folder

_INCOMING = ".incoming"
_READABLE = 0o644


class PublishedFolder:
    """Implements `notary.ports.publication.Publication`; for any number of processes of one machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._incoming = folder / _INCOMING

    @property
    def place(self) -> str:
        return str(self._folder)

    def get(self, path: str, limit: int) -> Held:
        with self._translated(path):
            try:
                with (self._folder / path).open("rb") as file:
                    data = file.read(limit + 1)
            except (FileNotFoundError, NotADirectoryError):
                raise NotFoundError(f"there is no {path} in {self._folder}") from None
        if len(data) > limit:
            raise CorruptLogError(f"{path} has more than {limit} bytes")
        return Held(data, sha256(data).hexdigest())

    def put_new(self, path: str, data: bytes) -> bool:
        if (self._folder / path).exists():
            return False
        with self._translated(path), self._written(path, data) as written:
            self._bring_names_to_disk(path)
            try:
                (self._folder / path).hardlink_to(written)
            except FileExistsError:
                return False
            if _is_at_top(path):
                sync_folder(self._folder)
        return True

    def replace(self, path: str, data: bytes, version: str) -> bool:
        with self._translated(path), self._written(path, data) as written, (self._incoming / "lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                standing = (self._folder / path).read_bytes()
            except FileNotFoundError:
                return False
            if sha256(standing).hexdigest() != version:
                return False
            self._bring_names_to_disk(path)
            written.replace(self._folder / path)
            sync_folder((self._folder / path).parent)
        return True

    def names(self, folder: str) -> list[str]:
        with self._translated(folder):
            try:
                return [f"{folder}/{entry.name}" for entry in os.scandir(self._folder / folder) if entry.is_file()]
            except FileNotFoundError:
                return []

    def remove(self, path: str) -> None:
        with self._translated(path):
            (self._folder / path).unlink(missing_ok=True)
            with suppress(OSError):
                # The last one takes the folder along.
                (self._folder / path).parent.rmdir()

    def _bring_names_to_disk(self, path: str) -> None:
        """Wait for the names of all files, also those of a run that was cut short, if a path is above them."""
        if _is_at_top(path):
            # To wait for each of their folders would take longer.
            os.sync()

    @contextmanager
    def _written(self, path: str, data: bytes) -> Iterator[Path]:
        """Bring a file to disk under another name, which goes afterwards."""
        self._incoming.mkdir(parents=True, exist_ok=True)
        (self._folder / path).parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=self._incoming)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fchmod(descriptor, _READABLE)
                os.fsync(descriptor)
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    @contextmanager
    def _translated(self, path: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UnavailableError(f"{path} in {self._folder} cannot be used now: {error.strerror}") from error


def _is_at_top(path: str) -> bool:
    return "/" not in path
