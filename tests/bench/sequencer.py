# SPDX-License-Identifier: Apache-2.0
"""The sequencer alone: records a second in big and small commits, and what they take on disk.

Beside it, in the same run: what the disk takes of bare commits, and how fast the hashes of a record are alone.
"""

import sqlite3
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from time import perf_counter

from notary.log.submission import Submission
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
    big, small, raw, hashed, payloads = [], [], [], [], 0
    for _ in range(ROUNDS):
        for rates, count, size in ((big, BATCHES * BATCH, BATCH), (small, SINGLES, 1)):
            submissions = _checked(kit, repayments(made, count))
            made += count
            payloads += sum(len(item.payload) for item in submissions)
            rates.append(_append(kit, submissions, size))
        raw.append(_raw_commits(folder / "raw.db"))
        hashed.append(_raw_hashes(submissions))
    return [
        over_rounds(f"records, {BATCH} a commit", big, "/s"),
        over_rounds("records, one a commit", small, "/s"),
        over_rounds("bare SQLite commits of one row", raw, "/s"),
        over_rounds(
            "one a commit: ratio to bare commits", [mine / bare for mine, bare in zip(small, raw, strict=True)]
        ),
        over_rounds("the four bare SHA-256 of a record", hashed, "/s"),
        over_rounds(f"{BATCH} a commit: ratio to bare hashes", [a / b for a, b in zip(big, hashed, strict=True)]),
        Figure("payload of a record", payloads / made, "bytes"),
        Figure("on disk beside the payload", (_bytes(database) - empty - payloads) / made, "bytes", "<= 250"),
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


def _raw_hashes(submissions: Sequence[Submission]) -> float:
    """Return of how many records a second payload, commitment, leaf and node are hashed, and nothing else."""
    entry, pair, began = bytes(66), bytes(65), perf_counter()
    for item in submissions:
        sha256(item.payload).digest()
        sha256(item.nonce + item.payload).digest()
        sha256(entry).digest()
        sha256(pair).digest()
    return len(submissions) / (perf_counter() - began)


def _bytes(database: Path) -> int:
    """Return the size of a database after its write-ahead log was emptied."""
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return database.stat().st_size
