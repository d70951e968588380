# SPDX-License-Identifier: Apache-2.0
"""Documents as files in a folder.

::

    incoming/<random>          what is being received; swept at the start of the service
    <lender>/<SHA-256, hex>    a document, complete from the first moment on

A complete file that no row tells of, left by a crash between the two, is seen by nobody and replaced by the next one of
its name.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from notary.errors import UnavailableError
from notary.stores.durable import sync_folder

_PIECE = 1 << 20


class FolderFiles:
    """Implements `notary.documents.document.DocumentFiles`; for any number of processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._incoming = folder / "incoming"

    def sweep(self) -> int:
        """Make the folder if it is not there, remove what was half received, and return how many files that were.

        To be called while nothing is being received.
        """
        with _translated():
            self._incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
            left = list(self._incoming.iterdir())
            for path in left:
                path.unlink()
        return len(left)

    @contextmanager
    def receive(self) -> Iterator["FolderFile"]:
        with _translated():
            self._incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, name = tempfile.mkstemp(dir=self._incoming)
        file = FolderFile(self._folder, descriptor, Path(name))
        try:
            yield file
        finally:
            file.close()

    def path(self, lender: int, sha256: str) -> Path:
        return _place(self._folder, lender, sha256)

    def remove(self, lender: int, sha256: str) -> None:
        path = _place(self._folder, lender, sha256)
        with _translated(), suppress(FileNotFoundError):
            with path.open("r+b") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(0)
                for start in range(0, size, _PIECE):
                    file.write(bytes(min(_PIECE, size - start)))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
            sync_folder(path.parent)


class FolderFile:
    """Implements `notary.documents.document.IncomingFile`."""

    def __init__(self, folder: Path, descriptor: int, path: Path) -> None:
        self._folder = folder
        self._descriptor = descriptor
        self._path = path

    @property
    def path(self) -> Path:
        return self._path

    def write(self, part: bytes) -> None:
        with _translated():
            # One call may write less than it was given.
            while part:
                part = part[os.write(self._descriptor, part) :]

    def sync(self) -> None:
        with _translated():
            os.fsync(self._descriptor)

    def keep(self, lender: int, sha256: str) -> None:
        place = _place(self._folder, lender, sha256)
        with _translated():
            if not place.parent.is_dir():
                place.parent.mkdir(mode=0o700, exist_ok=True)
                sync_folder(self._folder)
            self._path.rename(place)
            sync_folder(place.parent)

    def close(self) -> None:
        """Give up the file, and what is left of it."""
        os.close(self._descriptor)
        with _translated():
            self._path.unlink(missing_ok=True)


def _place(folder: Path, lender: int, sha256: str) -> Path:
    return folder / str(lender) / sha256


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnavailableError(f"a document cannot be written now: {error.strerror}") from error
