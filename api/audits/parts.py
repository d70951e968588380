# SPDX-License-Identifier: Apache-2.0
"""The parts of a full audit, done in this process or by several of this machine; and what it is that is audited.

`api.audits.cluster` has the parts done on other machines.
"""

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from api.databases import open_store
from api.log_fetch import url_fetch
from api.parent import exit_with_parent
from api.settings import DataFolder
from notary.audit.job import Job, Outcome, Part, PartAuditor
from notary.audit.sources import LogSource, StoreSource, TiledSource, folder_fetch
from notary.errors import UnavailableError
from notary.ports.store import Store
from notary.schemes.sodium import FAST_SCHEMES


@dataclass(frozen=True)
class Target:
    """What is audited: a data folder with its records, or no more than the log in it; a copy of the log on disk, or the
    log behind a URL."""

    kind: Literal["data", "tiles", "copy", "url"]
    location: str

    def open(self) -> tuple[LogSource, Store | None]:
        """Open it; the store is that of a data folder. Raises `NotFoundError`."""
        if self.kind == "data":
            store = open_store(DataFolder(Path(self.location)))
            return StoreSource(store), store
        if self.kind == "tiles":
            return StoreSource(open_store(DataFolder(Path(self.location)))), None
        fetch = url_fetch(self.location) if self.kind == "url" else folder_fetch(Path(self.location))
        return TiledSource(fetch), None

    def __str__(self) -> str:
        return f"{self.kind} {self.location}"


def run_parts(target: Target, job: Job, parts: Sequence[Part], workers: int) -> Iterator[tuple[Part, Outcome | str]]:
    """Yield the outcome of each part as it is done; a text instead says why the source cannot be read now."""
    if min(workers, len(parts)) <= 1:
        auditor = make_auditor(target, job)
        for part in parts:
            yield part, _try(auditor, part)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, len(parts)), context, _begin_worker, (target, job, os.getpid()))
    try:
        futures = {pool.submit(_run_in_worker, part): part for part in parts}
        for future in as_completed(futures):
            yield futures[future], future.result()
    except BrokenProcessPool as error:
        raise UnavailableError("a process of the audit was ended from outside") from error
    finally:
        pool.shutdown(cancel_futures=True)


_worker: PartAuditor
"""Of a worker process: what it audits with."""


def _begin_worker(target: Target, job: Job, parent: int) -> None:
    global _worker
    exit_with_parent(parent)
    _worker = make_auditor(target, job)


def _run_in_worker(part: Part) -> Outcome | str:
    return _try(_worker, part)


def _try(auditor: PartAuditor, part: Part) -> Outcome | str:
    try:
        return auditor.run(part)
    except UnavailableError as error:
        return str(error)


def make_auditor(target: Target, job: Job) -> PartAuditor:
    """Open what is audited, for one process."""
    source, store = target.open()
    return PartAuditor(job, source, store, FAST_SCHEMES)
