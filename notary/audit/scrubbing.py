# SPDX-License-Identifier: Apache-2.0
"""Scrubbing: the stored log is hashed again all the time, slowly, so that a flipped bit is found while backups have it.

It is the audit's own work on tiles and roots, a few tiles at a time with pauses between them.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from notary.audit.finding import Findings
from notary.audit.job import Outcome, Part, PartAuditor, plan_job, put_together
from notary.audit.sources import LogSource
from notary.errors import UnavailableError
from notary.log.signed_note import NoteVerifier

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ScrubPolicy:
    """How fast: `rate` entries a second on the average, `step` of them at a time, `pause` seconds after each pass."""

    rate: float = 5_000.0
    step: int = 2_048
    pause: float = 600.0


class Scrubber:
    """Scrubs one log.

    `damaged` is told what a pass has found; `verifier` returns the key that signs checkpoints now.
    """

    def __init__(
        self,
        source: LogSource,
        verifier: Callable[[], NoteVerifier],
        damaged: Callable[[str], None],
        policy: ScrubPolicy | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._source, self._verifier, self._damaged = source, verifier, damaged
        self._policy = policy or ScrubPolicy()
        self._clock = clock
        self.finished_at: float | None = None

    def run(self, stop: threading.Event) -> None:
        """Go round until `stop` is set."""
        while not stop.is_set():
            try:
                self.scrub(stop)
            except UnavailableError as error:
                _log.warning("the log cannot be scrubbed now: %s", error)
            stop.wait(self._policy.pause)

    def scrub(self, stop: threading.Event) -> Findings | None:
        """Hash all that the newest checkpoint covers, and return what is wrong; None if it was stopped before the end.

        Raises `UnavailableError` if the log cannot be read now.
        """
        findings = Findings()
        job = plan_job(self._source, None, self._verifier(), 0, findings, self._policy.step)
        auditor, outcomes = PartAuditor(job, self._source, None, {}), dict[Part, Outcome]()
        for part in job.parts:
            outcomes[part] = auditor.run(part)
            if stop.wait(job.weight(part) / self._policy.rate):
                return None
        findings.extend(put_together(job, outcomes, self._source, None).findings)
        self.finished_at = self._clock()
        if findings.count:
            first = findings.ordered()[0]
            text = f"{first.place}: {first.text}" + (f", and {findings.count - 1} more" if findings.count > 1 else "")
            _log.error("the stored log is damaged: %s", text)
            self._damaged(text)
        return findings
