# SPDX-License-Identifier: Apache-2.0
"""Folders that are there whole or not at all, also after a kill: backups, and what is restored of them."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from notary.errors import BackupError


@contextmanager
def whole_folder(target: Path, refusal: str) -> Iterator[Path]:
    """Yield an empty folder beside `target`, which gets that name at the end; it is gone if the block raises.

    What a kill has left of an earlier one is removed. Raises `BackupError`: with `refusal` if `target` is there, if
    another process is making it, and for every `OSError` of the block.
    """
    if not (name := target.absolute().name):
        raise BackupError(str(target), refusal)
    coming = target.absolute().with_name(name + ".part")
    try:
        coming.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(coming):
            try:
                if target.exists():
                    raise BackupError(str(target), refusal)
                _empty(coming)
                yield coming
                coming.rename(target)
            finally:
                shutil.rmtree(coming, ignore_errors=True)
    except OSError as error:
        raise BackupError(str(target), error.strerror or type(error).__name__) from None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever held it may have given it its name, or removed it, in between.
            ours = os.path.samestat(os.fstat(descriptor), folder.stat())
        except (BlockingIOError, FileNotFoundError):
            ours = False
        if not ours:
            raise BackupError(str(folder), "another process is writing it")
        yield
    finally:
        os.close(descriptor)


def _empty(folder: Path) -> None:
    for item in folder.iterdir():
        if item.is_dir() and not item.is_symlink():
            shutil.rmtree(item)
        else:
            item.unlink()
