# SPDX-License-Identifier: Apache-2.0
"""Once a day the hash of each lender's newest line of the access log goes into the log, as a record of its own.

From then on nobody can change the lines, drop one or put one in without contradicting what is anchored. Lines that are
older than they are kept for are removed here too, when they are covered.
"""

import threading
from collections.abc import Callable

import structlog

from api.access.administration import Administration
from api.databases import open_access_log, open_store
from api.operator import BY, log_writer
from api.settings import DataFolder
from notary.errors import NotaryError
from notary.registration import Registrar
from notary.schemes import SCHEMES

DAY = 86_400_000
_PAUSE = 600.0
"""Seconds between two looks."""

_log = structlog.get_logger()


class AccessCover:
    """Covers a folder's access log; `clock` gives milliseconds since 1970."""

    def __init__(self, folder: DataFolder, clock: Callable[[], int]) -> None:
        self._folder = folder
        self._clock = clock
        self._lines = open_access_log(folder)
        self._kept = folder.settings().access_log_days * DAY

    def run(self, stop: threading.Event) -> None:
        """Look again and again until told to stop; what fails is tried again."""
        while True:
            try:
                self.step()
            except NotaryError as error:
                _log.warning("the access log is not covered now", reason=type(error).__name__)
            if stop.wait(_PAUSE):
                return

    def step(self) -> int:
        """Cover what has stood uncovered for a day, and return of how many lenders.

        A crash between the record and its note here leads to a second record, which says the same or more.
        """
        moment = self._clock()
        due = [
            head
            for head in self._lines.heads()
            if head.uncovered_since is not None and head.uncovered_since <= moment - DAY
        ]
        if due:
            with log_writer(self._folder) as writer:
                administration = Administration(Registrar(open_store(self._folder), SCHEMES, self._clock), writer)
                for head in due:
                    subject = f"accesses_{head.number}_{head.hash.hex()}"
                    administration.note(head.lender, moment, "access_log.cover", BY, subject)
                    self._lines.covered(head.lender, head.number)
        self._lines.forget(moment - self._kept)
        return len(due)
