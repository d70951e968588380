# SPDX-License-Identifier: Apache-2.0
"""What a monitor remembers, as a file (`loan-notary/monitor-state@1`): JSON, written whole or not at all."""

import os
from dataclasses import asdict
from pathlib import Path

import orjson

from notary.audit.monitoring import Alert, Kind, Memory
from notary.errors import Fault, InvalidInputError
from notary.log.checkpoint import open_checkpoint
from notary.log.signed_note import NoteVerifier

FORMAT = "loan-notary/monitor-state@1"


class MonitorStateError(InvalidInputError):
    """Raised for a file that is not what a monitor of this log remembers."""

    def __init__(self, path: Path, detail: str) -> None:
        self.path, self.detail = path, detail
        super().__init__(Fault("", f"the state file {path} cannot be used: {detail}"))


def load_memory(path: Path, verifier: NoteVerifier) -> Memory:
    """Read what `save_memory` wrote; a new memory if there is no file. Raises `MonitorStateError`."""
    if not path.exists():
        return Memory()
    try:
        members = orjson.loads(path.read_bytes())
        if (members.pop("format"), members.pop("log_key")) != (FORMAT, verifier.format()):
            raise MonitorStateError(path, "it is of another log or format")
        told = tuple(Alert(Kind(item["kind"]), str(item["detail"])) for item in members.pop("told"))
        memory = Memory(**members, told=told)
        if memory.checkpoint is not None:
            open_checkpoint(memory.checkpoint, memory.signer(verifier))
    except MonitorStateError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, InvalidInputError) as error:
        raise MonitorStateError(path, f"it is damaged: {error}") from None
    return memory


def save_memory(path: Path, memory: Memory, verifier: NoteVerifier) -> None:
    """Write a memory down, on disk when this returns."""
    members = {"format": FORMAT, "log_key": verifier.format(), **asdict(memory)}
    temporary = path.with_name(path.name + ".part")
    with temporary.open("wb") as file:
        file.write(orjson.dumps(members, option=orjson.OPT_INDENT_2) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
