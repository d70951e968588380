# SPDX-License-Identifier: Apache-2.0
"""A small disk of our own: a file with an ext4 in it, mounted; it can be full, read-only, or damaged for its kernel.

Only root may mount, and not in every container: `CAN_MOUNT` says whether it can be done here.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIZE = 48 * 1024 * 1024


class Disk:
    """A disk whose files are in `path`."""

    def __init__(self, path: Path, image: Path) -> None:
        self.path, self._image = path, image
        self._filler = path / "filler"

    def mount(self) -> None:
        """Mount it, after a check; a kernel that finds damage on it makes it read-only."""
        _run("fsck.ext4", "-p", "-f", str(self._image), fine=(0, 1))
        self.path.mkdir(exist_ok=True)
        _run("mount", "-o", "loop,errors=remount-ro", str(self._image), str(self.path))

    def unmount(self) -> None:
        """Take it away; nobody may use it any more."""
        _run("umount", str(self.path))

    @contextmanager
    def full(self) -> Iterator[None]:
        """Fill it up to the last byte."""
        with self._filler.open("wb", buffering=0) as file:
            piece = bytes(1 << 16)
            while piece:
                try:
                    file.write(piece)
                except OSError:
                    piece = piece[: len(piece) // 2]
        try:
            yield
        finally:
            self._filler.unlink()

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Make it read-only; nobody may have a file open to write to it."""
        _run("mount", "-o", "remount,ro", str(self.path))
        try:
            yield
        finally:
            _run("mount", "-o", "remount,rw", str(self.path))

    def damage(self) -> None:
        """Have the kernel find damage on it, so that it is read-only from now on, whoever writes to it."""
        source = _run("findmnt", "-n", "-o", "SOURCE", str(self.path)).strip()
        Path("/sys/fs/ext4", Path(source).name, "trigger_fs_error").write_text("1")


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """Make a disk and mount it; whatever uses it must be gone at the end."""
    image = folder / "disk.img"
    with image.open("wb") as file:
        file.truncate(SIZE)
    _run("mkfs.ext4", "-q", "-m", "0", str(image))
    disk = Disk(folder / "disk", image)
    disk.mount()
    try:
        yield disk
    finally:
        _run("umount", "-l", str(disk.path))


def _run(*command: str, fine: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in fine, f"{command}: {done.stderr}{done.stdout}"
    return done.stdout


def _can_mount() -> bool:
    if os.geteuid() or not all(map(shutil.which, ("mkfs.ext4", "fsck.ext4", "mount", "umount", "findmnt"))):
        return False
    # A container's root may not mount either.
    return subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode == 0


CAN_MOUNT = _can_mount()
