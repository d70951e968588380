# SPDX-License-Identifier: Apache-2.0
"""Where a log is published as files: a folder behind a web server, or a bucket behind a CDN."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Held:
    """A file as it stands; `version` changes with its bytes and means something to its store only."""

    data: bytes
    version: str


class Publication(Protocol):
    """Files by their paths, such as `tile/0/x001/067`. Every method raises `UnavailableError`; any thread may call it.

    A store may not keep its word (caches, gateways, faults): whoever relies on a file looks at it afterwards.
    """

    @property
    def place(self) -> str:
        """What people call it: the folder's path, or `s3://bucket/prefix`."""

    def get(self, path: str, limit: int) -> Held:
        """Return a file. Raises `NotFoundError`, and `CorruptLogError` if it has more than `limit` bytes."""

    def put_new(self, path: str, data: bytes) -> bool:
        """Add a file; False, changing nothing, if there is one."""

    def replace(self, path: str, data: bytes, version: str) -> bool:
        """Put a file in place of the one of this version; False, changing nothing, if that does not stand there.

        What was added before by anybody is on disk when the new file is seen.
        """

    def names(self, folder: str) -> list[str]:
        """Return the paths of the files in a folder, without those in folders below it."""

    def remove(self, path: str) -> None:
        """Remove a file; harmless if it is not there."""
