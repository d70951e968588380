# SPDX-License-Identifier: Apache-2.0
"""Small JSON files that say how something stands: each is there whole or not at all, also after a kill."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from notary.errors import UnavailableError


def read_state(path: Path) -> dict[str, Any] | None:
    """Return what a file holds, None if it is not there."""
    try:
        members: dict[str, Any] = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    return members


def write_state(path: Path, members: dict[str, Any]) -> None:
    """Write a file; it is on disk when this returns."""
    coming = path.with_suffix(".new")
    with coming.open("wb") as file:
        file.write(orjson.dumps(members))
        file.flush()
        os.fsync(file.fileno())
    coming.rename(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring a folder's names to disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(home: Path) -> Iterator[Path]:
    """Make a folder, and hold its lock. Raises `UnavailableError`."""
    with file_errors():
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (home / "lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield home


@contextmanager
def file_errors() -> Iterator[None]:
    """Turn `OSError` into `UnavailableError`."""
    try:
        yield
    except OSError as error:
        raise UnavailableError(f"files of the service cannot be used now: {error.strerror}") from error
