# SPDX-License-Identifier: Apache-2.0
"""The state file of a full audit: what is done, so that an audit that was killed goes on and does not begin again.

JSON lines: the job first, then a line for each part that is done, each on disk before the next part counts. The file
belongs to its checkpoint: it goes on with that one even where the log has grown. A last line that was cut off is a part
that is done again. With a cipher each line is sealed by itself, its number from 0 bound to it, and written in base64.
"""

import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from notary.audit.job import Job, Outcome, Part
from notary.encoding import b64, parse_b64
from notary.errors import CorruptLogError, Fault, InvalidInputError, SignedNoteError
from notary.log.checkpoint import open_checkpoint
from notary.log.signed_note import NoteVerifier
from notary.privacy.cipher import Cipher

FORMAT = "loan-notary/audit-state@1"
_LINE = b"loan-notary/1 audit state"


class StateFileError(InvalidInputError):
    """Raised for a file that is not the state of an audit, or of another log or kind of audit."""

    def __init__(self, path: Path, detail: str) -> None:
        self.path, self.detail = path, detail
        super().__init__(Fault("", f"the state file {path} cannot be used: {detail}"))


class AuditState:
    """An open state file."""

    def __init__(self, path: Path, job: Job, source: str, cipher: Cipher | None = None) -> None:
        """Open the file to add to, or make it for `job`. `load` has checked what is in it."""
        self._path, self._cipher = path, cipher
        self._lines = path.read_bytes().count(b"\n") if path.exists() else 0
        self._file = path.open("ab")
        if not self._lines:
            self._write({"format": FORMAT, "source": source} | _job_members(job))

    @staticmethod
    def load(
        path: Path, source: str, with_records: bool, verifier: NoteVerifier, cipher: Cipher | None = None
    ) -> tuple[Job, dict[Part, Outcome]] | None:
        """Read a state file; None if there is none. Raises `StateFileError`."""
        if not path.exists():
            return None
        data = path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if not whole:
            path.unlink()
            return None
        try:
            first, *lines = [orjson.loads(_opened(line, at, cipher)) for at, line in enumerate(whole.splitlines())]
            if first.pop("format") != FORMAT:
                raise StateFileError(path, f"it is not of the format {FORMAT}")
            kept, job = first.pop("source"), _job(first)
            wanted = set(job.parts)
            outcomes = {Part(*line["part"]): Outcome.from_json(line) for line in lines}
            signed = open_checkpoint(job.checkpoint, verifier)
        except SignedNoteError as error:
            raise StateFileError(path, f"its checkpoint is not one of this log: {error}") from None
        except (CorruptLogError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise StateFileError(path, f"it is damaged: {error}") from None
        if kept != source or (job.loans is not None) != with_records:
            raise StateFileError(path, f"it is that of an audit of {kept}")
        if (job.size, job.root) != (signed.size, signed.root) or not wanted.issuperset(outcomes):
            raise StateFileError(path, "its job is not that of its checkpoint")
        os.truncate(path, len(whole))
        return job, outcomes

    def add(self, part: Part, outcome: Outcome) -> None:
        """Keep the outcome of a part, on disk."""
        self._write({"part": list(part)} | outcome.to_json())

    def remove(self) -> None:
        """Delete the file: the audit has come to its end."""
        self._path.unlink()

    def _write(self, members: dict[str, Any]) -> None:
        line = orjson.dumps(members)
        if self._cipher:
            line = b64(self._cipher.seal(line, _context(self._lines))).encode()
        self._file.write(line + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._lines += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._file.close()


def _opened(line: bytes, number: int, cipher: Cipher | None) -> bytes:
    return cipher.open(parse_b64(line.decode()), _context(number)) if cipher else line


def _context(number: int) -> bytes:
    return _LINE + number.to_bytes(8)


def _job_members(job: Job) -> dict[str, Any]:
    return vars(job) | {"root": b64(job.root)}


def _job(members: dict[str, Any]) -> Job:
    return Job(**members | {"root": parse_b64(members["root"])})
