# SPDX-License-Identifier: Apache-2.0
"""Documents as sealed files in a folder.

::

    incoming/<lender>-<random> what is being received; swept at the start of the service
    <lender>/<SHA-256, hex>    a document, complete from the first moment on
    sealed                     that no file is left of before documents were sealed

A complete file that no row tells of, left by a crash between the two, is seen by nobody and replaced by the next one of
its name. Each has a key of its own in its header (`notary.privacy.sealed_file`), which the data key wraps.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from notary.errors import UnavailableError
from notary.privacy.data_key import KeyWrapper
from notary.privacy.sealed_file import SealedPath, SealedWriter, is_sealed, read_header, replace_wrapped
from notary.stores.durable import sync_folder

INCOMING = "incoming"
"""The folder in the folder for what is being received."""
_PIECE = 1 << 20
_CONTEXT = b"loan-notary/1 document"


class FolderFiles:
    """Implements `notary.documents.document.DocumentFiles`; for any number of processes."""

    def __init__(self, folder: Path, wrapper: KeyWrapper) -> None:
        self._folder = folder
        self._wrapper = wrapper
        self._incoming = folder / INCOMING

    def sweep(self) -> int:
        """Make the folder if it is not there, remove what was half received, and return how many files that were.

        Documents that are not sealed yet are sealed. To be called while nothing is being received. Raises
        `UnavailableError`.
        """
        with _translated():
            self._incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
            left = list(self._incoming.iterdir())
            for path in left:
                path.unlink()
            self._seal_all()
        return len(left)

    @contextmanager
    def receive(self, lender: int) -> Iterator["FolderFile"]:
        with _translated():
            self._incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
            with _locked(self._incoming, fcntl.LOCK_SH):
                file = self._begin(lender)
        try:
            yield file
        finally:
            file.close()

    def _begin(self, lender: int) -> "FolderFile":
        descriptor, name = tempfile.mkstemp(prefix=f"{lender}-", dir=self._incoming)
        try:
            return FolderFile(self._folder, lender, os.fdopen(descriptor, "wb"), Path(name), self._wrapper)
        except BaseException:
            Path(name).unlink()
            raise

    def find(self, lender: int, sha256: str) -> SealedPath:
        path = _place(self._folder, lender, sha256)
        with _translated(), path.open("rb") as file:
            return SealedPath(path, self._wrapper.unwrap(read_header(file), document_context(lender)))

    def remove(self, lender: int, sha256: str) -> None:
        path = _place(self._folder, lender, sha256)
        with _translated(), suppress(FileNotFoundError):
            with path.open("r+b") as file:
                _overwrite(file)
            path.unlink()
            sync_folder(path.parent)

    def rewrap(self, old: bytes) -> int:
        """Wrap anew the key of each document, also of those being received, that the data key of this id has wrapped.

        Return how many they were. Raises `UnavailableError`, `DataKeyError`; harmless to repeat.
        """
        count = 0
        with _translated():
            # In this order: what is kept meanwhile is among the others then.
            count += self._rewrap_incoming(old) if self._incoming.is_dir() else 0
            for path in sorted(self._folder.glob("[0-9]*/*")):
                count += self._rewrap(path, int(path.parent.name), old)
        return count

    def _rewrap_incoming(self, old: bytes) -> int:
        # Whoever begins a file holds the lock until its header stands: one without was left by a kill.
        with _locked(self._incoming, fcntl.LOCK_EX):
            begun = [path for path in sorted(self._incoming.iterdir()) if _has_header(path)]
            return sum(self._rewrap(path, int(path.name.partition("-")[0]), old) for path in begun)

    def _rewrap(self, path: Path, lender: int, old: bytes) -> bool:
        with suppress(FileNotFoundError):
            return replace_wrapped(path, old, self._wrapper, document_context(lender))
        return False

    def _seal_all(self) -> None:
        """Seal what was kept before documents were sealed; a kill leaves each file whole, as it was or sealed."""
        done = self._folder / "sealed"
        if done.exists():
            return
        for path in sorted(self._folder.glob("[0-9]*/*")):
            if not is_sealed(path):
                self._seal(int(path.parent.name), path)
        done.touch(mode=0o600)
        sync_folder(self._folder)

    def _seal(self, lender: int, path: Path) -> None:
        with path.open("r+b") as clear, self.receive(lender) as sealed:
            while piece := clear.read(_PIECE):
                sealed.write(piece)
            sealed.sync()
            sealed.keep(path.name)
            # Its name leads to the sealed one by now.
            _overwrite(clear)


class FolderFile:
    """Implements `notary.documents.document.IncomingFile`."""

    def __init__(self, folder: Path, lender: int, file: BinaryIO, path: Path, wrapper: KeyWrapper) -> None:
        self._folder = folder
        self._lender = lender
        self._file = file
        self._path = path
        with _translated():
            self._writer = SealedWriter(file, wrapper, document_context(lender))

    @property
    def sealed(self) -> SealedPath:
        return SealedPath(self._path, self._writer.key)

    def write(self, part: bytes) -> None:
        with _translated():
            self._writer.write(part)

    def sync(self) -> None:
        with _translated():
            self._writer.finish()
            os.fsync(self._file.fileno())

    def keep(self, sha256: str) -> None:
        place = _place(self._folder, self._lender, sha256)
        with _translated():
            if not place.parent.is_dir():
                place.parent.mkdir(mode=0o700, exist_ok=True)
                sync_folder(self._folder)
            self._path.rename(place)
            sync_folder(place.parent)

    def close(self) -> None:
        """Give up the file, and what is left of it."""
        with _translated():
            try:
                self._file.close()
            finally:
                self._path.unlink(missing_ok=True)


def document_context(lender: int) -> bytes:
    """Return what the key of a lender's documents is wrapped for."""
    return _CONTEXT + lender.to_bytes(8)


def _has_header(path: Path) -> bool:
    try:
        return is_sealed(path)
    except FileNotFoundError:
        return False  # it was kept meanwhile


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)


def _overwrite(file: BinaryIO) -> None:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    for start in range(0, size, _PIECE):
        file.write(bytes(min(_PIECE, size - start)))
    file.flush()
    os.fsync(file.fileno())


def _place(folder: Path, lender: int, sha256: str) -> Path:
    return folder / str(lender) / sha256


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnavailableError(f"a document cannot be written now: {error.strerror}") from error
