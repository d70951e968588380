# SPDX-License-Identifier: Apache-2.0
"""Kills `loan-notary init` and migrations half-way, and does them again: nothing half-made stays for ever."""

import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

from sqlite_utils import Database

from api.keys.anchor_keys import open_wallet
from api.keys.log_keys import load_signer
from api.settings import DataFolder
from notary.stores.sqlite_file import SqliteFile
from notary.stores.statements import MIGRATIONS
from tests.faults.figures import Rows
from tests.faults.steps import Step, armed, environment
from tests.support.builders import VAULT
from tests.support.service import PROGRAM, ROOT, command

_MAIN = "from api.cli import main"
INIT_STEPS = {
    "settings opened, not written": Step(
        _MAIN, "api.settings", 'file.write(settings.model_dump_json(indent=2) + "\\n")', 1
    ),
    "settings written, not under their name": Step(_MAIN, "api.settings", "self._settings.hardlink_to(temporary)", 1),
    "log key opened, not written": Step(_MAIN, "api.keys.files", "file.write(data)", 1),
    "log key written, not under its name": Step(_MAIN, "api.keys.files", "path.hardlink_to(coming)", 1),
    "anchor key opened, not written": Step(_MAIN, "api.keys.files", "file.write(data)", 2),
    "anchor key written, not under its name": Step(_MAIN, "api.keys.files", "path.hardlink_to(coming)", 2),
}
"""Steps of `loan-notary init`; it is killed at the passage `most`."""
MIGRATION = Step("SqliteFile.create", "notary.stores.statements", "db.execute(statement)", 1)
"""Before a statement of a migration; its passage says which one."""
_MIGRATE = "import sys; from pathlib import Path; from notary.stores.sqlite_file import SqliteFile; "
_MIGRATE += "from tests.support.builders import VAULT; "
_CREATE = _MIGRATE + "SqliteFile.create(Path(sys.argv[1]), VAULT)"


def kill_init(folder: Path, step: Step) -> None:
    """Kill an init at a step, in a new folder; the next one makes a notary of what is left."""
    options = ("init", "--data", str(folder), "--origin", "localhost/loan-notary", "--port", "0")
    _killed([*PROGRAM, *options], step, step.most, folder.with_suffix(".trigger"))
    again = command(*options)
    assert again.code == 0, again.err
    data = DataFolder(folder)
    assert data.settings().origin == load_signer(data).verifier.name == "localhost/loan-notary"
    keys = data.keys.load()
    assert open_wallet(data.keys, keys, data.keys.place(keys.anchor)).address


def kill_migration(folder: Path, since: str | None, passage: int) -> bool:
    """Kill a migration before its `passage`-th statement; the next one comes to the schema of one that was left alone.

    `since` is the first migration that the database does not have yet, None for a new database. Returns False when
    there are fewer statements.
    """
    path, whole = folder / "killed.db", folder / "whole.db"
    for database in (path, whole):
        database.unlink(missing_ok=True)
        if since is not None:
            with closing(sqlite3.connect(database)) as connection:
                connection.execute("PRAGMA journal_mode=WAL")
                MIGRATIONS.apply(Database(connection), stop_before=since)
    code = _killed([sys.executable, "-c", _CREATE, str(path)], MIGRATION, passage, folder / "trigger", must=False)
    if code == 0:
        return False
    SqliteFile.create(path, VAULT)
    SqliteFile.create(whole, VAULT)
    assert list(_schema(path)) == list(_schema(whole))
    return True


def migrations() -> list[str]:
    """Return the names of all migrations, in their order."""
    with closing(sqlite3.connect(":memory:")) as connection:
        return [item.name for item in MIGRATIONS.pending(Database(connection))]


def _killed(arguments: list[str], step: Step, passage: int, trigger: Path, must: bool = True) -> int:
    trigger.touch()
    variables = armed(step, passage, trigger)
    done = subprocess.run(arguments, env=environment(variables), cwd=ROOT, capture_output=True, check=False)
    trigger.unlink()
    assert done.returncode in ((-signal.SIGKILL,) if must else (0, -signal.SIGKILL)), done.stderr
    return done.returncode


def _schema(path: Path) -> Iterator[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        yield from connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
        yield from connection.execute("SELECT name, migration_set FROM _sqlite_migrations ORDER BY name")


def run(folder: Path, count: int, seed: int, minutes: float) -> Rows:
    """Kill every step of an init, and `count` statements of migrations within so many minutes; return the figures."""
    for number, step in enumerate(INIT_STEPS.values()):
        kill_init(folder / f"init-{number}", step)
    random, killed = Random(seed), Counter[str]()
    deadline = time.monotonic() + 60 * minutes
    while killed.total() < count and time.monotonic() < deadline:
        since = random.choice([None, *migrations()])
        if kill_migration(folder, since, random.randint(1, 12 if since else 100)):
            killed["of a new database" if since is None else "of a database of an older version"] += 1
    return [
        ("kills of `loan-notary init`, one a step", str(len(INIT_STEPS))),
        ("kills in a migration", str(killed.total())),
        *((f"- {kind}", str(number)) for kind, number in killed.items()),
        ("folders or databases that could not be used after it", "0"),
    ]
