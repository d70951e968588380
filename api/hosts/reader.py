# SPDX-License-Identifier: Apache-2.0
"""A host that only reads: from a replica, where it can write nothing and lock nothing for others."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.hosts.member import Member
from api.postgres.shared import SharedValues
from api.settings import DataFolder
from notary.stores.postgres_replica import reading_only


class Reader(Member):
    """Implements what a host that only reads needs of `Host`: it leads no part, and nobody waits for it."""

    def __init__(self, folder: DataFolder, dsn: str) -> None:
        """Raise `UnavailableError` for a database's address that names several servers."""
        reading = reading_only(dsn)
        super().__init__(folder, reading, SeenValues(reading))

    @contextmanager
    def deploying(self, file: Path, anew: bool) -> Iterator[None]:  # noqa: ARG002 - it deploys nothing
        self._fetch_deployment(file)
        yield


class SeenValues(SharedValues):
    """The values that the other hosts share, as far as they have come here. All methods raise `UnavailableError`."""

    def keep(self, name: str, value: bytes) -> bytes:
        """Return the value that there is; this one where the others have kept none, and nothing is kept."""
        return self.read(name) or value
