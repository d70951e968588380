# SPDX-License-Identifier: Apache-2.0
"""The locks of a data folder.

At most one process at a time writes to its log, or acts in its name on the chain, and one command rotates its keys.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.settings import DataFolder
from notary.errors import UnavailableError

ENDING = 15.0
"""Seconds that a process which was told to end, or lost its parent, may take to end."""


@contextmanager
def log_lock(folder: DataFolder, wait: float = ENDING) -> Iterator[None]:
    """Hold the lock of the folder's log.

    Raises `UnavailableError` if another process still holds it after `wait` seconds, or nobody can.
    """
    refusal = f"another process writes to the log in {folder.path}; stop the service first"
    with _locked(folder.path / "writer.lock", wait, refusal):
        yield


@contextmanager
def rotation_lock(folder: DataFolder) -> Iterator[None]:
    """Hold the lock of whoever rotates the folder's keys. Raises `UnavailableError` if somebody does, or nobody can."""
    with _locked(folder.path / "rotation.lock", 0, f"another command rotates the keys in {folder.path}: wait for it"):
        yield


@contextmanager
def _locked(path: Path, wait: float, refusal: str) -> Iterator[None]:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise UnavailableError(f"{path} cannot be locked: {error.strerror}") from error
    deadline = time.monotonic() + wait
    try:
        while not _try(descriptor):
            if time.monotonic() >= deadline:
                raise UnavailableError(refusal)
            time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
