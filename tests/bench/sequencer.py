# SPDX-License-Identifier: Apache-2.0
"""The sequencer alone: records a second in big and small commits, and what they take on disk."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from notary.log.sequencer import Submission
from notary.ports.parties import Lender
from notary.registration import Registrar
from notary.schemes import SCHEMES
from notary.stores.sqlite import SqliteStore
from tests.bench.figures import Figure, over_rounds
from tests.bench.notary import LOANS, agreements, repayments
from tests.support.builders import NOW, VAULT, NotaryKit, kit_over, placed

TITLE = "The sequencer alone"
ROUNDS = 3
BATCHES, BATCH = 20, 512
SINGLES = 500


def run(folder: Path) -> list[Figure]:
    """Measure."""
    database = folder / "notary.db"
    kit = kit_over(SqliteStore.create(database, VAULT))
    _append(kit, _checked(kit, agreements()), LOANS)
    empty, made = _bytes(database), 0
    big, small, raw, payloads = [], [], [], 0
    for _ in range(ROUNDS):
        for rates, count, size in ((big, BATCHES * BATCH, BATCH), (small, SINGLES, 1)):
            submissions = _checked(kit, repayments(made, count))
            made += count
            payloads += sum(len(item.payload) for item in submissions)
            rates.append(_append(kit, submissions, size))
        raw.append(_raw_commits(folder / "raw.db"))
    return [
        over_rounds(f"records, {BATCH} a commit", big, "/s"),
        over_rounds("records, one a commit", small, "/s"),
        over_rounds("bare SQLite commits of one row", raw, "/s"),
        Figure("payload of a record", payloads / made, "bytes"),
        Figure("on disk beside the payload", (_bytes(database) - empty - payloads) / made, "bytes"),
    ]


def _checked(kit: NotaryKit, bodies: Sequence[bytes]) -> list[Submission]:
    registrar = Registrar(kit.store, SCHEMES, lambda: NOW)
    return [registrar.submission(Lender(kit.lender.number, kit.lender.name), body, prove=False) for body in bodies]


def _append(kit: NotaryKit, submissions: Sequence[Submission], size: int) -> float:
    began = perf_counter()
    for start in range(0, len(submissions), size):
        placed(kit.sequencer.append(submissions[start : start + size]))
    return len(submissions) / (perf_counter() - began)


def _raw_commits(path: Path) -> float:
    """Return how many commits of one small row a second the disk takes under the store's settings."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS rows (number INTEGER PRIMARY KEY, value BLOB)")
    began = perf_counter()
    for _ in range(SINGLES):
        connection.execute("INSERT INTO rows (value) VALUES (?)", (bytes(100),))
    seconds = perf_counter() - began
    connection.close()
    return SINGLES / seconds


def _bytes(database: Path) -> int:
    """Return the size of a database after its write-ahead log was emptied."""
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return database.stat().st_size
