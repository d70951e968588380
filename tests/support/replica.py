# SPDX-License-Identifier: Apache-2.0
"""A host that only reads, over a real streaming replica, beside the host that writes."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from api.app import create_app
from api.settings import DataFolder
from api.wiring import make_services
from tests.support.api import Api
from tests.support.hosts import SHARED, change_settings
from tests.support.postgres import PostgresServer
from tests.support.service import until

WRITES_AT = "https://notary.example"


@dataclass(frozen=True)
class Pair:
    """A primary and its replica."""

    primary: PostgresServer
    replica: PostgresServer

    def catch_up(self) -> None:
        """Wait until the replica has applied what the primary has committed."""
        with self.primary.superuser() as connection:
            [(written,)] = connection.execute("SELECT pg_current_wal_lsn()").fetchall()
        with self.replica.superuser() as connection:
            until(
                lambda: connection.execute("SELECT pg_last_wal_replay_lsn() >= %s", (written,)).fetchone() == (True,),
                "the replica has what the primary has",
            )

    def pause(self) -> None:
        """Have the replica get what is written, and apply nothing of it."""
        with self.replica.superuser() as connection:
            connection.execute("SELECT pg_wal_replay_pause()")
            until(
                lambda: connection.execute("SELECT pg_get_wal_replay_pause_state()").fetchone() == ("paused",),
                "the replica is paused",
            )

    def go_on(self) -> None:
        """Have it apply what it got."""
        with self.replica.superuser() as connection:
            connection.execute("SELECT pg_wal_replay_resume()")


def reading_folder(first: Path, path: Path, dsn: str, **settings: Any) -> DataFolder:
    """Make the data folder of a host that only reads, as docs/postgresql.md tells an operator to."""
    path.mkdir()
    shutil.copytree(first / "keys", path / "keys")
    shutil.copy(first / "settings.json", path)
    for name in SHARED:
        (first / name).mkdir(exist_ok=True)
        (path / name).symlink_to(first / name)
    change_settings(path, database=dsn, writes_at=WRITES_AT, **settings)
    return DataFolder(path)


@contextmanager
def reading_api(api: Api, path: Path, dsn: str) -> Iterator[Api]:
    """Put an API that only reads over the database at `dsn`, with the lenders of the one that writes."""
    folder = reading_folder(api.folder.path, path, dsn)
    services = make_services(folder, path / "no-writer")
    try:
        yield replace(api, folder=folder, services=services, app=create_app(services))
    finally:
        services.checker.close()
        services.store.close()
