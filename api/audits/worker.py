# SPDX-License-Identifier: Apache-2.0
"""The process that carries out audits, the oldest first and one at a time: `python -m api.audits.worker DATA PARENT`.

It gives way to whatever else the machine does. An audit that a kill cut short is carried out again, a full one from
where it was.
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import structlog

from api.audits.audit import OrderedAudit
from api.audits.auditing import Done
from api.audits.files import AuditFiles
from api.audits.running import carry_out
from api.clock import now
from api.folders.state_files import file_errors
from api.hosts.choosing import host_of
from api.keys.hardening import harden
from api.logs import configure_logs
from api.parent import exit_with_parent
from api.problems import describe
from api.settings import DataFolder
from api.wiring import audit_files
from notary.errors import NotaryError, UnavailableError

_IDLE, _PAUSE = 0.5, 5.0
_SAVE_EVERY = 0.5
_NICE = 10

_log = structlog.get_logger()


class _CancelledError(Exception):
    """Ends an audit that nobody wants any more."""


class AuditWorker:
    """Carries out the audits of all organisations."""

    def __init__(self, folder: DataFolder, files: AuditFiles) -> None:
        self._folder = folder
        self._files = files

    def round(self) -> bool:
        """Carry out the oldest audit that is open; say whether there was one. Raises `UnavailableError`."""
        self._files.sweep(now())
        audit = next((audit for audit in self._files.at_hand() if audit.is_due), None)
        if audit is None:
            return False
        try:
            with file_errors():
                report = carry_out(audit, self._folder, _Progress(self._files, audit).begin)
        except _CancelledError:
            return True
        except UnavailableError:
            raise  # the audit waits: what is missing will be there again
        except NotaryError as error:
            problem = describe(error)
            self._files.end(audit, now(), None, {name: problem[name] for name in ("type", "title", "detail", "help")})
        else:
            self._files.end(audit, now(), report, None)
        return True

    def run(self, stop: threading.Event) -> None:
        """Go round until told to stop."""
        while not stop.is_set():
            try:
                if not self.round():
                    stop.wait(_IDLE)
            except NotaryError as error:
                _log.error("an audit waits", reason=str(error))
                stop.wait(_PAUSE)


class _Progress:
    """Writes down how far an audit is, now and then."""

    def __init__(self, files: AuditFiles, audit: OrderedAudit) -> None:
        self._files = files
        self._audit = audit
        self._started_at = audit.started_at or now()
        self._done, self._total = 0, 0
        self._saved = 0.0

    def begin(self, total: int) -> Done:
        """Begin with so much to do."""
        self._total = total
        self._save()
        return self._further

    def _further(self, count: int) -> None:
        self._done += count
        if time.monotonic() - self._saved >= _SAVE_EVERY or self._done >= self._total:
            self._save()

    def _save(self) -> None:
        self._saved = time.monotonic()
        if not self._files.save_progress(self._audit, self._started_at, self._done, self._total):
            raise _CancelledError


def main() -> None:
    """Run until the service ends."""
    folder, parent = DataFolder(Path(sys.argv[1])), int(sys.argv[2])
    exit_with_parent(parent)
    os.nice(_NICE)
    configure_logs("audits")
    harden()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    host_of(folder).led("audits", AuditWorker(folder, audit_files(folder)).run)(stop)


if __name__ == "__main__":
    main()
