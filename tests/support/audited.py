# SPDX-License-Identifier: Apache-2.0
"""A log with real records in a real database, to be audited: whole, and after somebody has altered it."""

import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from api.audits.auditing import Audit, Chain, Target
from api.databases import open_store
from api.settings import DataFolder
from notary.audit.copying import Copied, copy_log
from notary.audit.report import AuditReport
from notary.audit.sources import StoreSource
from notary.hashing import leaf_hashes
from notary.log.entries import RECORD, genesis_entry
from notary.log.key_history import signer_of
from notary.log.right_edge import RightEdge
from notary.log.sequencer import Sequencer
from notary.log.signed_note import NoteSigner, NoteVerifier
from notary.ports.log import Batch
from notary.schemes import PrivateKey
from notary.stores.sqlite import SqliteStore
from tests.support.builders import (
    CREATED,
    DATA_KEY,
    ORIGIN,
    VAULT,
    NotaryKit,
    head_of,
    kit_over,
    log_signer,
    record,
    record_id,
    signed,
)
from tests.support.clear_rows import in_the_clear

SIGNED = 24
"""Records of the signed loan."""
PLAIN = 600
"""Records of the two plain loans together."""


@dataclass(frozen=True)
class AuditedLog:
    """A data folder with a log of three loans: S-1 signed, P-1 and P-2 plain, their records in turn."""

    folder: Path
    verifier: NoteVerifier

    @property
    def database(self) -> Path:
        """The database file."""
        return self.folder / "notary.db"

    def copy(self, folder: Path) -> "AuditedLog":
        """Copy the database to another folder."""
        prepare(folder)
        shutil.copy(DataFolder(self.folder).keys.path / "data.key", DataFolder(folder).keys.path / "data.key")
        copied = AuditedLog(folder, self.verifier)
        with closing(sqlite3.connect(self.database)) as source, closing(sqlite3.connect(copied.database)) as target:
            source.backup(target)
        return copied

    def alter(self, *statements: str) -> None:
        """Change rows, as somebody with the file and the data key in hand does: in the clear, and sealed again."""
        with in_the_clear(self.database) as connection:
            for statement in statements:
                assert connection.execute(statement).rowcount > 0, statement

    def damage(self, *statements: str) -> None:
        """Change rows, as somebody with nothing but the file in hand does."""
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute("PRAGMA foreign_keys=OFF")
            for statement in statements:
                assert connection.execute(statement).rowcount > 0, statement

    def audit(self, chain: Chain | None = None, workers: int = 1, state: Path | None = None) -> AuditReport:
        """Audit the data folder."""
        return audited(Target("data", str(self.folder)), self.verifier, chain, workers, state)


def audited(
    target: Target, verifier: NoteVerifier, chain: Chain | None = None, workers: int = 1, state: Path | None = None
) -> AuditReport:
    """Audit something without showing how far it has come."""
    return Audit(target, verifier, chain, workers, state).run(lambda _: lambda _: None)


def places(report: AuditReport) -> set[str]:
    """Return where the findings are."""
    return {item.place for item in report.findings.listed}


def prepare(folder: Path) -> None:
    """Make a data folder that has a data key and nothing else."""
    (folder / "keys").mkdir(parents=True, exist_ok=True)
    key = DataFolder(folder).keys.path / "data.key"
    key.write_text(DATA_KEY.hex() + "\n")
    key.chmod(0o600)


def make_log(folder: Path, signed_records: int = SIGNED, plain: int = PLAIN) -> AuditedLog:
    """Make the log in a folder."""
    prepare(folder)
    store = SqliteStore.create(folder / "notary.db", VAULT)
    kit = kit_over(store)
    keys = kit.register("lender"), kit.register("borrower", "ES256")
    append(kit, (signed(value, *keys) for value in loan_records("S-1", signed_records, 0, keys)))
    first, second = (loan_records(f"P-{n}", plain // 2, 10_000 * n) for n in (1, 2))
    append(kit, (orjson.dumps(value) for pair in zip(first, second, strict=True) for value in pair))
    store.close()
    return AuditedLog(folder, kit.signer.verifier)


def make_bare_log(folder: Path, size: int) -> AuditedLog:
    """Make a log of so many entries without records in a folder: all that outsiders ever see."""
    prepare(folder)
    SqliteStore.create(folder / "notary.db", VAULT).close()
    log = AuditedLog(folder, log_signer().verifier)
    grow_bare(log, size)
    return log


def grow_bare(log: AuditedLog, size: int, signer: NoteSigner | None = None) -> None:
    """Let a log without records grow to so many entries."""
    store, signer = open_store(DataFolder(log.folder)), signer or log_signer()
    head = store.head()
    begin = head.size if head else 0
    edge = RightEdge.load(begin, store.read_tiles)
    for start in range(begin, size, 16_384):
        entries = [RECORD + sha256(b"%d" % i).digest() * 2 for i in range(start, min(start + 16_384, size))]
        if not start:
            entries[0] = genesis_entry(ORIGIN, CREATED)
        edge.extend(leaf_hashes(entries))
        batch = Batch(head_of(edge.size, edge.root(), signer), entries, tiles=edge.take_changed_tiles(start))
        store.commit(head, batch)
        head = batch.head
    store.close()


def export(log: AuditedLog, folder: Path, verifier: NoteVerifier | None = None) -> Copied:
    """Copy a log to a folder on disk."""
    store, known = open_store(DataFolder(log.folder)), verifier or log.verifier
    try:
        return copy_log(
            StoreSource(store), lambda note: signer_of(note, known), lambda: None, folder, lambda _: lambda _: None
        )
    finally:
        store.close()


def grow(log: AuditedLog, records: int, signer: NoteSigner | None = None) -> None:
    """Append a loan of so many records."""
    store, signer = open_store(DataFolder(log.folder)), signer or log_signer()
    kit = NotaryKit(store, store.lender(1), signer, Sequencer(store, signer, CREATED))
    append(kit, map(orjson.dumps, loan_records("G-1", records, 90_000)))
    store.close()


def append(kit: NotaryKit, bodies: Iterable[bytes]) -> None:
    """Check records and append them in one commit."""
    answers = kit.sequencer.append([kit.registrar.submission(kit.lender, body, prove=False) for body in bodies])
    assert not [answer for answer in answers if isinstance(answer, Exception)], answers[:3]


def loan_records(loan: str, count: int, first: int, keys: tuple[PrivateKey, ...] = ()) -> list[dict[str, Any]]:
    """Return an agreement and repayments; the agreement names the keys of its parties."""
    named = dict(zip(("lender", "borrower"), keys, strict=False))
    agreement = record("agreement", id=record_id(first), loan=loan)
    for party in agreement["parties"]:
        if party["role"] in named:
            party["key"] = named[party["role"]].public.kid
    payments = [
        record("repayment", id=record_id(first + i), loan=loan, reference=sha256(b"%d" % i).hexdigest()[:16])
        for i in range(1, count)
    ]
    return [agreement, *payments]
