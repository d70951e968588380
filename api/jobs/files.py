# SPDX-License-Identifier: Apache-2.0
"""Jobs as files in a folder (`api.folders.owned`).

::

    <lender>/<job>/job.json           what was asked for, and when
    <lender>/<job>/00001-<sealed>     a part of the input, its SHA-256 sealed; the parts joined are one file
    <lender>/<job>/started.json       how many parts there are, and when the job was started
    <lender>/<job>/cancelled.json     when it was cancelled
    <lender>/<job>/progress.json      how far the worker has come; written by it alone, as are the results
    <lender>/<job>/results            the answers, of which progress.json says how many bytes count
    <lender>/<job>/tree               the tree over a signed batch (`api.jobs.batches`)

Parts, answers and tree are sealed with the job's key.
"""

import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, BinaryIO

from api.folders.keys import FolderKey, size_inside
from api.folders.owned import OwnedFolders
from api.folders.state_files import file_errors, read_state, received, write_state
from api.jobs.job import TREE, Job, Part, Progress, part_name
from api.jobs.results import read_results
from notary.errors import Fault, InvalidInputError, JobError
from notary.ports.records import StoredRecord
from notary.privacy.data_key import KeyWrapper
from notary.privacy.sealed_file import SEGMENT
from notary.stores.durable import sync_folder

MAX_PART = 64 * 1024 * 1024
MAX_PARTS = 10_000
MAX_OPEN = 8
"""Jobs of one lender that are neither done nor cancelled."""
MAX_BYTES = 8 * 1024**3
"""Bytes that all jobs of one lender take, parts and results."""
KEEP = 7 * 24 * 3_600_000
"""Milliseconds for which a job stays after it was done or cancelled, or, never started, after it was made."""

_PART = re.compile(r"([0-9]{5})-((?:[0-9a-f]{2})+)")


