# SPDX-License-Identifier: Apache-2.0
"""The parts of a full audit, done by the workers of a Dask cluster (package `distributed`).

A worker is a process of the auditor's own, with this version of the program, from where what is audited can be read by
the same name: a copy of the log in a shared folder, or the log's URL. Dask gives a part whose worker died to another
one. Whatever keeps a part from being done is a reason why nobody can tell, and no finding.
"""

import socket
import time
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib import import_module
from types import TracebackType
from typing import Any, Self

from api.audits.parts import Target, make_auditor
from notary.audit.job import Job, Outcome, Part, PartAuditor
from notary.errors import InvalidInputError, NotFoundError, UnavailableError
from notary.log.checkpoint import open_checkpoint
from notary.log.signed_note import NoteVerifier, parse_verifier
from verifier import VERSION

CONNECT_WAIT = 10.0
"""Seconds in which the scheduler must answer."""
PATIENCE = 60.0
"""Seconds for which a cluster may be without any worker."""
_LOOK_EVERY = 1.0
_AHEAD = 512
"""Parts that are handed to the scheduler before they are done: enough that no worker waits, and no matter how many
parts there are."""


class Cluster:
    """A Dask cluster that a scheduler at `address` leads, such as `tcp://10.0.0.5:8786`; close it."""

    def __init__(self, address: str, patience: float = PATIENCE) -> None:
        """Connect. Raises `UnavailableError` if there is no scheduler, no worker, or no package `distributed`."""
        try:
            # Not at the head: one audit in many needs it, and it has no types.
            self._distributed: Any = import_module("distributed")
        except ModuleNotFoundError:
            raise UnavailableError("an audit on a cluster needs the package distributed: install it") from None
        self._address, self._patience = address, patience
        try:
            self._client = self._distributed.Client(address, timeout=CONNECT_WAIT, set_as_default=False)
        except (OSError, ValueError) as error:
            raise self._lost(f"there is no scheduler: {error}") from error
        self.workers: int = sum(self._client.nthreads().values())
        """How many parts are done at once."""

    def run(
        self, target: Target, verifier: NoteVerifier, job: Job, parts: Sequence[Part]
    ) -> Iterator[tuple[Part, Outcome | str]]:
        """Yield the outcome of each part as it is done; a text instead says why the source cannot be read now.

        Raises `UnavailableError` when the scheduler or all workers are gone.
        """
        waiting, under_way = iter(parts), dict[Any, Part]()
        try:
            while True:
                while len(under_way) < _AHEAD and (part := next(waiting, None)):
                    task = self._client.submit(_audit_part, target, verifier.format(), job, VERSION, part, pure=False)
                    under_way[task] = part
                if not under_way:
                    return
                for task in self._wait(list(under_way)):
                    yield under_way.pop(task), self._outcome(task)
        finally:
            self._client.cancel(list(under_way))

    def _wait(self, tasks: list[Any]) -> set[Any]:
        """Return those that are done, once some are."""
        alone_since = None
        while True:
            try:
                with self._client.as_current():
                    found = self._distributed.wait(tasks, timeout=_LOOK_EVERY, return_when="FIRST_COMPLETED")
                done: set[Any] = found.done
                return done
            except TimeoutError:
                alone_since = None if self._has_workers() else alone_since or time.monotonic()
            except self._distributed.client.FuturesCancelledError as error:
                raise self._lost("the scheduler has gone") from error
            if alone_since and time.monotonic() - alone_since > self._patience:
                raise self._lost(f"it has been without any worker for {self._patience:.0f} s")

    def _has_workers(self) -> bool:
        try:
            return bool(self._client.nthreads())
        except OSError as error:
            raise self._lost(f"the scheduler has gone: {error}") from error

    def _outcome(self, task: Any) -> Outcome | str:
        error = task.exception()
        if error is not None:
            raise self._lost(f"a part could not be done: {type(error).__name__}: {error}") from error
        outcome: Outcome | str = task.result()
        return outcome

    def _lost(self, reason: str) -> UnavailableError:
        return UnavailableError(f"the cluster at {self._address} cannot be used: {reason}")

    def close(self) -> None:
        """Leave the cluster."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _audit_part(target: Target, key: str, job: Job, version: str, part: Part) -> Outcome | str:
    """Do one part, in a worker."""
    try:
        if version != VERSION:
            raise UnavailableError(f"it runs version {VERSION} and not {version}")
        return _opened(target, key, job).run(part)
    except (UnavailableError, NotFoundError) as error:
        return f"worker on {socket.gethostname()}: {error}"


@lru_cache(maxsize=4)
def _opened(target: Target, key: str, job: Job) -> PartAuditor:
    _check_same_log(target, key, job)
    return make_auditor(target, job)


def _check_same_log(target: Target, key: str, job: Job) -> None:
    """Raise `UnavailableError` where a worker reads another log than the one that is audited, or an old copy of it.

    Otherwise everything in it would contradict.
    """
    source, store = target.open()
    try:
        note = source.checkpoint()
        same = note == job.checkpoint or open_checkpoint(note, parse_verifier(key)).size >= job.size
    except InvalidInputError:
        same = False
    finally:
        if store:
            store.close()
    if not same:
        raise UnavailableError(f"{target} is another log here, or an older copy of it")
