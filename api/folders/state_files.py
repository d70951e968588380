# SPDX-License-Identifier: Apache-2.0
"""Files that say how something stands: each is there whole or not at all, also after a kill."""

import fcntl
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from api.folders.keys import FolderKey
from notary.errors import CorruptLogError, DigestError, Fault, UnavailableError
from notary.stores.durable import sync_folder


def read_state(path: Path) -> dict[str, Any] | None:
    """Return what a file holds, None if it is not there. Raises `OSError`, and `CorruptLogError` for another file."""
    try:
        members = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        members = None
    if not isinstance(members, dict):
        raise CorruptLogError(f"{path.name} is not what was written there")
    return members


def write_state(path: Path, members: dict[str, Any]) -> None:
    """Write a file of JSON; it is on disk when this returns."""
    write_file(path, orjson.dumps(members))


def write_file(path: Path, data: bytes) -> None:
    """Write a file; it is on disk when this returns."""
    coming = path.with_suffix(".new")
    with coming.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    coming.rename(path)
    sync_folder(path.parent)


@contextmanager
def locked(home: Path) -> Iterator[Path]:
    """Make a folder, and hold its lock. Raises `UnavailableError`."""
    with file_errors():
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (home / "lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield home


@contextmanager
def received(
    home: Path, body: Iterable[bytes], promised: bytes | None, key: FolderKey, name: str
) -> Iterator[tuple[Path, bytes]]:
    """Receive a file into a folder, under a name that goes afterwards; yield that, and the SHA-256 of what came.

    It is sealed, with `key` for `name`, as it comes. Raises `DigestError` where the SHA-256 is not the one that was
    `promised`, and what reading `body` raises.
    """
    with file_errors(), tempfile.NamedTemporaryFile(dir=home, prefix="new-") as file:
        digest, sealed = sha256(), key.writer(name, file)
        for piece in body:
            digest.update(piece)
            sealed.write(piece)
        if promised not in (None, digest.digest()):
            raise DigestError(Fault("", "what came is not that of the Content-Digest"))
        sealed.finish()
        os.fsync(file.fileno())
        yield Path(file.name), digest.digest()


@contextmanager
def file_errors() -> Iterator[None]:
    """Turn `OSError` into `UnavailableError`."""
    try:
        yield
    except OSError as error:
        raise UnavailableError(f"files of the service cannot be used now: {error.strerror}") from error
