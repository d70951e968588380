# SPDX-License-Identifier: Apache-2.0
"""The lock of a data folder's log: at most one process at a time writes to it, or acts in its name on the chain."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from api.settings import DataFolder
from notary.errors import UnavailableError

ENDING = 15.0
"""Seconds that a process which was told to end, or lost its parent, may take to end."""


@contextmanager
def log_lock(folder: DataFolder, wait: float = ENDING) -> Iterator[None]:
    """Hold the lock of the folder's log.

    Raises `UnavailableError` if another process still holds it after `wait` seconds, or nobody can.
    """
    try:
        descriptor = os.open(folder.path / "writer.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise UnavailableError(f"the log in {folder.path} cannot be locked: {error.strerror}") from error
    deadline = time.monotonic() + wait
    try:
        while not _try(descriptor):
            if time.monotonic() >= deadline:
                raise UnavailableError(f"another process writes to the log in {folder.path}; stop the service first")
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
