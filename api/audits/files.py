# SPDX-License-Identifier: Apache-2.0
"""Audits as files in a folder, as jobs are: every state is a file that is there or not.

::

    <organisation>/lock                     held while an audit is made, cancelled or ended
    <organisation>/<audit>/order.json       what was asked for, and when
    <organisation>/<audit>/ledger.csv       the ledger that a tie-out is of
    <organisation>/<audit>/progress.json    how far the worker has come; written by it alone, as are the others
    <organisation>/<audit>/cancelled.json   when it was cancelled
    <organisation>/<audit>/report.json      the report
    <organisation>/<audit>/ended.json       when it ended, and why if there is no report
"""

import os
import re
import shutil
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

from api.audits.audit import Order, OrderedAudit
from api.state_files import file_errors, locked, read_state, received, write_state
from notary.errors import JobError, NotFoundError
from notary.ports.records import StoredRecord
from notary.stores.durable import sync_folder

MAX_OPEN = 4
"""Audits of one organisation that are not over."""
MAX_LEDGER = 64 * 1024 * 1024
KEEP = 30 * 24 * 3_600_000
"""Milliseconds for which an audit stays after it was asked for."""

_AUDIT = re.compile(r"audit_[0-9a-f]{32}")


class AuditFiles:
    """All audits in a folder; for any number of processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(self, organisation: int, order: Order, now: int) -> OrderedAudit:
        """Ask for an audit. Raises `JobError` where the organisation has too many."""
        with self._locked(organisation) as home:
            if sum(not audit.is_over for audit in self.audits(organisation)) >= MAX_OPEN:
                raise JobError(f"you have {MAX_OPEN} audits that are not over")
            name = f"audit_{uuid4().hex}"
            coming = home / f"new-{name}"
            coming.mkdir(mode=0o700)
            write_state(coming / "order.json", {"created_at": now, "order": order.to_json()})
            coming.rename(home / name)
            sync_folder(home)
        return self.find(organisation, name)

    def add_ledger(self, organisation: int, audit: str, body: Iterable[bytes], promised: bytes | None) -> OrderedAudit:
        """Keep the ledger that a tie-out is of; harmless to repeat. `promised` is its SHA-256, if that is known.

        Raises `JobError` for an audit of no ledger, for other bytes than are there, or if it is over; `DigestError`;
        and what reading `body` raises. Nothing is kept then.
        """
        found = self.find(organisation, audit)
        with received(found.folder.parent, body, promised) as (path, digest), self._locked(organisation):
            found = self.find(organisation, audit)
            if found.order.kind != "tie-out" or found.is_over:
                raise JobError(f"the audit is {found.state} and takes no ledger")
            if not found.ledger.exists():
                os.link(path, found.ledger)
                sync_folder(found.folder)
            elif sha256(found.ledger.read_bytes()).digest() != digest:
                raise JobError("the audit has another ledger")
        return self.find(organisation, audit)

    def find(self, organisation: int, audit: str) -> OrderedAudit:
        """Return an audit. Raises `NotFoundError`."""
        folder = self._folder / str(organisation) / audit
        with file_errors():
            made = read_state(folder / "order.json") if _AUDIT.fullmatch(audit) else None
            if made is None:
                raise NotFoundError("you have no audit of this id")
            progress = read_state(folder / "progress.json") or {"started_at": None, "done": 0, "total": None}
            ended = read_state(folder / "ended.json") or {"at": None, "problem": None}
            cancelled = read_state(folder / "cancelled.json")
            return OrderedAudit(
                id=audit,
                organisation=organisation,
                order=Order.from_json(made["order"]),
                created_at=made["created_at"],
                **progress,
                finished_at=ended["at"],
                ended=ended["problem"],
                cancelled_at=cancelled["at"] if cancelled else None,
                folder=folder,
            )

    def audits(self, organisation: int | None = None) -> list[OrderedAudit]:
        """Return the audits of an organisation, or of all, the oldest first."""
        with file_errors():
            paths = list(self._folder.glob(f"{'*' if organisation is None else organisation}/audit_*"))
        found = []
        for path in paths:
            # Old ones are removed meanwhile.
            with suppress(NotFoundError):
                found.append(self.find(int(path.parent.name), path.name))
        return sorted(found, key=lambda audit: (audit.created_at, audit.id))

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
                write_state(audit.report, report)
            write_state(audit.folder / "ended.json", {"at": now, "problem": problem})

    def require_none(self, lender: int) -> None:
        """Raise `JobError` while an audit of the lender's records is under way."""
        if busy := [audit.id for audit in self._of_lender(lender) if not audit.is_over]:
            raise JobError(f"no loan is erased before {', '.join(busy)} ended")

    def forget(self, lender: int, loan: str, records: Sequence[StoredRecord]) -> None:  # noqa: ARG002 - `Traces`
        """Remove the audits of a lender's records, whoever ordered them: reports and ledgers may name any loan."""
        self.require_none(lender)
        for audit in self._of_lender(lender):
            with self._locked(audit.organisation):
                shutil.rmtree(audit.folder)

    def _of_lender(self, lender: int) -> list[OrderedAudit]:
        return [audit for audit in self.audits() if audit.order.lender == lender]

    def tidy(self) -> None:
        """Make the folder, and remove what was half made; to be called while nothing is being received."""
        with file_errors():
            self._folder.mkdir(exist_ok=True, mode=0o700)
            for path in self._folder.glob("*/new-*"):
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()

    def sweep(self, now: int) -> None:
        """Remove the audits that are older than `KEEP`."""
        for audit in self.audits():
            if not audit.is_due and audit.created_at + KEEP < now:
                with self._locked(audit.organisation):
                    shutil.rmtree(audit.folder)

    def _locked(self, organisation: int) -> AbstractContextManager[Path]:
        return locked(self._folder / str(organisation))
