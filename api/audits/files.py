# SPDX-License-Identifier: Apache-2.0
"""Audits as files in a folder (`api.folders.owned`).

::

    <organisation>/<audit>/order.json       what was asked for, and when
    <organisation>/<audit>/ledger           the ledger that a tie-out is of
    <organisation>/<audit>/progress.json    how far the worker has come; written by it alone, as are the others
    <organisation>/<audit>/cancelled.json   when it was cancelled
    <organisation>/<audit>/parts.jsonl      what a full audit has done so far (`notary.audit.state`)
    <organisation>/<audit>/report           the report
    <organisation>/<audit>/ended.json       when it ended, and why if there is no report

Ledger, parts, report and why there is none are sealed with the audit's key.
"""

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from api.audits.audit import LEDGER, PROBLEM, REPORT, Order, OrderedAudit
from api.folders.keys import FolderKey
from api.folders.owned import OwnedFolders
from api.folders.state_files import file_errors, read_state, received, write_file, write_state
from notary.audit.table import with_header
from notary.audit.tie_out import COLUMNS
from notary.errors import JobError
from notary.ports.records import StoredRecord
from notary.stores.durable import sync_folder

MAX_OPEN = 4
"""Audits of one organisation that are not over."""
MAX_LEDGER = 64 * 1024 * 1024
KEEP = 30 * 24 * 3_600_000
"""Milliseconds for which an audit stays after it was asked for."""


class AuditFiles(OwnedFolders[OrderedAudit]):
    """All audits in a folder; for any number of processes."""

    kind, first, most = "audit", "order.json", MAX_OPEN

    def create(self, organisation: int, order: Order, now: int, drawn: bytes | None = None) -> OrderedAudit:
        """Ask for an audit; its id is of `drawn`, if given. Raises `JobError` where the organisation has too many."""
        return self._create(organisation, {"created_at": now, "order": order.to_json()}, drawn)

    def _read(self, organisation: int, folder: Path, begun: Mapping[str, Any], key: FolderKey) -> OrderedAudit:
        progress = read_state(folder / "progress.json") or {"started_at": None, "done": 0, "total": None}
        ended = read_state(folder / "ended.json") or {"at": None, "problem": None}
        cancelled = read_state(folder / "cancelled.json")
        return OrderedAudit(
            id=folder.name,
            organisation=organisation,
            order=Order.from_json(begun["order"]),
            created_at=begun["created_at"],
            **progress,
            finished_at=ended["at"],
            ended=_problem(ended["problem"], key),
            cancelled_at=cancelled["at"] if cancelled else None,
            folder=folder,
            key=key,
        )

    def add_ledger(self, organisation: int, audit: str, body: Iterable[bytes], promised: bytes | None) -> OrderedAudit:
        """Keep the ledger that a tie-out is of; harmless to repeat. `promised` is its SHA-256, if that is known.

        Raises `JobError` for an audit of no ledger, for other bytes than are there, or if it is over; `TableError` for
        what does not begin with the header of a ledger; `DigestError`; and what reading `body` raises. Nothing is kept
        then.
        """
        found = self.find(organisation, audit)
        coming = received(found.folder.parent, with_header(body, COLUMNS), promised, found.key, LEDGER)
        with coming as (path, digest), self._locked(organisation):
            found = self.find(organisation, audit)
            if found.order.kind != "tie-out" or found.is_over:
                raise JobError(f"the audit is {found.state} and takes no ledger")
            if not found.ledger.exists():
                os.link(path, found.ledger)
                sync_folder(found.folder)
            elif _digest(found) != digest:
                raise JobError("the audit has another ledger")
        return self.find(organisation, audit)

    def cancel(self, organisation: int, audit: str, now: int) -> OrderedAudit:
        """Stop an audit. Harmless to repeat. Raises `JobError` if it has ended."""
        with self._locked(organisation):
            found = self.find(organisation, audit)
            if found.finished_at is not None:
                raise JobError("the audit has ended")
            if found.cancelled_at is None:
                write_state(found.folder / "cancelled.json", {"at": now})
        return self.find(organisation, audit)

    def save_progress(self, audit: OrderedAudit, started_at: int, done: int, total: int | None) -> bool:
        """Keep how far the worker has come; False if the audit is cancelled."""
        with file_errors():
            write_state(audit.folder / "progress.json", {"started_at": started_at, "done": done, "total": total})
        return self.find(audit.organisation, audit.id).cancelled_at is None

    def end(self, audit: OrderedAudit, now: int, report: Any, problem: dict[str, Any] | None) -> None:
        """Keep the report, or why there is none; unless the audit was cancelled."""
        with self._locked(audit.organisation):
            if self.find(audit.organisation, audit.id).cancelled_at is not None:
                return
            if problem is None:
                write_file(audit.report, audit.key.seal(REPORT, orjson.dumps(report)))
            sealed = None if problem is None else audit.key.seal(PROBLEM, orjson.dumps(problem)).hex()
            write_state(audit.folder / "ended.json", {"at": now, "problem": sealed})

    def require_none(self, lender: int) -> None:
        """Raise `JobError` while an audit of the lender's records is under way."""
        if busy := [audit.id for audit in self._of_lender(lender) if not audit.is_over]:
            raise JobError(f"no loan is erased before {', '.join(busy)} ended")

    def forget(self, lender: int, loan: str, records: Sequence[StoredRecord]) -> None:  # noqa: ARG002 - `Traces`
        """Remove the audits of a lender's records, whoever ordered them: reports and ledgers may name any loan."""
        self.require_none(lender)
        # Whose records one is of that is damaged, nobody can tell.
        self.at_hand()
        self._remove_aside()
        for audit in self._of_lender(lender):
            with self._locked(audit.organisation):
                shutil.rmtree(audit.folder)

    def _of_lender(self, lender: int) -> list[OrderedAudit]:
        return [audit for audit in self.all_of() if audit.order.lender == lender]

    def sweep(self, now: int) -> None:
        """Remove the audits that are older than `KEEP`."""
        self._remove_aside(now - KEEP)
        for audit in self.at_hand():
            if not audit.is_due and audit.created_at + KEEP < now:
                with self._locked(audit.organisation):
                    shutil.rmtree(audit.folder)


def _digest(audit: OrderedAudit) -> bytes:
    with audit.open_ledger() as file:
        return sha256(file.read()).digest()


def _problem(sealed: str | None, key: FolderKey) -> dict[str, Any] | None:
    return None if sealed is None else orjson.loads(key.open(PROBLEM, bytes.fromhex(sealed)))
