# SPDX-License-Identifier: Apache-2.0
"""Moves a notary from the SQLite file of its data folder into a PostgreSQL database.

The rows are copied, counted and audited in the new place before the settings name it; the file stays as it was.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from api.audits.auditing import Audit
from api.audits.parts import Target
from api.databases import driver, open_vault
from api.folders.locks import log_lock
from api.keys.log_keys import load_verifiers
from api.settings import DataFolder, Settings
from notary.audit.report import AuditReport
from notary.errors import MoveError


@dataclass(frozen=True)
class Moved:
    """What was moved: rows of all tables by this call, entries of the log, and its root as the audit of the new place
    found it."""

    rows: int
    entries: int
    root: str


def move(folder: DataFolder, dsn: str) -> Moved:
    """Move a notary into an empty database; its service must not run.

    Raises `MoveError` and `UnavailableError`; to move again is safe then.
    """
    settings = folder.settings()
    changed = Settings.checked(**settings.model_dump() | {"database": dsn})
    with log_lock(folder, wait=0), driver():
        from notary.stores.postgres_moving import is_marked, remove_mark

        rows = 0
        # The mark goes last: a kill before that leaves no host that uses the database, and a command that goes on here.
        if settings.database is None:
            rows = _copied(folder, dsn)
        elif settings.database != dsn or not is_marked(dsn):
            raise MoveError(f"the notary is in a PostgreSQL database already: {settings.database}")
        report = _audited(folder, changed)
        folder.change(changed)
        remove_mark(dsn)
    return Moved(rows, report.job.size, (report.root or b"").hex())


def _copied(folder: DataFolder, dsn: str) -> int:
    """Copy all rows, and return how many they are."""
    from notary.stores.postgres import PostgresStore
    from notary.stores.postgres_moving import move_rows

    if held := folder.hold.read():
        raise MoveError(f"nothing is moved that may not be signed: the stored log is {held[0]}: {held[1]}")
    PostgresStore.create(dsn, open_vault(folder))
    beside = [path for path in (folder.traffic, folder.accesses) if path.exists()]
    files = [folder.database, *beside]
    return sum(move_rows(files, dsn).values())


def _audited(folder: DataFolder, changed: Settings) -> AuditReport:
    with _seen_with(folder, changed) as moved:
        report = Audit(Target("data", str(moved.path)), load_verifiers(folder)[0], None).run(
            lambda _total: lambda _done: None
        )
    if report.findings.count:
        first = report.findings.ordered()[0]
        raise MoveError(f"what was moved is not whole: {first.place}: {first.text}")
    if report.unknown:
        raise MoveError(f"what was moved could not be audited: {report.unknown[0][1]}")
    return report


@contextmanager
def _seen_with(folder: DataFolder, changed: Settings) -> Iterator[DataFolder]:
    """Yield a data folder with the same keys and other settings."""
    with tempfile.TemporaryDirectory(prefix="loan-notary-") as name:
        seen = DataFolder(Path(name))
        seen.keys.path.symlink_to(folder.keys.path)
        seen.begin(changed)
        yield seen