class JobFiles(OwnedFolders[Job]):
    """All jobs in a folder; for any number of processes."""

    kind, first, most = "job", "job.json", MAX_OPEN

    def __init__(self, folder: Path, wrapper: KeyWrapper, max_bytes: int = MAX_BYTES) -> None:
        super().__init__(folder, wrapper)
        self._max_bytes = max_bytes

    def create(self, lender: int, documents_required: bool, now: int, drawn: bytes | None = None) -> Job:
        """Make a job; its id is of `drawn`, if that is given. Raises `JobError` where the lender has too many."""
        return self._create(lender, {"created_at": now, "documents_required": documents_required}, drawn)

    def _read(self, organisation: int, folder: Path, begun: Mapping[str, Any], key: FolderKey) -> Job:
        return Job(
            id=folder.name,
            lender=organisation,
            **begun,
            started_at=_moment(folder / "started.json"),
            cancelled_at=_moment(folder / "cancelled.json"),
            parts=_parts(folder, key),
            progress=Progress(**(read_state(folder / "progress.json") or {})),
            folder=folder,
            key=key,
        )

    def add_part(self, lender: int, job: str, number: int, body: Iterable[bytes], promised: bytes | None) -> bool:
        """Keep a part; False if it was there. `promised` is the SHA-256 that it must have, if that is known.

        Raises `JobError` for other bytes than are there, or where nothing more is taken, and `DigestError`.
        """
        if not 1 <= number <= MAX_PARTS:
            raise InvalidInputError(Fault("", f"parts are numbered from 1 to {MAX_PARTS}"))
        key, name = self._require_open(lender, job).key, part_name(number)
        coming = received(self._folder / str(lender), body, promised, key, name)
        with coming as (path, digest), self._locked(lender) as home:
            found = self._require_open(lender, job)
            for part in found.parts:
                if part.number == number:
                    if part.sha256 != digest.hex():
                        raise JobError(f"part {number} is there with other bytes")
                    return False
            if _bytes(home) + path.stat().st_size > self._max_bytes:
                raise JobError(f"your jobs would take more than {self._max_bytes} bytes; old ones go by themselves")
            os.link(path, found.folder / f"{number:05}-{key.seal(name, digest).hex()}")
            sync_folder(found.folder)
        return True

    def start(self, lender: int, job: str, now: int) -> Job:
        """Let the worker begin; harmless to repeat. Raises `JobError` where a part is missing, or all are."""
        with self._locked(lender):
            found = self.find(lender, job)
            if found.state == "cancelled":
                raise JobError("the job was cancelled")
            if found.started_at is None:
                if not found.parts or found.parts[-1].number != len(found.parts):
                    raise JobError("the parts are not numbered 1, 2, 3 and so on without a gap")
                write_state(found.folder / "started.json", {"at": now})
        return self.find(lender, job)

    def cancel(self, lender: int, job: str, now: int) -> Job:
        """Stop a job; what was placed stays in the log. Harmless to repeat. Raises `JobError` if it is done."""
        with self._locked(lender):
            found = self.find(lender, job)
            if found.state == "done":
                raise JobError("the job is done")
            if found.cancelled_at is None:
                write_state(found.folder / "cancelled.json", {"at": now})
        return self.find(lender, job)

    def save(self, job: Job, progress: Progress) -> bool:
        """Keep how far the worker has come; the results up to there must be on disk. False if the job is cancelled.

        A job that is cancelled is never done, and one that is done is not cancelled.
        """
        with self._locked(job.lender):
            is_cancelled = self.find(job.lender, job.id).cancelled_at is not None
            if is_cancelled:
                progress = replace(progress, finished_at=None)
            write_state(job.folder / "progress.json", asdict(progress))
        return not is_cancelled

    def sweep(self, now: int) -> None:
        """Remove the jobs to which nothing has happened for `KEEP`."""
        self._remove_aside(now - KEEP)
        for job in self.at_hand():
            last = max(job.created_at, job.started_at or 0, job.cancelled_at or 0, job.progress.finished_at or 0)
            if job.state != "running" and last + KEEP < now:
                with self._locked(job.lender):
                    shutil.rmtree(job.folder)

    def require_none(self, lender: int) -> None:
        """Raise `JobError` while a job of the lender takes parts or is worked through."""
        if busy := [job.id for job in self.all_of(lender) if job.state in ("open", "running")]:
            raise JobError(f"no loan is erased before {', '.join(busy)} ended: wait, or cancel them")

    def forget(self, lender: int, loan: str, records: Sequence[StoredRecord]) -> None:  # noqa: ARG002 - `Traces`
        """Remove the lender's jobs, whose lines may be of any loan. Raises `JobError` as `require_none` does."""
        with self._locked(lender) as home:
            self.require_none(lender)
            # Also what is damaged, which only its name tells of.
            for path in home.glob(f"*{self.kind}_*"):
                shutil.rmtree(path)

    def require_whole(self, job: Job) -> None:
        """Raise `CorruptLogError` if anything that a job has sealed is not as it was sealed; reads all of it."""
        with file_errors():
            for part in job.parts:
                _read_through(part.open())
            if job.tree.exists():
                _read_through(job.key.open_file(TREE, job.tree))
            for _ in read_results(job):
                continue

    def _require_open(self, lender: int, job: str) -> Job:
        found = self.find(lender, job)
        if found.state != "open":
            raise JobError(f"the job is {found.state} and takes no more parts")
        return found


def _parts(folder: Path, key: FolderKey) -> tuple[Part, ...]:
    named = ((path, _PART.fullmatch(path.name)) for path in sorted(folder.iterdir()))
    return tuple(_part(path, int(match[1]), bytes.fromhex(match[2]), key) for path, match in named if match)


def _part(path: Path, number: int, sealed: bytes, key: FolderKey) -> Part:
    return Part(number, key.open(part_name(number), sealed).hex(), size_inside(path), path, key)


def _read_through(file: BinaryIO) -> None:
    with file:
        while file.read(SEGMENT):
            continue


def _moment(path: Path) -> int | None:
    members = read_state(path)
    return None if members is None else int(members["at"])


def _bytes(folder: Path) -> int:
    sizes = []
    for path in folder.glob("*/*"):
        # The worker renames what it has written.
        with suppress(FileNotFoundError):
            sizes.append(path.stat().st_size)
    return sum(sizes)
